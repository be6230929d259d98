//! One virtual board on the command line.

use crate::house::House;

#[test]
fn a_board_keeps_its_update_in_its_flash_file() {
    let house = House::new();
    let server = house.serve("");
    for version in ["0.1", "0.2"] {
        house.sample(&format!("lamp-{version}.bin"), version);
        house
            .otary(&format!("push lamp-{version}.bin --product lamp --version {version} --data x"))
            .printed();
    }
    let board =
        format!("sim --url https://{}/update?chip=esp32 --ca x/trust/root.crt --flash b.flash", server.https);
    let first = house.otary(&format!("{board} --firmware lamp-0.1.bin --polls 2 --speed 1000")).printed();
    let said = ["Firmware version 0.1", "HTTP_UPDATE_OK", "rst:0xc (SW_CPU_RESET)", "Firmware version 0.2"];
    let mut lines = first.lines();
    for said in said {
        assert!(lines.any(|line| line.starts_with(said)), "{said}\n{first}");
    }
    assert!(first.ends_with("HTTP_UPDATE_NO_UPDATES\n"), "{first}");

    let again = house.otary(&format!("{board} --polls 1 --speed 1000")).printed();
    assert!(again.contains("Firmware version 0.2") && !again.contains("Firmware version 0.1"), "{again}");
}

#[test]
fn a_board_that_trusts_another_authority_fails_with_1_and_says_why() {
    let house = House::new();
    let server = house.serve("");
    house.sample("lamp.bin", "0.1");
    let url = format!("--url https://{}/update?chip=esp32", server.https);
    let poll = |trust: &str| {
        house.otary(&format!("sim {url} {trust} --flash b.flash --firmware lamp.bin --polls 1 --speed 1000"))
    };
    // The next root has signed nothing yet.
    let refused = poll("--ca x/trust/next-root.crt");
    assert!(
        refused.out.contains("HTTP_UPDATE_FAILD Error (-1): HTTP error: connection refused"),
        "{refused:?}"
    );
    assert!(refused.out.contains("# certificate: no trusted CA has signed it"), "{refused:?}");
    assert!(refused.refused().starts_with("error: the last poll failed: (-1)"));

    poll("--ca x/trust/root.crt").printed();
    poll("--insecure").printed();
}

#[test]
fn a_board_without_the_time_asks_nobody() {
    let house = House::new();
    house.sample("lamp.bin", "0.1");
    let words =
        "sim --url https://127.0.0.1:9/update --insecure --flash b.flash --firmware lamp.bin --no-clock";
    let board = house.otary(&format!("{words} --polls 1 --speed 1000"));
    assert!(!board.out.contains("Update start now!"), "{board:?}");
    assert_eq!(board.refused(), "error: the board never knew the time\n");
}

#[test]
fn a_fleet_takes_the_update_and_says_what_became_of_each_board() {
    let house = House::new();
    let server = house.serve("");
    house.sample("old.bin", "0.1");
    house.sample("new.bin", "0.2");
    let push = |file: &str, version: &str| {
        house.otary(&format!("push {file} --product lamp --version {version} --data x")).printed();
    };
    push("old.bin", "0.1");
    push("new.bin", "0.2");
    let fleet = |trust: &str, firmware: &str, mac: &str| {
        let url = format!("--url https://{}/update?chip=esp32 --ca x/trust/{trust}", server.https);
        house.otary(&format!("sim {url} --firmware {firmware} --fleet 40 --every 1s --mac {mac}"))
    };
    let updated = fleet("root.crt", "old.bin", "02:00:00:00:01:00");
    assert!(
        updated.err.ends_with("s: 40 of 40 boards, 40 updated, 0 current, 0 refused, 0 failed; 80 polls\n")
    );
    let said = updated.printed();
    assert!(said.starts_with("40 boards in ") && said.contains(" s: 80 polls, "), "{said}");
    assert!(said.contains("\n  updated      40  run what the server publishes"), "{said}");

    let devices = house.otary("device list --data x --json").printed();
    assert_eq!(devices.matches("\"02:00:00:00:01:").count(), 40, "{devices}");

    let current = fleet("root.crt", "new.bin", "02:00:00:00:02:00").printed();
    assert!(current.contains("\n  current      40  ran it before\n"), "{current}");

    // The next root has signed nothing yet.
    let lost = fleet("next-root.crt", "old.bin", "02:00:00:00:03:00");
    let why = "\n     120  (-1): HTTP error: connection refused: certificate: no trusted CA has signed it (";
    assert!(lost.out.contains("\n  failed       40  ") && lost.out.contains(why), "{lost:?}");
    let error = "error: 40 boards of 40 did not get to what the server publishes\n";
    assert!(!lost.status.success() && lost.err.ends_with(error), "{lost:?}");
}

