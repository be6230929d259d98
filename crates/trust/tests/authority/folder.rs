//! The folder: who can read it, what a power cut leaves in it, and what is said of files that are not as they were.

use std::fs;
use std::path::Path;

use otary_trust::{Authority, Defect, Error};

use super::{DAY, Place, TODAY, clock, full_text, leaf, names};

const KEYS: [&str; 4] = ["root.key", "next-root.key", "leaf.key", "leaf-rsa.key"];
const CERTIFICATES: [&str; 4] = ["root.crt", "next-root.crt", "leaf.crt", "leaf-rsa.crt"];
/// Four pairs, and the record of generations.
const FILES: usize = 9;

fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_second_start_finds_the_same_authority() {
    let place = Place::new();
    let first = place.start(TODAY).unwrap();
    let second = place.start(TODAY + DAY).unwrap();
    assert_eq!(first.anchors(), second.anchors());
    assert_eq!(leaf(&first), leaf(&second));
    assert_eq!(listing(&place.trust()).len(), FILES);
    assert_eq!(listing(place.dir.path()), ["trust"]);
}

#[test]
fn an_empty_folder_that_is_already_there_will_do() {
    let place = Place::new();
    fs::create_dir(place.trust()).unwrap();
    assert!(place.start(TODAY).is_ok());
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.trust()).unwrap();
    fs::write(place.trust().join("notes.txt"), "mine").unwrap();
    set_mode(&place.trust(), 0o700);
    let error = place.start(TODAY).unwrap_err();
    assert!(matches!(&error, Error::Missing { path } if path.ends_with("root.crt")), "{error}");
    assert_eq!(listing(&place.trust()), ["notes.txt"]);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[cfg(unix)]
#[test]
fn keys_can_be_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let _ = authority.refresh(&names(&["other.local"]), &clock(TODAY)).unwrap();
    assert_eq!(mode(&place.trust()), 0o700);
    for key in KEYS {
        assert_eq!(mode(&place.trust().join(key)), 0o600, "{key}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_not_used_and_the_command_that_mends_it_is_given() {
    for (file, loose, mended) in [
        ("root.key", 0o644, "0600"),
        ("next-root.key", 0o640, "0600"),
        ("leaf.key", 0o604, "0600"),
        ("", 0o750, "0700"),
    ] {
        let place = Place::new();
        place.start(TODAY).unwrap();
        let path = place.trust().join(file);
        set_mode(&path, loose);
        let error = place.start(TODAY).unwrap_err();
        assert!(matches!(error, Error::Loose { mode, .. } if mode == loose), "{file}: {error}");
        let help = error.help().unwrap();
        let command: Vec<&str> = help.split(' ').collect();
        assert_eq!(command[..2], ["chmod", mended]);
        let mending = std::process::Command::new(command[0]).args(&command[1..]).status().unwrap();
        assert!(mending.success() && place.start(TODAY).is_ok(), "{help}");
    }
}

#[test]
fn what_a_power_cut_at_the_first_start_leaves_is_cleared_away() {
    let place = Place::new();
    let staging = place.dir.path().join("trust.new");
    fs::create_dir(&staging).unwrap();
    fs::write(staging.join("root.key"), "-----BEGIN PRIV").unwrap();
    place.start(TODAY).unwrap();
    assert_eq!(listing(place.dir.path()), ["trust"]);
}

/// Every state that `leaf.key` and `leaf.crt` can be in while they are replaced, in the order in which it happens.
#[test]
fn a_power_cut_at_any_step_of_a_renewal_leaves_the_old_leaf_or_the_new_one() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let read = |file: &str| fs::read(place.trust().join(file)).unwrap();
    let old = (leaf(&authority).clone(), read("leaf.key"), read("leaf.crt"));
    let _ = authority.refresh(&names(&["other.local"]), &clock(TODAY)).unwrap();
    let new = (leaf(&authority).clone(), read("leaf.key"), read("leaf.crt"));

    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let steps: [(&str, [Option<Vec<u8>>; 4]); 5] = [
        ("old", [Some(old.1.clone()), Some(old.2.clone()), Some(half(&new.1)), None]),
        ("old", [Some(old.1.clone()), Some(old.2.clone()), Some(new.1.clone()), Some(half(&new.2))]),
        ("old", [Some(old.1.clone()), Some(old.2.clone()), Some(new.1.clone()), Some(new.2.clone())]),
        ("new", [Some(new.1.clone()), Some(old.2.clone()), None, Some(new.2.clone())]),
        ("new", [Some(new.1.clone()), Some(new.2.clone()), None, None]),
    ];
    for (step, (expected, files)) in steps.iter().enumerate() {
        for (file, bytes) in ["leaf.key", "leaf.crt", "leaf.key.new", "leaf.crt.new"].iter().zip(files) {
            let path = place.trust().join(file);
            match bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => drop(fs::remove_file(&path)),
            }
            if file.contains("key") && bytes.is_some() {
                set_mode(&path, 0o600);
            }
        }
        let before = listing(&place.trust());
        let expected = if *expected == "old" { &old.0 } else { &new.0 };
        assert_eq!(leaf(&Authority::open(&place.trust()).unwrap()), expected, "step {step}, read only");
        assert_eq!(listing(&place.trust()), before, "step {step}: reading changes nothing");
        let at_boot = otary_fleet::Time::from_secs(3);
        assert_eq!(leaf(&place.start(at_boot).unwrap()), expected, "step {step}, without a clock");
        assert_eq!(listing(&place.trust()).len(), FILES, "step {step}: nothing is left lying");
        assert_eq!(leaf(&Authority::open(&place.trust()).unwrap()), expected, "step {step}, settled");
    }
}

