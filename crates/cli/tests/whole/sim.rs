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
