//! Signed releases, from the first day to the last resort: keys on the owner's machine, records and manifests on the server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use otary_trust::signing::{Signed, SigningKey};
use serde_json::Value;

use crate::house::House;

/// A house with a server's data directory, keys in `keys`, and a firmware.
fn house() -> House {
    let house = House::new();
    house.serve("").terminate();
    house.sample("lamp.bin", "0.1");
    house
}

fn founded() -> House {
    let house = house();
    house.otary("key new --out keys --data x").printed();
    house
}

fn push(version: &str, key: &str) -> String {
    format!("push lamp.bin --product lamp --version {version} --sign {key} --data x")
}

fn json(house: &House, words: &str) -> Value {
    serde_json::from_str(&house.otary(&format!("{words} --json")).printed()).unwrap()
}

fn mode(house: &House, name: &str) -> u32 {
    fs::metadata(house.path(name)).unwrap().permissions().mode() & 0o777
}

/// The id of the key in a file.
fn id(house: &House, key: &str) -> String {
    json(house, &format!("key show {key}"))["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_day_makes_keys_for_the_owner_alone_and_a_record_for_firmware() {
    let house = house();
    let said = house.otary("key new --out keys --data x").printed();
    for key in ["root-1a.key", "root-1b.key", "release-1.key"] {
        assert_eq!(mode(&house, &format!("keys/{key}")), 0o600, "{key}");
        assert!(said.contains(&format!("keys/{key}")), "{said}");
    }
    assert_eq!((mode(&house, "keys"), mode(&house, "x/trust/order.key")), (0o700, 0o600));
    assert!(said.contains("take keys/root-1b.key elsewhere"), "{said}");
    assert!(said.contains("The keys are in the clear"), "{said}");
    house.otary("key show --export root.bin --data x").printed();
    assert_eq!(fs::read(house.path("root.bin")).unwrap(), fs::read(house.path("keys/record-1.bin")).unwrap());
    let record = json(&house, "key show root.bin");
    assert_eq!((&record["version"], record["root_keys"].as_array().unwrap().len()), (&1.into(), 2));
    assert_eq!(record["trust_set"].as_array().unwrap().len(), 2, "the root and the next one");

    let refused = house.otary("key new --out more --data x").refused();
    assert!(refused.contains("root record 1 already\nhelp: otary key rotate"), "{refused}");
    assert!(!house.path("more").exists());
    let refused = house.otary("key show --export root.bin --data x").refused();
    assert!(refused.contains("root.bin is there already"), "{refused}");
}

#[test]
fn a_signed_push_tells_number_and_key_and_so_does_the_release() {
    let house = founded();
    let said = house.otary(&push("0.1", "keys/release-1.key")).printed();
    let key = id(&house, "keys/release-1.key");
    assert!(said.contains(&format!("Signed as release number 1 by the key {key}.")), "{said}");
    let shown = house.otary("release show lamp 0.1 --data x").printed();
    assert!(shown.contains(&format!("signed     number 1 by the key {key}, for hardware esp32")), "{shown}");

    house.sample("lamp.bin", "0.2");
    let words = push("0.2", "keys/release-1.key")
        + " --release-number 9 --floor 2 --not-after 2099-12-31 --hardware r1 --hardware r2";
    house.otary(&words).printed();
    let shown = house.otary("release show lamp 0.2 --data x").printed();
    for said in ["number 9 by", "for hardware r1, r2", "nothing below number 2", "2099-12-31 23:59"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let said = house.otary("key show --data x").printed();
    assert!(said.contains("The highest release number is 9."), "{said}");
}

#[test]
fn the_same_through_a_running_server_and_no_secret_goes_there() {
    let house = house();
    let server = house.serve("--set log.level=debug");
    house.otary("key new --out keys --data x").printed();
    house.otary(&push("0.1", "keys/release-1.key")).printed();
    house.otary("key rotate --root keys/root-1a.key --out keys --data x").printed();
    server.terminate();
    for key in ["root-1a.key", "root-1b.key", "release-1.key", "release-2.key"] {
        let text = house.text(&format!("keys/{key}"));
        let secret = text.lines().nth(1).unwrap();
        assert!(!house.text("log").contains(secret), "{key} is in the log");
        assert!(holds_nowhere(&house.data(), secret.as_bytes()), "{key} is in the data directory");
    }
}

fn holds_nowhere(folder: &std::path::Path, text: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().all(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds_nowhere(&path, text);
        }
        !fs::read(&path).unwrap_or_default().windows(text.len()).any(|window| window == text)
    })
}

