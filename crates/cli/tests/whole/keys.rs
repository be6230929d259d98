//! The authority's keys: under a passphrase or not, and the next root's away from the server and back.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::house::{Done, House};

const WORDS: &str = "a passphrase of the keys";
const SEALED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";

/// A house with the passphrase in a file for its owner's eyes, which the settings do not name yet.
fn house() -> House {
    let house = House::new();
    write_secret(&house, "keys.words", WORDS);
    write_secret(&house, "backup.words", "a passphrase of the backup");
    house
}

fn write_secret(house: &House, name: &str, text: &str) {
    house.write_secret(name, format!("{text}\n"));
}

fn sealed(house: &House, data: &str) -> Vec<bool> {
    let keys = ["root", "next-root", "leaf", "leaf-rsa"].map(|key| format!("{data}/trust/{key}.key"));
    keys.iter().map(|key| house.text(key).starts_with(SEALED)).collect()
}

/// Runs `otary` with the setting in its environment, as whoever has the passphrase's file.
fn with_file(house: &House, words: &str) -> Done {
    let output =
        house.command(words).env("OTARY_TRUST_PASSPHRASE_FILE", house.path("keys.words")).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Done { status: output.status, out, err }
}

#[test]
fn a_server_whose_settings_name_a_passphrase_keeps_its_keys_under_it() {
    let house = house();
    let server = house.serve("");
    let shown = house.shown_by(&server);
    server.terminate();
    assert_eq!(sealed(&house, "x"), [false; 4]);

    let server = house.serve("--set trust.passphrase_file=keys.words");
    assert_eq!(sealed(&house, "x"), [true; 4], "from the next start on");
    assert_eq!(house.shown_by(&server), shown, "the keys are the same");
    house.otary("trust renew --data x").printed();
    assert_eq!(sealed(&house, "x"), [true; 4], "new ones too");
    server.terminate();

    house.write("x/otary.toml", "[trust]\npassphrase_file = \"../keys.words\"\n");
    house.serve("").terminate();
    write_secret(&house, "keys.words", "another passphrase");
    let refused = house.otary("serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0").err;
    assert!(refused.contains(": the passphrase is not that of this private key\n"), "{refused}");
    assert!(refused.contains("\nhelp: give the passphrase under which the keys were put"), "{refused}");
}

#[test]
fn without_it_and_without_a_terminal_a_server_says_what_it_needs() {
    let house = house();
    house.serve("--set trust.passphrase_file=keys.words").terminate();
    let refused = house.otary("serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0").err;
    assert!(
        refused.contains(
            "error: x/trust/root.key is under a passphrase, and there is no terminal to ask for it\nhelp: "
        ),
        "{refused}"
    );
    assert!(refused.contains("trust.passphrase_file"), "{refused}");
    fs::set_permissions(house.path("keys.words"), Permissions::from_mode(0o644)).unwrap();
    let refused = with_file(&house, "trust renew --data x").refused();
    assert!(refused.starts_with("error: others may read the keys' passphrase in "), "{refused}");
}

#[test]
fn what_needs_certificates_alone_needs_no_passphrase_and_what_signs_does() {
    let house = house();
    house.serve("--set trust.passphrase_file=keys.words --name otary.lan").terminate();
    let mac = "24:6F:28:AA:BB:CC";
    let locked = [
        "trust renew --data x".to_owned(),
        "trust backup a.age --passphrase-file backup.words --data x".to_owned(),
        "trust rollover begin --data x".to_owned(),
        "trust export-next-key next.key --data x".to_owned(),
        format!("device enroll {mac} --certificate --out-cert d.crt --out-key d.key --data x"),
    ];
    for words in &locked {
        let refused = house.otary(words).refused();
        assert!(refused.contains("is under a passphrase, and there is no terminal"), "{words}: {refused}");
    }
    for made in ["a.age", "next.key", "d.crt", "d.key"] {
        assert!(!house.path(made).exists(), "{made}");
    }
    for words in [
        "trust show --data x",
        "trust export --data x",
        "trust ledger --data x",
        "trust rollover status --data x",
        "sketch --data x",
        "device list --data x",
        "cert show x/trust/leaf.crt",
    ] {
        house.otary(words).printed();
    }
    for words in &locked {
        with_file(&house, words).printed();
    }
}

#[test]
fn a_backup_of_keys_under_a_passphrase_is_whole_and_comes_back_under_one() {
    let house = house();
    house.serve("--set trust.passphrase_file=keys.words").terminate();
    with_file(&house, "trust backup a.age --passphrase-file backup.words --data x").printed();
    let said = with_file(&house, "trust restore a.age --passphrase-file backup.words --data y").printed();
    assert!(!said.contains("in the clear"), "{said}");
    let said = house.otary("trust restore a.age --passphrase-file backup.words --data z").printed();
    assert!(
        said.contains("Its keys are in the clear") && said.contains("otary trust lock --data z"),
        "{said}"
    );
    assert_eq!((sealed(&house, "y"), sealed(&house, "z")), (vec![true; 4], vec![false; 4]));
    for data in ["y", "z"] {
        assert_eq!(
            house.otary(&format!("trust export --data {data}")).printed(),
            house.otary("trust export --data x").printed()
        );
    }
}

