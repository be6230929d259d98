//! Two root keys that never meet: a record travels between two machines, and the server takes it once both have signed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::house::House;

/// The machine with the server's data and the first root key, and another one with the second key and the first record.
fn apart() -> (House, House) {
    let (desk, vault) = (House::new(), House::new());
    desk.serve("").terminate();
    desk.otary("key new --threshold 2 --out keys --data x").printed();
    bring(&desk, "keys/root-1b.key", &vault, "root-1b.key");
    bring(&desk, "keys/record-1.bin", &vault, "record-1.bin");
    fs::remove_file(desk.path("keys/root-1b.key")).unwrap();
    (desk, vault)
}

/// Copies a file, permissions included.
fn bring(from: &House, file: &str, to: &House, name: &str) {
    fs::copy(from.path(file), to.path(name)).unwrap();
}

fn id(house: &House, key: &str) -> String {
    let shown = house.otary(&format!("key show {key} --json")).printed();
    serde_json::from_str::<Value>(&shown).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Version of the newest record that the server has.
fn newest(house: &House) -> u64 {
    let shown: Value = serde_json::from_str(&house.otary("key show --data x --json").printed()).unwrap();
    shown["records"].as_array().unwrap().last().unwrap()["version"].as_u64().unwrap()
}

const ROTATE: &str = "key rotate --root keys/root-1a.key --out keys --data x";
const COSIGN: &str = "key cosign record-2.draft --key root-1b.key";

#[test]
fn a_record_is_signed_on_two_machines_and_the_server_takes_it_then() {
    let (desk, vault) = apart();
    let (first, second) = (id(&desk, "keys/root-1a.key"), id(&vault, "root-1b.key"));
    let said = desk.otary(ROTATE).printed();
    let wants = format!("Root record 2 wants 1 more signature by a root key of root record 1: {second}.");
    assert!(said.contains(&wants) && said.contains("otary key cosign record-2.draft"), "{said}");
    let release = id(&desk, "keys/release-2.key");
    assert_eq!(newest(&desk), 1, "nothing has changed yet");
    let refused = desk.otary("key submit keys/record-2.draft --data x").refused();
    assert!(refused.contains("root record 2 wants 1 more signature by a root key"), "{refused}");
    assert!(refused.contains(&second) && refused.contains("help: where such a key is: otary key cosign"));

    bring(&desk, "keys/record-2.draft", &vault, "record-2.draft");
    let unsigned = fs::read(vault.path("record-2.draft")).unwrap();
    let unasked = vault.otary(COSIGN);
    assert!(unasked.err.contains("nothing is signed: there is no terminal"), "{}", unasked.err);
    for shown in [
        "root record 2, held against root record 1".to_owned(),
        format!("  NEW        release key  {release}   numbers from 2"),
        "numbers 1 to 1; before: numbers from 1".to_owned(),
        format!("  as before  root key     {second}"),
        "  as before  next record  two sign it, of 2 root keys".to_owned(),
        "  as before  minimum      every release number may be installed".to_owned(),
        format!("Signed by the root key {first}."),
    ] {
        assert!(unasked.out.contains(&shown), "{shown}: {}", unasked.out);
    }
    assert_eq!(fs::read(vault.path("record-2.draft")).unwrap(), unsigned, "seen, and not signed");

    let said = vault.otary(&format!("{COSIGN} --yes")).printed();
    assert!(said.contains("It has all its signatures."), "{said}");
    let again = vault.otary(&format!("{COSIGN} --yes")).refused();
    assert!(again.contains("root record 2 has all its signatures\nhelp: hand it in"), "{again}");

    bring(&vault, "record-2.draft", &desk, "keys/record-2.draft");
    let said = desk.otary("key submit keys/record-2.draft --data x").printed();
    assert!(said.contains("keys/record-2.draft is now keys/record-2.bin"), "{said}");
    assert_eq!(newest(&desk), 2);
    assert!(!desk.path("keys/record-2.draft").exists());
    desk.sample("lamp.bin", "0.1");
    let push =
        "push lamp.bin --product lamp --version 0.1 --sign keys/release-2.key --release-number 2 --data x";
    desk.otary(push).printed();
}

#[test]
fn the_second_machine_follows_the_records_that_come_along() {
    let (desk, vault) = apart();
    let both = format!("{ROTATE} --root root-1b.key");
    bring(&vault, "root-1b.key", &desk, "root-1b.key");
    desk.otary(&both).printed();
    fs::remove_file(desk.path("root-1b.key")).unwrap();
    desk.otary(ROTATE).printed();
    fs::create_dir(vault.path("stick")).unwrap();
    bring(&desk, "keys/record-3.draft", &vault, "stick/record-3.draft");
    let cosign = "key cosign stick/record-3.draft --key root-1b.key --yes";
    let refused = vault.otary(cosign).refused();
    assert!(refused.contains("help: bring root record 2 along: the newest that you have is 1"), "{refused}");
    bring(&desk, "keys/record-2.bin", &vault, "stick/record-2.bin");
    vault.otary(cosign).printed();
    bring(&vault, "stick/record-3.draft", &desk, "keys/record-3.draft");
    desk.otary("key submit keys/record-3.draft --data x").printed();
    assert_eq!(newest(&desk), 3);
}

#[test]
fn nothing_is_signed_that_does_not_follow_from_the_owners_record() {
    let (desk, vault) = apart();
    desk.otary(ROTATE).printed();
    bring(&desk, "keys/record-2.draft", &vault, "record-2.draft");
    let sound = fs::read(vault.path("record-2.draft")).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    vault.write("record-2.draft", damaged);
    let refused = vault.otary(&format!("{COSIGN} --yes")).refused();
    assert!(refused.contains("help: sign nothing of this"), "{refused}");

    vault.write("record-2.draft", &sound);
    let stranger = House::new();
    stranger.serve("").terminate();
    stranger.otary("key new --out keys --data x").printed();
    bring(&stranger, "keys/root-1a.key", &vault, "stranger.key");
    let refused =
        vault.otary("key cosign record-2.draft --key stranger.key --record record-1.bin --yes").refused();
    assert!(
        refused.contains("is no root key: neither of this root record nor of the one before"),
        "{refused}"
    );
    bring(&stranger, "keys/record-1.bin", &vault, "record-1.bin");
    let refused = vault.otary(&format!("{COSIGN} --yes")).refused();
    assert!(refused.contains("no root key of root record 1 has signed it\nhelp: sign nothing"), "{refused}");
    assert_eq!(fs::read(vault.path("record-2.draft")).unwrap(), sound);
}

/// The first one has read the server's records and waits for a passphrase while the second one is served.
#[test]
fn of_two_rotations_at_the_same_moment_the_second_leaves_nothing_behind() {
    let house = House::new();
    let server = house.serve("");
    house.otary("key new --out keys --data x").printed();
    for owner in ["ann", "bob"] {
        fs::create_dir(house.path(owner)).unwrap();
        bring(&house, "keys/root-1a.key", &house, &format!("{owner}/root-1a.key"));
        bring(&house, "keys/record-1.bin", &house, &format!("{owner}/record-1.bin"));
    }
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(house.path("words")).status().unwrap().success());
    let rotate = |owner: &str| format!("key rotate --root {owner}/root-1a.key --out {owner} --data x");
    let mut ann = house.command(&format!("{} --new-passphrase-file words", rotate("ann")));
    let ann = ann.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever opens it to write waits for who reads.
    let mut words = OpenOptions::new().write(true).open(house.path("words")).unwrap();
    house.otary(&rotate("bob")).printed();
    words.write_all(b"a passphrase of the keys\n").unwrap();
    drop(words);
    let ann = ann.wait_with_output().unwrap();
    let refused = String::from_utf8(ann.stderr).unwrap();
    assert!(!ann.status.success() && refused.contains("another root record 2 came first"), "{refused}");
    let mut left: Vec<_> =
        fs::read_dir(house.path("ann")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["record-1.bin", "root-1a.key"]);
    house.otary(&rotate("ann")).printed();
    assert!(house.path("ann/record-3.bin").exists() && house.path("ann/release-3.key").exists());
    server.terminate();
}

