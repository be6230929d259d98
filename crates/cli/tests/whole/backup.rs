//! A backup of a server under load, and the server that is made of it.

use std::fs;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use otary_sim::{Board, Console, Nor, Pace, Sketch, Stop};

use crate::house::House;

/// Boards, of which so many are in the first wave.
const BOARDS: u8 = 12;
const FIRST_WAVE: usize = 4;
/// A campaign is looked at every five seconds.
const MOVES: Duration = Duration::from_mins(1);
const PASSPHRASE: &str = "a passphrase that is long enough\n";

fn switch_on(mut board: Board<Nor>, sketch: Sketch, stop: &Stop) -> JoinHandle<Board<Nor>> {
    let pace = Pace::scaled(0.05, stop.clone());
    thread::spawn(move || {
        let mut quiet = Console::new(std::io::sink());
        board.run(&sketch, &pace, &mut quiet, |_| ControlFlow::Continue(())).unwrap();
        board
    })
}

fn campaign(house: &House) -> (String, u64) {
    let shown = house.otary("campaign show 1 --json --data x").printed();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let campaign = shown.get("campaign").unwrap_or(&shown);
    let state = campaign["state"]["state"].as_str().or_else(|| campaign["state"].as_str());
    (state.unwrap_or_else(|| panic!("{shown:#}")).to_owned(), campaign["wave"].as_u64().unwrap())
}

fn wait_until(house: &House, what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        let told = || {
            let [campaign, devices] =
                ["campaign show 1", "device list"].map(|what| house.otary(&format!("{what} --data x")));
            format!("{}{}\n{}", campaign.out, devices.out, house.text("log"))
        };
        assert!(begin.elapsed() < MOVES, "not in time: {what}\n{}", told());
        thread::sleep(Duration::from_millis(200));
    }
}

/// How many devices run this version, as the server knows.
fn running(house: &House, version: &str) -> usize {
    let listed = house.otary(&format!("device list --where build={version} --json --data x")).printed();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    listed.as_array().or_else(|| listed["devices"].as_array()).unwrap().len()
}

#[test]
fn a_backup_taken_under_load_restores_to_a_server_that_goes_on_with_its_campaign() {
    let house = House::new();
    house.write_secret("words", PASSPHRASE);
    let server = house.serve("");
    let at = server.https;
    let old = house.sample("lamp-1.bin", "1");
    house.sample("lamp-2.bin", "2");
    house.otary("push lamp-1.bin --product lamp --version 1 --data x").printed();
    house.otary("product add cam --chips esp32 --data x").printed();
    let stop = Stop::default();
    let boards: Vec<_> = (1..=BOARDS)
        .map(|number| {
            let (board, sketch) = house.board(number, &old, at);
            switch_on(board, sketch, &stop)
        })
        .collect();
    wait_until(&house, "every board has asked", || {
        house.otary("device list --data x").printed().lines().count() > BOARDS.into()
    });
    let plan = format!("--waves {FIRST_WAVE},100% --soak 0s --approve");
    house.otary(&format!("push lamp-2.bin --product lamp --version 2 {plan} --data x")).printed();
    wait_until(&house, "the first wave is there", || campaign(&house) == ("awaits-approval".to_owned(), 0));

    let pushing = AtomicBool::new(true);
    let backed_up = thread::scope(|scope| {
        scope.spawn(|| {
            for version in 0.. {
                if !pushing.load(Ordering::Relaxed) {
                    break;
                }
                // Bytes of its own: what two products have tells no product.
                house.sample("cam.bin", &format!("cam-{version}"));
                house
                    .otary(&format!("push cam.bin --product cam --version {version} --at-once --data x"))
                    .printed();
            }
        });
        let backed_up = house.otary("backup x.tar --keys keys.age --passphrase-file words --data x");
        pushing.store(false, Ordering::Relaxed);
        backed_up
    });
    assert!(backed_up.printed().contains("x.tar holds the database and "));
    server.kill();
    fs::rename(house.path("x"), house.path("lost")).unwrap();

    let restored = house.otary("restore x.tar --keys keys.age --passphrase-file words --data x").printed();
    assert!(restored.contains("Next: otary serve --data x"), "{restored}");
    assert_eq!(
        fs::read(house.path("x/trust/root.key")).unwrap(),
        fs::read(house.path("lost/trust/root.key")).unwrap()
    );
    let _server = house.serve(&format!("--https {at}"));
    assert_eq!(campaign(&house), ("awaits-approval".to_owned(), 0), "it stands where it stood");
    assert_eq!(running(&house, "2"), FIRST_WAVE);
    house.otary("campaign approve 1 --data x").printed();
    wait_until(&house, "the whole fleet has it", || running(&house, "2") == usize::from(BOARDS));
    stop.stop();
    for board in boards {
        assert_eq!(board.join().unwrap().version(), Some("2"));
    }
}

#[test]
fn data_without_its_keys_is_not_served_and_other_keys_are_refused() {
    let (house, other) = (House::new(), House::new());
    for house in [&house, &other] {
        house.write_secret("words", PASSPHRASE);
        assert!(house.serve("").terminate().success());
        house.otary("backup x.tar --keys keys.age --passphrase-file words --data x").printed();
    }
    let foreign = other.path("keys.age").display().to_string();
    let refused =
        house.otary(&format!("restore x.tar --keys {foreign} --passphrase-file words --data y")).refused();
    assert!(refused.contains("the keys are not those of the data"), "{refused}");
    assert!(!house.path("y").exists());

    let restored = house.otary("restore x.tar --without-keys --data y").printed();
    assert!(restored.contains("Next: otary trust restore authority.age --data y"), "{restored}");
    let refused =
        house.otary("serve --data y --http off --https 127.0.0.1:0 --operator 127.0.0.1:0").refused();
    assert!(
        refused.contains("y was restored without its authority's keys\nhelp: otary trust restore"),
        "{refused}"
    );
    let refused = house.otary(&format!("trust restore {foreign} --passphrase-file words --data y")).refused();
    assert!(refused.contains("the keys are not those of the data"), "{refused}");
    house.otary("trust restore keys.age --passphrase-file words --data y").printed();
    fs::rename(house.path("x"), house.path("lost")).unwrap();
    fs::rename(house.path("y"), house.path("x")).unwrap();
    assert!(house.serve("").terminate().success());
}