#[test]
fn another_key_is_refused_before_anything_is_sent() {
    let house = founded();
    house.otary("key new --out stranger --data y").refused();
    fs::create_dir(house.path("other")).unwrap();
    let other = House::new();
    other.serve("").terminate();
    other.otary("key new --out keys --data x").printed();
    fs::copy(other.path("keys/release-1.key"), house.path("other/release-1.key")).unwrap();
    let refused = house.otary(&push("0.1", "other/release-1.key")).refused();
    assert!(refused.contains("is no release key of root record 1\nhelp: otary key show"), "{refused}");
    let refused = house.otary(&push("0.1", "keys/root-1a.key")).refused();
    assert!(refused.contains("is a root key, and no release key of root record 1"), "{refused}");
    assert!(house.otary("release list --data x").printed().contains("No releases yet"));
}

#[test]
fn after_a_rotation_the_old_key_signs_nothing_new() {
    let house = founded();
    house.otary(&push("0.1", "keys/release-1.key")).printed();
    let said = house.otary("key rotate --root keys/root-1b.key --out keys --data x").printed();
    assert!(said.contains("root record 2") && said.contains("numbers 1 to 1"), "{said}");
    assert_eq!(mode(&house, "keys/release-2.key"), 0o600);
    house.sample("lamp.bin", "0.2");
    let refused = house.otary(&push("0.2", "keys/release-1.key")).refused();
    assert!(
        refused.contains("may sign release numbers 1 to 1, and this is 2\nhelp: sign with the key"),
        "{refused}"
    );
    house.otary(&push("0.2", "keys/release-2.key")).printed();
    let shown = house.otary("release show lamp 0.1 --data x").printed();
    assert!(!shown.contains("refused"), "what it signed before is good: {shown}");
}

#[test]
fn what_a_revoked_key_signed_is_installed_no_longer() {
    let house = founded();
    house.otary(&push("0.1", "keys/release-1.key")).printed();
    let stolen = id(&house, "keys/release-1.key");
    house.otary(&format!("key revoke {stolen} --root keys/root-1a.key --out keys --data x")).printed();
    let shown = house.otary("release show lamp 0.1 --data x").printed();
    assert!(shown.contains("refused    devices install it no longer"), "{shown}");
    house.sample("lamp.bin", "0.2");
    let refused = house.otary(&push("0.2", "keys/release-1.key")).refused();
    assert!(refused.contains("is no release key of root record 2"), "{refused}");
    let said = house.otary(&push("0.2", "keys/release-2.key")).printed();
    assert!(said.contains("Signed as release number 2"), "{said}");
    let refused =
        house.otary(&format!("key revoke {stolen} --root keys/root-1a.key --out more --data x")).refused();
    assert!(refused.contains("is not in the newest root record"), "{refused}");
}

#[test]
fn a_lost_root_key_is_replaced_by_the_other_one() {
    let house = founded();
    let lost = id(&house, "keys/root-1a.key");
    let words = format!(
        "key rotate --root keys/root-1b.key --drop-root {lost} --root-keys 1 --threshold 2 --out keys --data x"
    );
    house.otary(&words).printed();
    assert_eq!(mode(&house, "keys/root-2a.key"), 0o600);
    let rotate = |roots: &str| format!("key rotate {roots} --out keys --data x");
    let refused = house.otary(&rotate("--root keys/root-1a.key")).refused();
    assert!(refused.contains(&format!("the key {lost} is no root key")), "{refused}");
    assert!(!house.path("keys/release-3.key").exists(), "nothing is left of what was refused");
    house.otary(&rotate("--root keys/root-1b.key --root keys/root-2a.key")).printed();
}

#[test]
fn devices_are_told_to_trust_a_new_root_of_the_authority() {
    let house = house();
    house.serve("--name otary.lan").terminate();
    house.otary("key new --out keys --data x").printed();
    let same = "key rotate --root keys/root-1a.key --trust-set --out keys --data x";
    let refused = house.otary(same).refused();
    assert!(refused.contains("the record would say nothing new"), "{refused}");
    house.otary("trust rollover begin --data x").printed();
    house.otary(same).printed();
    let record = json(&house, "key show keys/record-2.bin");
    assert_eq!(record["trust_set"].as_array().unwrap().len(), 3);
    assert!(!house.path("keys/release-2.key").exists(), "only what was asked for");
}

/// The first record with a thief's root key and release key besides the owner's, as only the thief has signed it.
fn forged(house: &House) -> Vec<u8> {
    let own = Signed::by_itself(&fs::read(house.path("keys/record-1.bin")).unwrap()).unwrap();
    let thief = SigningKey::generate().unwrap();
    let mut record = own.record;
    record.root_keys.push(thief.public());
    record.release_keys[0].key = SigningKey::generate().unwrap().public();
    record.sign(&[&thief], None).unwrap().bytes
}