#[test]
fn keys_are_locked_and_unlocked_by_command_while_no_server_runs() {
    let house = house();
    house.serve("").terminate();
    house.otary("trust lock --passphrase-file keys.words --data x").printed();
    assert_eq!(sealed(&house, "x"), [true; 4]);
    let refused = house.otary("trust unlock --data x").refused();
    assert!(refused.contains("there is no terminal to ask for it"), "{refused}");
    let printed = with_file(&house, "trust unlock --data x").printed();
    assert!(printed.contains("Remove the setting trust.passphrase_file"), "{printed}");
    assert_eq!(sealed(&house, "x"), [false; 4]);

    write_secret(&house, "short.words", "seal");
    let refused = house.otary("trust lock --passphrase-file short.words --data x").refused();
    assert!(refused.contains("the passphrase has 4 characters, and needs at least 12"), "{refused}");
    house.serve("").terminate();
}

#[test]
fn at_a_terminal_the_passphrase_is_asked_for_and_not_shown() {
    let house = house();
    house.serve("--set trust.passphrase_file=keys.words").terminate();
    // util-linux: runs a command at a terminal of its own.
    let unlock = format!("'{}' trust unlock --data x", env!("CARGO_BIN_EXE_otary"));
    let mut script = Command::new("script");
    script.args(["-qec", &unlock, "/dev/null"]).current_dir(house.path(""));
    script.env_clear().env("HOME", house.path("")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = match script.spawn() {
        Ok(child) => child,
        Err(error) => return println!("skipped: script cannot be run: {error}"),
    };
    let mut screen = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"keys: ") && screen.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    // The question is asked first, and the echo ends a moment later: nobody types that fast.
    thread::sleep(Duration::from_secs(1));
    let mut keyboard = child.stdin.take().unwrap();
    writeln!(keyboard, "{WORDS}").unwrap();
    screen.read_to_end(&mut seen).unwrap();
    let seen = String::from_utf8_lossy(&seen);
    assert!(child.wait().unwrap().success(), "{seen}");
    assert!(seen.starts_with("Passphrase of the authority's keys: ") && !seen.contains(WORDS), "{seen}");
    assert_eq!(sealed(&house, "x"), [false; 4], "{seen}");
}

#[test]
fn the_next_roots_key_leaves_the_server_and_comes_back_for_the_rollover() {
    let house = house();
    let server = house.serve("");
    let show = || house.otary("trust show --data x").printed();
    assert!(show().contains("next key still here"), "{}", show());

    let key = house.text("x/trust/next-root.key");
    let told = house.otary("trust export-next-key next.key --data x").printed();
    assert!(told.contains("otary trust rollover begin --next-key FILE"), "{told}");
    assert_eq!(house.text("next.key"), key);
    assert_eq!(fs::metadata(house.path("next.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!house.path("x/trust/next-root.key").exists() && holds_nowhere(&house.data(), &key));
    assert!(!show().contains("next key still here") && show().contains("not on this machine"), "{}", show());
    assert!(house.otary("trust export-next-key again.key --data x").refused().contains("it was exported"));

    let refused = house.otary("trust rollover begin --data x").refused();
    assert!(refused.contains("the key of the next root is not here: it was exported\nhelp: "), "{refused}");
    assert!(refused.contains("--next-key FILE"), "{refused}");
    house.otary("cert self-signed --name a.lan --out-key other.key").printed();
    let refused = house.otary("trust rollover begin --next-key other.key --data x").refused();
    assert!(refused.contains("the key that was given is not that of the next root"), "{refused}");
    fs::set_permissions(house.path("next.key"), Permissions::from_mode(0o640)).unwrap();
    let refused = house.otary("trust rollover begin --next-key next.key --data x").refused();
    assert!(
        refused.contains("others may read the next root's key in next.key\nhelp: chmod 0600"),
        "{refused}"
    );
    fs::set_permissions(house.path("next.key"), Permissions::from_mode(0o600)).unwrap();
    house.otary("trust rollover begin --next-key next.key --data x").printed();
    assert!(show().contains("next key still here"), "that of the root after it: {}", show());
    house.otary("trust rollover switch --data x").printed();
    server.terminate();
    let server = house.serve("");
    house.otary("trust rollover finish --data x").printed();
    assert_eq!(house.text("x/trust/root.key"), key, "it signs for the server now");
    server.terminate();
}

/// Whether no file in a folder, or in those inside it, has this text.
fn holds_nowhere(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().all(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { holds_nowhere(&path, text) } else { fs::read(&path).unwrap() != text.as_bytes() }
    })
}