#[test]
fn a_draft_that_came_second_never_follows_and_says_so() {
    let (desk, vault) = apart();
    desk.otary(ROTATE).printed();
    let refused = desk.otary(ROTATE).refused();
    assert!(
        refused.contains("keys/record-2.draft is there already\nhelp: to begin anew, remove it"),
        "{refused}"
    );
    bring(&vault, "root-1b.key", &desk, "root-1b.key");
    desk.otary("key rotate --root keys/root-1a.key --root root-1b.key --out other --data x").printed();
    let refused = desk.otary("key submit keys/record-2.draft --data x").refused();
    assert!(refused.contains("the server has another root record 2"), "{refused}");
}

#[test]
fn a_server_whose_order_key_devices_do_not_know_says_so() {
    let house = House::new();
    house.serve("").terminate();
    house.otary("key new --out keys --data x").printed();
    assert!(!house.otary("key show --data x").printed().contains("Warning"));

    let other = House::new();
    other.serve("").terminate();
    other.otary("key new --out keys --data x").printed();
    bring(&other, "x/trust/order.key", &house, "x/trust/order.key");
    let not_named = "of this server is not in root record 1: devices refuse its orders";
    let shown = house.otary("key show --data x").printed();
    assert!(shown.contains(not_named) && shown.contains("otary key rotate --order-key"), "{shown}");
    house.serve("").terminate();
    assert!(house.text("log").contains(not_named), "{}", house.text("log"));

    fs::remove_file(house.path("x/trust/order.key")).unwrap();
    let shown = house.otary("key show --data x").printed();
    assert!(shown.contains("root record 1 names an order key, and this server has none"), "{shown}");
    house.otary("key rotate --root keys/root-1a.key --order-key --out keys --data x").printed();
    assert!(!house.otary("key show --data x").printed().contains("Warning"));
}

