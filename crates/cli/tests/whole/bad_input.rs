//! What is wrong with files, disks, permissions and clocks is told with what to do, and the old certificate is served on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use otary_sim::{Console, Pace, Poll, Stop, Until};

use crate::clock::record_from_the_future;
use crate::house::{House, Server};

const TEN_YEARS: Duration = Duration::from_hours(10 * 8_766);

/// A PEM block with a label and nothing sensible in it.
fn junk(label: &str) -> String {
    format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
}

/// A house with two pairs of key and certificate, and files that are neither.
fn furnished() -> House {
    let house = House::new();
    house.otary("cert self-signed --name a.lan --out-cert a.crt --out-key a.key").printed();
    house.otary("cert self-signed --name b.lan --out-cert b.crt --out-key b.key").printed();
    house.write("no-pem.crt", "hello");
    house.write("no-der.crt", junk("CERTIFICATE"));
    house.write("no-der.key", junk("PRIVATE KEY"));
    let half = |name: &str| house.text(name)[..house.text(name).len() / 2].to_owned();
    house.write("half.crt", half("a.crt"));
    house.write("half.key", half("a.key"));
    house.write("binary", [0x30, 0x82, 0xff, 0xfe]);
    for key in ["no-der.key", "half.key"] {
        fs::set_permissions(house.path(key), Permissions::from_mode(0o600)).unwrap();
    }
    house
}

/// Certificate, key, and what is said of the two.
const PAIRS: [(&str, &str, &str); 8] = [
    ("no-pem.crt", "a.key", "expected one PEM block"),
    ("no-der.crt", "a.key", "expected an X.509 certificate"),
    ("half.crt", "a.key", "expected one PEM block"),
    ("a.crt", "no-der.key", "expected an unencrypted private key"),
    ("a.crt", "half.key", "expected one PEM block"),
    ("a.crt", "b.key", "the private key belongs to another certificate than \"a.lan\""),
    ("a.key", "a.crt", "expected a PEM block \"CERTIFICATE\", found \"PRIVATE KEY\""),
    ("a.crt", "binary", "binary is no text"),
];

fn refusal(house: &House, words: &str, said: &str) {
    let refused = house.otary(words);
    let text = format!("{words}\n{}", refused.err);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("\nerror: ") && text.contains(said), "{text}\n{said}");
}

fn assert_serves(house: &House, server: &Server) {
    let firmware = house.sample("lamp.bin", "0.1");
    let (mut board, sketch) = house.board(1, &firmware, server.https);
    let pace = Pace::scaled(0.0, Stop::default());
    let polls = board.run_until(&sketch, &pace, &mut Console::new(std::io::sink()), Until::Polls(1)).unwrap();
    assert!(matches!(polls[..], [Poll::NoUpdate { .. }]), "{polls:?}");
}

#[test]
fn a_pair_of_files_that_is_none_is_not_adopted_and_the_authority_serves_on() {
    let house = furnished();
    let server = house.serve("--name otary.lan");
    let (before, shown) = (house.otary("trust show --data x").printed(), house.shown_by(&server));
    for (cert, key, said) in PAIRS {
        let words = format!("trust adopt --cert {cert} --key {key} --data x");
        refusal(&house, &words, said);
        assert!(house.otary(&words).refused().contains("\nhelp: "), "{words}");
    }
    assert_eq!(house.otary("trust show --data x").printed(), before);
    assert_eq!(house.shown_by(&server), shown);
    assert!(!house.path("x/trust/adopted").exists());
    server.terminate();
    for (cert, key, said) in PAIRS {
        refusal(&house, &format!("trust adopt --cert {cert} --key {key} --data x"), said);
    }
    house.otary("trust adopt --cert a.crt --key a.key --data x").printed();
}

#[test]
fn a_pair_of_files_that_is_none_is_not_served() {
    let house = furnished();
    for (cert, key, said) in PAIRS {
        let words = format!(
            "serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0 --cert {cert} --key {key}"
        );
        refusal(&house, &words, said);
    }
    house.serve("--cert a.crt --key a.key").terminate();
}