#[test]
fn a_server_that_was_taken_over_gets_no_signature_over_a_thiefs_keys() {
    let house = founded();
    house.write("x/trust/records/1.cbor", forged(&house));
    let rotate = "key rotate --root keys/root-1a.key --out keys --data x";
    let refused = house.otary(rotate).refused();
    assert!(refused.contains("the server's root record 1 is another than keys/record-1.bin"), "{refused}");
    assert!(refused.contains("help: sign nothing for this server"), "{refused}");
    assert!(!house.path("keys/release-2.key").exists());

    fs::create_dir(house.path("bare")).unwrap();
    fs::rename(house.path("keys/root-1a.key"), house.path("bare/root-1a.key")).unwrap();
    let bare = "key rotate --root bare/root-1a.key --out bare --data x";
    let refused = house.otary(bare).refused();
    assert!(refused.contains("there is no root record beside the root key"), "{refused}");
    let named = format!("{bare} --record keys/record-1.bin");
    assert!(house.otary(&named).refused().contains("is another than keys/record-1.bin"));
    fs::copy(house.path("keys/record-1.bin"), house.path("x/trust/records/1.cbor")).unwrap();
    house.otary(&named).printed();
}

#[test]
fn a_server_that_was_taken_over_has_no_numbers_used_up_by_a_record_of_its_own() {
    let house = founded();
    let own = Signed::by_itself(&fs::read(house.path("keys/record-1.bin")).unwrap()).unwrap();
    let thief = SigningKey::generate().unwrap();
    let mut record = own.record;
    record.root_keys = vec![thief.public()];
    record.release_keys[0].first = u32::MAX - 1;
    house.write("x/trust/records/1.cbor", record.sign(&[&thief], None).unwrap().bytes);
    let refused = house.otary(&push("0.1", "keys/release-1.key")).refused();
    assert!(refused.contains("the server says that the release number is 4294967294"), "{refused}");
    assert!(refused.contains("say it: --release-number 4294967294"), "{refused}");
}

#[test]
fn keys_under_a_passphrase_are_asked_for_it() {
    let house = house();
    house.write_secret("words", "a passphrase of the keys\n");
    house.write_secret("wrong", "another one of the keys\n");
    let said = house.otary("key new --out keys --passphrase-file words --data x").printed();
    assert!(!said.contains("in the clear"), "{said}");
    for key in ["root-1a.key", "root-1b.key", "release-1.key"] {
        assert!(
            house.text(&format!("keys/{key}")).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            "{key}"
        );
    }
    let signed = push("0.1", "keys/release-1.key");
    let refused = house.otary(&signed).refused();
    assert!(refused.contains("help: without a terminal, give it by --passphrase-file"), "{refused}");
    let refused = house.otary(&format!("{signed} --passphrase-file wrong")).refused();
    assert!(refused.contains("keys/release-1.key cannot be used: the passphrase is not that"), "{refused}");
    house.otary(&format!("{signed} --passphrase-file words")).printed();
    house.otary("key rotate --root keys/root-1a.key --passphrase-file words --out keys --data x").printed();
    assert!(house.text("keys/release-2.key").starts_with("-----BEGIN PRIVATE KEY-----"));

    let both =
        "key rotate --root keys/root-1a.key --root keys/root-1b.key --passphrase-file - --out keys --data x";
    let output = house.command(both).stdin(fs::File::open(house.path("words")).unwrap()).output();
    assert!(output.unwrap().status.success(), "one passphrase on standard input is that of both");
}

#[test]
fn an_image_is_signed_without_a_server_and_pushed_with_its_manifest() {
    let house = founded();
    let away = House::new();
    for file in ["lamp.bin", "keys/release-1.key", "keys/record-1.bin"] {
        let name = file.rsplit('/').next().unwrap();
        fs::copy(house.path(file), away.path(name)).unwrap();
    }
    let sign = "key sign lamp.bin --key release-1.key --product lamp --version 0.1 --release-number 3 --out lamp.cbor";
    away.otary(sign).printed();
    let shown = away.otary("key show lamp.cbor --record record-1.bin").printed();
    assert!(shown.contains("lamp.cbor: a manifest, sound by root record 1"), "{shown}");
    assert!(shown.contains("lamp 0.1, number 3") && shown.contains("ESP32, hardware esp32"), "{shown}");
    fs::copy(away.path("lamp.cbor"), house.path("lamp.cbor")).unwrap();
    let said =
        house.otary("push lamp.bin --product lamp --version 0.1 --manifest lamp.cbor --data x").printed();
    assert!(said.contains("Signed as release number 3"), "{said}");

    let mut forged = fs::read(house.path("lamp.cbor")).unwrap();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    house.write("forged.cbor", forged);
    let refused = house.otary("key show forged.cbor --data x").refused();
    assert!(refused.contains("forged.cbor: a device would refuse it"), "{refused}");
}