#[test]
fn two_people_found_a_house_and_only_a_public_half_travels() {
    let (desk, vault) = (House::new(), House::new());
    desk.serve("").terminate();
    vault.serve("").terminate();
    vault.otary("key new --roots 1 --out own --data x").printed();
    let shown: Value =
        serde_json::from_str(&vault.otary("key show own/root-1a.key --json").printed()).unwrap();
    let (second, public) = (id(&vault, "own/root-1a.key"), shown["public"].as_str().unwrap().to_owned());

    let alone =
        desk.otary(&format!("key new --roots 1 --root-public {public} --out keys --data x")).refused();
    assert!(
        alone.contains("no root key is left to be made here") && alone.contains("help: say --roots 2"),
        "{alone}"
    );
    fs::write(desk.path("theirs.txt"), format!("{public}\n")).unwrap();
    let said = desk.otary("key new --threshold 2 --root-public theirs.txt --out keys --data x").printed();
    assert!(said.contains(&format!("1 more signature by a root key of root record 1: {second}")), "{said}");
    assert!(said.contains("keys/record-1.draft") && !desk.path("keys/root-1b.key").exists(), "{said}");
    let refused = desk.otary("key submit keys/record-1.draft --data x").refused();
    assert!(refused.contains(&second), "{refused}");

    bring(&desk, "keys/record-1.draft", &vault, "record-1.draft");
    let said = vault.otary("key cosign record-1.draft --key own/root-1a.key --yes").printed();
    assert!(said.contains("the first root record") && said.contains("It has all its signatures."), "{said}");
    bring(&vault, "record-1.draft", &desk, "keys/record-1.draft");
    desk.otary("key submit keys/record-1.draft --data x").printed();
    assert_eq!(newest(&desk), 1);
    assert!(desk.path("keys/record-1.bin").exists());
}
