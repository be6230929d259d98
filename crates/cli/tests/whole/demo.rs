//! The newcomer's one command.

use std::path::{Path, PathBuf};

use crate::house::{Done, House};

/// Asserts that the table at the end has three boards, each of which went from 0.1 to 0.2.
fn assert_three_updated(demo: Done) {
    let out = demo.printed();
    let table: Vec<&str> = out.lines().skip_while(|line| !line.starts_with("BOARD")).skip(1).collect();
    let boards: Vec<&str> = table.iter().filter_map(|row| row.split_whitespace().next()).collect();
    assert_eq!(boards, ["kitchen", "hall", "garden"], "{out}");
    for row in table {
        let [_, _, was, is, ..] = row.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{row}") };
        assert_eq!((was, is), ("0.1", "0.2"), "{row}");
        assert!(row.contains("starts and reports the bytes of 0.2"), "{row}");
    }
}

#[test]
fn three_boards_get_the_new_version_and_wrong_names_and_authorities_are_seen() {
    let house = House::new();
    let demo = house.otary("demo --once");
    for line in [
        "garden  | HTTP_UPDATE_FAILD Error (-1): HTTP error: connection refused",
        "garden  | # name lookup of otta.demo.local: there is no name otta.demo.local",
        "garden  | # certificate: no trusted CA has signed it",
        "server  | handshake failed: the client sent the alert unknown_ca",
        "server  | kitchen: runs 0.1, 0.2 is published: offer",
        "kitchen | HTTP_UPDATE_OK",
        "kitchen | rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
        "kitchen | Firmware version 0.2",
        "server  | kitchen: runs 0.2, which is what is published: wait",
        "kitchen | HTTP_UPDATE_NO_UPDATES",
    ] {
        assert!(demo.out.lines().any(|printed| printed.starts_with(line)), "{line}\n{}", demo.out);
    }
    assert_three_updated(demo);
}

#[test]
fn the_same_with_two_real_images_of_one_chip() {
    let Some(images) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|path| path.is_dir())
    else {
        return println!("skipped: OTARY_FIRMWARE is not set");
    };
    let image = |name: &str| images.join(name).display().to_string();
    let (from, to) = (image("wled-0.14.3-esp32c3.bin"), image("wled-0.14.4-esp32c3.bin"));
    assert_three_updated(House::new().otary(&format!("demo --once --from {from} --to {to}")));
}

#[test]
fn images_that_no_virtual_board_runs_are_refused_before_anything_starts() {
    let house = House::new();
    house.sample("a.bin", "0.1");
    house.write("b.bin", b"no image");
    let refused = house.otary("demo --once --from a.bin --to b.bin").refused();
    assert!(refused.contains("reading b.bin"), "{refused}");
    assert!(refused.contains("help: the virtual boards take app images"), "{refused}");
}

#[test]
fn a_servers_data_is_not_played_with() {
    let house = House::new();
    house.serve("").terminate();
    let before = std::fs::metadata(house.data().join("otary.db")).unwrap().modified().unwrap();
    let refused = house.otary("demo --once --data x").refused();
    assert!(refused.contains("x holds a server's data already"), "{refused}");
    assert_eq!(
        std::fs::metadata(Path::new(&house.data().join("otary.db"))).unwrap().modified().unwrap(),
        before
    );
}