#[test]
fn a_leaf_that_was_taken_away_is_made_anew() {
    for gone in [&["leaf.key"][..], &["leaf.crt"], &["leaf.key", "leaf.crt"]] {
        let place = Place::new();
        let before = leaf(&place.start(TODAY).unwrap()).clone();
        for file in gone {
            fs::remove_file(place.trust().join(file)).unwrap();
        }
        let authority = place.start(TODAY).unwrap();
        assert_ne!(leaf(&authority), &before, "{gone:?}");
        assert_eq!(leaf(&Authority::open(&place.trust()).unwrap()), leaf(&authority));
    }
}

#[test]
fn a_root_that_was_taken_away_is_never_made_anew() {
    for gone in ["root.crt", "next-root.key", "next-root.crt"] {
        let place = Place::new();
        place.start(TODAY).unwrap();
        fs::remove_file(place.trust().join(gone)).unwrap();
        let error = place.start(TODAY).unwrap_err();
        assert!(matches!(&error, Error::Missing { path } if path.ends_with(gone)), "{gone}: {error}");
        assert!(error.help().unwrap().contains("otary trust restore"));
    }
}

#[test]
fn a_root_whose_key_is_lost_serves_on_and_issues_nothing() {
    let place = Place::new();
    let before = leaf(&place.start(TODAY).unwrap()).clone();
    fs::remove_file(place.trust().join("root.key")).unwrap();
    let mut authority = place.start(TODAY).unwrap();
    assert_eq!(authority.missing_root_key(), Some(place.trust().join("root.key")));
    let error = authority.refresh(&names(&["other.local"]), &clock(TODAY)).unwrap_err();
    assert!(matches!(&error, Error::Missing { path } if path.ends_with("root.key")), "{error}");
    assert!(error.help().unwrap().contains("otary trust restore"));
    assert_eq!(leaf(&authority), &before);
    assert_eq!(authority.chains().len(), 2);
    assert!(!place.trust().join("root.key").exists());
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_named_with_what_was_expected() {
    for file in KEYS.iter().chain(&CERTIFICATES) {
        let place = Place::new();
        place.start(TODAY).unwrap();
        let path = place.trust().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let other_label = if file.ends_with("key") { "CERTIFICATE" } else { "PRIVATE KEY" };
        let label = if file.ends_with("key") { "PRIVATE KEY" } else { "CERTIFICATE" };
        let bad = [
            (String::new(), "expected one PEM block from -----BEGIN to -----END, and the text is empty"),
            (
                "hello".to_owned(),
                "expected one PEM block from -----BEGIN to -----END, and the text has no PEM block",
            ),
            (text[..text.len() / 2].to_owned(), "expected one PEM block"),
            (text.replace(label, other_label), "expected a PEM block"),
            (format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n"), "expected an"),
            ("A".repeat(70_000), "expected at most 65536 bytes, found 70000"),
        ];
        for (content, expected) in bad {
            fs::write(&path, &content).unwrap();
            let error = place.start(TODAY).unwrap_err();
            let printed = full_text(&error);
            assert!(printed.contains(&format!("{file} cannot be used: {expected}")), "{printed}");
            assert!(error.help().is_some());
            assert!(!printed.contains(text.lines().nth(1).unwrap()), "no key in an error");
        }
        fs::write(&path, &text).unwrap();
        assert!(place.start(TODAY).is_ok(), "{file} was mended");
    }
}

#[test]
fn a_key_of_another_certificate_is_told() {
    for key in KEYS {
        let (place, other) = (Place::new(), Place::new());
        place.start(TODAY).unwrap();
        other.start(TODAY).unwrap();
        fs::copy(other.trust().join(key), place.trust().join(key)).unwrap();
        let error = place.start(TODAY).unwrap_err();
        let Error::Unusable { path, defect: Defect::KeyMismatch { subject } } = &error else {
            panic!("{error}")
        };
        assert!(path.ends_with(key) && !subject.is_empty());
    }
}

#[test]
fn two_roots_have_to_be_two() {
    let place = Place::new();
    place.start(TODAY).unwrap();
    for (from, to) in [("root.key", "next-root.key"), ("root.crt", "next-root.crt")] {
        fs::copy(place.trust().join(from), place.trust().join(to)).unwrap();
    }
    let error = Authority::open(&place.trust()).unwrap_err();
    assert!(matches!(error, Error::Unusable { defect: Defect::SameRoots, .. }), "{error}");
}

#[test]
fn what_no_device_would_take_as_an_authority_is_no_root() {
    let place = Place::new();
    place.start(TODAY).unwrap();
    let read = |file: &str| fs::read_to_string(place.trust().join(file)).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let self_signed =
        rcgen::CertificateParams::new(vec!["lamp".to_owned()]).unwrap().self_signed(&key).unwrap();
    for (key, certificate) in [(read("leaf.key"), read("leaf.crt")), (key.serialize_pem(), self_signed.pem())]
    {
        fs::write(place.trust().join("root.key"), key).unwrap();
        fs::write(place.trust().join("root.crt"), certificate).unwrap();
        let error = Authority::open(&place.trust()).unwrap_err();
        assert!(matches!(error, Error::Unusable { defect: Defect::NotARoot, .. }), "{error}");
    }
}

#[test]
fn a_renewal_that_cannot_be_written_leaves_the_old_leaf_serving() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let before = leaf(&authority).clone();
    // A folder in the file's way, since a test that runs as root can write anywhere.
    let obstacle = place.trust().join("leaf.crt.new");
    fs::create_dir(&obstacle).unwrap();
    let error = authority.refresh(&names(&["other.local"]), &clock(TODAY)).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(leaf(&authority), &before, "in memory");
    assert_eq!(leaf(&Authority::open(&place.trust()).unwrap()), &before, "on disk");

    fs::remove_dir(&obstacle).unwrap();
    let _ = authority.refresh(&names(&["other.local"]), &clock(TODAY)).unwrap();
    assert_ne!(leaf(&authority), &before, "the next attempt succeeds");
}

#[test]
fn opening_what_is_not_there_says_so() {
    let place = Place::new();
    assert!(matches!(Authority::open(&place.trust()), Err(Error::NoAuthority { .. })));
}

#[test]
fn secrets_are_not_printed() {
    let place = Place::new();
    let authority = place.start(TODAY).unwrap();
    let printed = format!("{authority:?}");
    assert!(printed.contains("PrivateKey(..)") && printed.contains("otary root"));
    for key in KEYS {
        let text = fs::read_to_string(place.trust().join(key)).unwrap();
        assert!(!printed.contains(text.lines().nth(1).unwrap()));
    }
}