#[test]
fn what_is_no_backup_is_not_restored_and_makes_no_authority() {
    let house = furnished();
    house.serve("").terminate();
    house.write_secret("words", "a very long passphrase\n");
    house.write_secret("others", "another long passphrase\n");
    house.otary("trust backup a.age --passphrase-file words --data x").printed();
    let text = house.text("a.age");
    house.write("half.age", &text[..text.len() / 2]);
    let flipped = if text[400..].starts_with('A') { "B" } else { "A" };
    house.write("changed.age", format!("{}{flipped}{}", &text[..400], &text[401..]));
    for (file, words, said) in [
        ("no-pem.crt", "words", "this is no backup of otary"),
        ("no-der.crt", "words", "this is no backup of otary"),
        ("half.age", "words", "the backup is damaged"),
        ("changed.age", "words", "damaged"),
        ("a.age", "others", "the passphrase is wrong"),
        ("none.age", "words", "reading none.age: No such file"),
    ] {
        refusal(&house, &format!("trust restore {file} --passphrase-file {words} --data y"), said);
        assert!(!house.path("y").exists(), "{file}");
    }
    house.otary("trust restore a.age --passphrase-file words --data y").printed();
}

#[test]
fn what_others_can_reach_is_named_with_the_command_that_mends_it() {
    let house = House::new();
    let first = house.serve("");
    let shown = house.shown_by(&first);
    first.terminate();
    for (path, loose, said) in [
        ("x", 0o777, "others may write to x"),
        ("x/trust", 0o750, "x/trust can be reached by others than its owner (mode 0750)"),
        ("x/trust/root.key", 0o644, "x/trust/root.key can be reached by others than its owner (mode 0644)"),
        ("x/trust/leaf.key", 0o604, "x/trust/leaf.key can be reached by others than its owner (mode 0604)"),
    ] {
        fs::set_permissions(house.path(path), Permissions::from_mode(loose)).unwrap();
        let refused = house.otary("serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0");
        assert!(refused.err.contains(said), "{}", refused.err);
        let help = refused.err.lines().find_map(|line| line.strip_prefix("help: ")).unwrap();
        let mut mend = Command::new("sh");
        assert!(mend.args(["-c", help]).current_dir(house.path("")).status().unwrap().success(), "{help}");
    }
    let server = house.serve("");
    assert_eq!(house.shown_by(&server), shown);
}

/// A script that puts the authority on a disk of its own, fills it, and becomes the command behind it.
const FULL: &str = "cp -a x/trust kept && mount -t tmpfs -o size=128k,mode=700 full x/trust && \
                    cp -a kept/. x/trust/ && { head -c 1M /dev/zero > x/trust/filler 2>/dev/null; exec \"$@\"; }";

#[test]
fn a_full_disk_during_a_renewal_is_told_and_the_old_certificate_served() {
    let house = House::new();
    let first = house.serve("");
    let shown = house.shown_by(&first);
    first.terminate();
    let unshare = |then: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c"]).args(then).current_dir(house.path("")).stdin(Stdio::null());
        command.env_clear().env("HOME", house.path("")).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    };
    let probe = unshare(&["mount -t tmpfs probe x"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return println!("skipped: no disk of its own can be mounted here (unshare, tmpfs)");
    }
    let mut full = unshare(&[FULL, "sh"]);
    let serve = house.serve_command("");
    full.arg(serve.get_program()).args(serve.get_args());
    let server = house.serve_by(full);

    let refused = house.otary("trust renew --data x").refused();
    assert!(refused.contains("x/trust/leaf.key.new: No space left on device"), "{refused}");
    assert_eq!(house.shown_by(&server), shown);
    assert_serves(&house, &server);
    server.terminate();

    let server = house.serve("");
    house.otary("trust renew --data x").printed();
    assert_ne!(house.shown_by(&server), shown, "once there is room");
}

#[test]
fn a_clock_set_back_ten_years_makes_nothing_and_the_old_certificate_is_served() {
    let house = House::new();
    let first = house.serve("");
    let shown = house.shown_by(&first);
    first.terminate();
    record_from_the_future(&house, TEN_YEARS);

    let server = house.serve("--name new.lan");
    house.wait_for("no key or certificate is made, those there are serve on: the clock shows ");
    let refused = house.otary("trust renew --data x").refused();
    assert!(refused.contains("the clock cannot be trusted: the clock shows 20"), "{refused}");
    assert!(refused.contains("but the store holds a record of 20"), "{refused}");
    assert!(refused.contains("\nhelp: set the clock"), "{refused}");
    refusal(&house, "trust rollover begin --data x", "the clock cannot be trusted");
    assert_eq!(house.shown_by(&server), shown);
    assert_serves(&house, &server);
}