#[test]
fn a_server_signs_only_with_a_key_that_it_was_given_and_says_that_it_is_weaker() {
    let house = founded();
    let server = house.serve("");
    let on_server = "push lamp.bin --product lamp --version 0.1 --sign-on-server --data x";
    let refused = house.otary(on_server).refused();
    assert!(refused.contains("this server holds no release key"), "{refused}");
    let refused = house.otary("key hold keys/root-1a.key --data x").refused();
    assert!(refused.contains("is a root key: it must not be on a server"), "{refused}");
    let said = house.otary("key hold keys/release-1.key --data x").printed();
    assert!(said.contains("weaker"), "{said}");
    assert_eq!(mode(&house, "x/trust/release.key"), 0o600);
    let said = house.otary(on_server).printed();
    assert!(said.contains("Signed as release number 1") && said.contains("weaker"), "{said}");
    server.terminate();
    house.sample("lamp.bin", "0.2");
    house.otary(&on_server.replace("0.1", "0.2")).printed();
    assert!(house.otary("key show --data x").printed().contains("whoever takes over the server can sign"));
    house.otary("key hold --remove --data x").printed();
    assert!(!house.path("x/trust/release.key").exists());
}

#[test]
fn a_record_that_the_server_has_lost_is_handed_in_again() {
    let house = founded();
    fs::remove_file(house.path("x/trust/records/1.cbor")).unwrap();
    house.otary(&push("0.1", "keys/release-1.key")).refused();
    house.otary("key submit keys/record-1.bin --data x").printed();
    house.otary(&push("0.1", "keys/release-1.key")).printed();
}

#[test]
fn what_is_no_key_and_no_record_is_told_with_what_to_do() {
    let house = founded();
    house.otary("cert self-signed --name a.lan --out-cert a.crt --out-key a.key").printed();
    house.write_secret("no.key", "hello");
    house.write_secret("half.key", &house.text("keys/release-1.key")[..60]);
    house.write("binary", [0xFF, 0xFE, 0x00]);
    fs::copy(house.path("keys/release-1.key"), house.path("loose.key")).unwrap();
    fs::set_permissions(house.path("loose.key"), Permissions::from_mode(0o644)).unwrap();
    let sign = |key: &str| push("0.1", key);
    let cases = [
        (sign("none.key"), "none.key: No such file"),
        (sign("no.key"), "no.key cannot be used: expected one PEM block"),
        (sign("half.key"), "half.key cannot be used: expected one PEM block"),
        (sign("a.key"), "a.key cannot be used: expected an Ed25519 private key"),
        (sign("loose.key"), "others may read the key in loose.key\nhelp: chmod 0600 loose.key"),
        ("key show binary --data x".into(), "binary is no key, no root record and no manifest"),
        ("key submit binary --data x".into(), "binary: it cannot be read as a root record"),
        ("key hold a.key --data x".into(), "expected an Ed25519 private key"),
        (
            "key revoke nobody --root keys/root-1a.key --out k --data x".into(),
            "nobody is neither a key's id nor a file",
        ),
        ("key rotate --root keys/release-1.key --out k --data x".into(), "is no root key"),
        (
            format!("{} --floor 9", sign("keys/release-1.key")),
            "the floor 9 is above the release number 1\nhelp: --floor takes a number up to 1",
        ),
        (
            format!("{} --not-after 2001-01-01", sign("keys/release-1.key")),
            "the day of --not-after is over\nhelp: give a later one",
        ),
        (
            "key rotate --root keys/root-1a.key --root-keys 2 --out k --data x".into(),
            "this one would have 4\nhelp: --root-keys N adds root keys, --drop-root ID takes one away",
        ),
        (
            "key rotate --root keys/root-1a.key --drop-root 0123456789abcdef --out k --data x".into(),
            "is not in the newest root record\nhelp: otary key show has the ids",
        ),
        ("push lamp.bin --product lamp --version 0.1 --floor 2 --data x".into(), "say --sign KEYFILE"),
        ("key show --data nowhere".into(), "there is no data directory nowhere"),
    ];
    for (words, said) in cases {
        let refused = house.otary(&words).refused();
        assert!(refused.contains(said), "{words}\n{refused}");
    }
    for words in [
        "push lamp.bin --product lamp --version 1 --sign a --sign-on-server",
        "key new",
        "key rotate --out k",
    ] {
        assert_eq!(house.otary(words).status.code(), Some(2), "{words}");
    }
    assert!(!house.path("k").exists());
}
