//! A server's life: a first start that needs nothing, an update, an orderly end.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use otary_server::operator::Announcement;
use otary_sim::{Console, Pace, Poll, Stop, Until};
use otary_trust::Authority;

use crate::house::House;

#[test]
fn the_first_start_needs_nothing_and_says_what_to_do_next() {
    let house = House::new();
    let server = house.serve("--name ota.lan");
    let authority = Authority::open(&house.data().join("trust")).unwrap();
    let names: Vec<String> =
        authority.leaf().unwrap().certificate().names().iter().map(ToString::to_string).collect();
    for name in ["ota.lan", "localhost", "127.0.0.1"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }

    let banner = house.text("banner");
    let port = server.https.port();
    assert!(banner.contains(&format!("\n  https://ota.lan:{port}/update ")), "{banner}");
    assert!(banner.contains(&format!("\n  https://127.0.0.1:{port}/update ")), "{banner}");
    let fingerprint = banner.lines().skip_while(|line| !line.contains("SHA-256")).skip(1).take(2);
    let fingerprint: String = fingerprint.map(str::trim).collect();
    assert_eq!(fingerprint, authority.root().fingerprint().to_string());
    let commands: Vec<&str> = banner.lines().filter_map(|line| line.strip_prefix("  otary ")).collect();
    assert_eq!(commands.len(), 3, "{banner}");
    assert_eq!(commands[0], "trust backup authority.age --data x");
    assert!(commands[1].starts_with("push ") && commands[2].starts_with("sketch "), "{banner}");
}

#[test]
fn nobody_but_the_owner_gets_at_keys() {
    let house = House::new();
    let _server = house.serve("");
    let mode = |name: &str| std::fs::metadata(house.data().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("trust"), 0o700);
    for key in ["trust/root.key", "trust/next-root.key", "trust/leaf.key", "server.json"] {
        assert_eq!(mode(key), 0o600, "{key}");
    }
}

#[test]
fn the_missing_backup_is_told_at_each_start_until_there_is_one() {
    let house = House::new();
    let warned = |house: &House| house.text("log").contains("the authority has no backup");
    for _ in 0..2 {
        house.serve("").terminate();
        assert!(warned(&house));
    }
    house.write_secret("passphrase", "a very long passphrase\n");
    house.otary("trust backup authority.age --passphrase-file passphrase --data x").printed();
    house.serve("").terminate();
    assert!(!warned(&house), "{}", house.text("log"));
}

#[test]
fn a_firmware_pushed_to_a_running_server_reaches_a_board() {
    let house = House::new();
    let server = house.serve("");
    let old = house.sample("lamp-0.1.bin", "0.1");
    house.sample("lamp-0.2.bin", "0.2");
    for version in ["0.1", "0.2"] {
        let words = format!("push lamp-{version}.bin --product lamp --version {version} --data x");
        assert!(house.otary(&words).printed().contains(&format!("Published lamp {version} to stable.")));
    }
    let (mut board, sketch) = house.board(1, &old, server.https);
    let pace = Pace::scaled(0.0, Stop::default());
    let mut console = Console::new(std::io::sink());
    let polls = board.run_until(&sketch, &pace, &mut console, Until::NoUpdate { at_most: 5 }).unwrap();

    assert!(matches!(polls[..], [Poll::Updated { .. }, Poll::NoUpdate { .. }]), "{polls:?}");
    assert_eq!(board.version(), Some("0.2"));
    let listed = house.otary("device list --data x").printed();
    let row: Vec<&str> = listed.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..4], ["02:00:00:00:00:01", "lamp", "esp32", "0.2"], "{listed}");
}

#[test]
fn a_json_log_has_an_object_for_each_check_in() {
    let house = House::new();
    let server = house.serve("--log-format json");
    let firmware = house.sample("lamp.bin", "0.1");
    let (mut board, sketch) = house.board(1, &firmware, server.https);
    let pace = Pace::scaled(0.0, Stop::default());
    board.run_until(&sketch, &pace, &mut Console::new(std::io::sink()), Until::Polls(1)).unwrap();
    server.terminate();

    let log = house.text("log");
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let check_in = lines.iter().find(|line| line["target"] == "check_in").unwrap();
    assert_eq!(check_in["device"], "02:00:00:00:00:01");
    assert_eq!(check_in["version"], "0.1");
    assert_eq!((&check_in["verdict"], &check_in["rule"]), (&"hold".into(), &"no-product".into()));
    assert!(check_in["message"].as_str().unwrap().contains("no product"), "{check_in}");
}

#[test]
fn sigterm_ends_it_in_order_and_takes_back_what_local_commands_were_told() {
    let house = House::new();
    let server = house.serve("");
    assert!(Announcement::read(&house.data()).unwrap().is_some());
    assert!(server.terminate().success());
    assert!(Announcement::read(&house.data()).unwrap().is_none());
    assert!(house.text("log").contains("ending"), "{}", house.text("log"));
}

#[test]
fn a_server_on_the_same_data_is_refused_and_the_first_one_serves_on() {
    let house = House::new();
    let _server = house.serve("");
    let second = house.otary("serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0");
    assert_eq!(second.status.code(), Some(1));
    assert!(second.err.contains("\nerror: another otary works on x\nhelp: "), "{}", second.err);
    house.otary("device list --data x").printed();
}

#[test]
fn an_address_in_use_is_named() {
    let house = House::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let words = format!("serve --data x --https {address} --http off --operator 127.0.0.1:0");
    let refused = house.otary(&words).refused();
    assert!(refused.starts_with(&format!("error: cannot listen on {address}: ")), "{refused}");
    assert!(refused.contains("\nhelp: "), "{refused}");
}