/// A small fleet, whose release bricks every second board.
const SCRIPT: &str = "fleet 40 at 4 sites\nbefore 1d\nlasts 2d\nboards 100% arduino-esp32 on esp32 every 10m\n\
    release 1.0\nrelease 2.0\nfault 2.0 bricks 50%\nat 0 campaign 2.0 in 10,100%\n";

#[test]
fn a_script_is_played_told_and_held_against_what_it_expects() {
    let house = House::new();
    house.write("fleet.txt", format!("{SCRIPT}expect campaign 1 stopped\nexpect lost at most 20\n"));
    let told = house.otary("sim --script fleet.txt").printed();
    assert!(told.starts_with("day  0 00:00  campaign 1 begins: 2.0 in waves of 10, 100%\n"), "{told}");
    assert!(told.contains("campaign 1 is stopped") && told.contains("as expected: line 9"), "{told}");

    house.write("fleet.txt", format!("{SCRIPT}expect campaign 1 finished\n"));
    let missed = house.otary("sim --script fleet.txt --fleet 60 --seed 2");
    assert!(missed.out.contains("\n60 boards, 2 d, seed 2: "), "{missed:?}");
    assert!(
        missed.out.contains("NOT AS EXPECTED: line 9, expect campaign 1 finished; it is stopped"),
        "{missed:?}"
    );
    assert_eq!(missed.refused(), "error: 1 of 1 expectation of fleet.txt did not come true\n");
}

#[test]
fn a_script_is_told_to_programs_as_json() {
    let house = House::new();
    house.write("fleet.txt", SCRIPT);
    let told = house.otary("sim --script fleet.txt --json").printed();
    let report: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&report["boards"], &report["campaigns"][0]["state"]), (&40.into(), &"stopped".into()));
    assert_eq!(report["timeline"][0]["event"], "began");
    let lost = report["end"]["bricked"].as_u64().unwrap();
    assert_eq!(report["campaigns"][0]["lost"], lost);
}

#[test]
fn a_mistake_in_a_script_is_shown_where_it_is() {
    let house = House::new();
    house.write("fleet.txt", SCRIPT.replace("bricks", "briks"));
    let told = house.otary("sim --script fleet.txt").refused();
    let shown = "error: fleet.txt\nline 7: fault 2.0 briks 50%\n                  ^^^^^ expected bricks, kills-wifi, rolls-back, loops or refuses; did you mean bricks?\nhelp: docs/SIM.md says what a script may say\n";
    assert_eq!(told, shown);
}

#[test]
fn over_sockets_a_script_says_how_many_boards_ask_and_how_often() {
    let house = House::new();
    let server = house.serve("");
    for version in ["0.1", "0.2"] {
        house.sample(&format!("lamp-{version}.bin"), version);
        house
            .otary(&format!("push lamp-{version}.bin --product lamp --version {version} --data x"))
            .printed();
    }
    let boards = "fleet 12\nboards 50% arduino-esp32 on esp32 every 10m\nboards 50% arduino-esp32 on esp32 every 1h\nrelease 0.1\n";
    house.write("fleet.txt", boards);
    let sim = format!(
        "sim --sockets --script fleet.txt --url https://{}/update?chip=esp32 --ca x/trust/root.crt --firmware lamp-0.1.bin --speed 10000",
        server.https
    );
    let told = house.otary(&sim).printed();
    assert!(told.starts_with("12 boards in ") && told.contains("updated      12"), "{told}");
    house.write("fleet.txt", format!("{boards}at 0 pause\n"));
    let refused = house.otary(&sim).refused();
    assert!(refused.contains("line 5: at 0 pause\n"), "{refused}");
    assert!(
        refused.contains("expected nothing that is not played over sockets: what happens at a time"),
        "{refused}"
    );
}
