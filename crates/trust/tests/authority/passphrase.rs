//! Keys under a passphrase: who opens what with it and without it, and how they get there and back.

use std::fs;
use std::path::Path;
use std::process::Command;

use otary_fleet::Step;
use otary_trust::{
    Authority, BackupError, Defect, Error, Name, Passphrase, PrivateKey, Start, backup, restore,
};

use super::{Place, TODAY, clock, leaf};

const SEALED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";

fn words() -> Passphrase {
    Passphrase::new("seal on the ice".to_owned())
}

fn unlock(place: &Place, words: Passphrase) -> Result<Authority, Error> {
    Authority::unlock_or_create(&place.trust(), words, &place.names, &clock(TODAY))
}

fn start(names: &[Name]) -> Start<'_> {
    Start { hosts: ["new.lan".parse().unwrap()].into(), names, next_key: None, bridge: true }
}

/// The text of every key in the folder and in those inside it.
fn keys(dir: &Path) -> Vec<String> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: std::path::PathBuf| match path.extension() {
        _ if path.is_dir() => keys(&path),
        Some(extension) if extension == "key" => vec![fs::read_to_string(path).unwrap()],
        _ => Vec::new(),
    };
    paths.flat_map(of).collect()
}

#[test]
fn they_are_read_with_it_alone() {
    let place = Place::new();
    let mut authority = unlock(&place, words()).unwrap();
    authority.begin(start(&place.names), &clock(TODAY)).unwrap();
    assert_eq!(unlock(&place, words()).unwrap().chains().len(), 4);
    let texts = keys(&place.trust());
    assert!(texts.len() == 8 && texts.iter().all(|text| text.starts_with(SEALED)), "{texts:?}");

    let error = unlock(&place, Passphrase::new("seal on the sand".to_owned())).unwrap_err();
    assert!(matches!(error, Error::Unusable { defect: Defect::WrongPassphrase, .. }), "{error}");
    let error = place.start(TODAY).unwrap_err();
    assert!(matches!(&error, Error::Locked { path } if path.ends_with("root.key")), "{error}");
    let without = Authority::open(&place.trust()).unwrap();
    assert_eq!(without.locked(), Some(place.trust().join("root.key")));
    assert_eq!(without.anchors(), authority.anchors(), "certificates are for everybody");
    assert!(without.chains().is_empty());
}

#[test]
fn openssl_opens_them_too() {
    let place = Place::new();
    unlock(&place, words()).unwrap();
    for key in ["root.key", "leaf-rsa.key"] {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-check", "-noout", "-passin", "pass:seal on the ice", "-in"]);
        let output = openssl.arg(place.trust().join(key)).output().unwrap();
        assert!(output.status.success(), "{key}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_key_that_openssl_has_put_under_a_passphrase_is_read() {
    let place = Place::new();
    place.start(TODAY).unwrap();
    let key = place.trust().join("root.key");
    let public = PrivateKey::from_pem(&fs::read(&key).unwrap()).unwrap().public_key();
    for options in [&["-v2", "aes-256-cbc"][..], &["-scrypt"]] {
        let mut openssl = Command::new("openssl");
        openssl.args(["pkcs8", "-topk8", "-passout", "pass:seal on the ice", "-in"]).arg(&key).args(options);
        let output = openssl.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = PrivateKey::unlock(&output.stdout, Some(&words())).unwrap();
        assert_eq!(read.public_key(), public, "{options:?}");
        assert!(matches!(PrivateKey::unlock(&output.stdout, None), Err(Defect::Locked)));
    }
}

#[test]
fn those_that_lie_in_the_clear_go_under_it_at_the_next_start_and_come_out_again() {
    let place = Place::new();
    let before = leaf(&place.start(TODAY).unwrap()).clone();
    assert!(keys(&place.trust()).iter().all(|text| !text.starts_with(SEALED)));
    let mut authority = unlock(&place, words()).unwrap();
    assert!(keys(&place.trust()).iter().all(|text| text.starts_with(SEALED)));
    assert_eq!(leaf(&authority), &before, "they are the same keys");

    let other = || Passphrase::new("another one of them".to_owned());
    authority.keep_keys_under(Some(other())).unwrap();
    assert!(matches!(unlock(&place, words()), Err(Error::Unusable { .. })));
    let mut authority = unlock(&place, other()).unwrap();
    authority.keep_keys_under(None).unwrap();
    let authority = place.start(TODAY).unwrap();
    assert_eq!((leaf(&authority), authority.locked()), (&before, None));
}

#[test]
fn without_it_nothing_is_changed_and_half_a_renewal_is_not_taken_for_rubbish() {
    let place = Place::new();
    let mut authority = unlock(&place, words()).unwrap();
    let file = |name: &str| place.trust().join(name);
    let old = fs::read(file("leaf.crt")).unwrap();
    authority.renew_all(&place.names, &clock(TODAY)).unwrap();
    let renewed = leaf(&authority).clone();
    // The power went between the two renames.
    fs::rename(file("leaf.crt"), file("leaf.crt.new")).unwrap();
    fs::write(file("leaf.crt"), old).unwrap();

    let mut closed = Authority::open(&place.trust()).unwrap();
    let now = clock(TODAY);
    let locked =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Locked { .. })), "{result:?}");
    locked(closed.refresh(&place.names, &now).map(drop));
    locked(closed.renew_all(&place.names, &now));
    locked(closed.begin(start(&place.names), &now));
    locked(closed.step(Step::Switch, &now));
    locked(closed.forget_next_key());
    locked(closed.keep_keys_under(None));
    locked(closed.next_key_pem().map(drop));
    locked(closed.issue_client("lamp", &now).map(drop));
    assert_eq!(leaf(&unlock(&place, words()).unwrap()), &renewed);
}

#[test]
fn a_backup_is_whole_or_refused_and_comes_back_under_a_passphrase_of_the_keys_own() {
    let (place, other) = (Place::new(), Place::new());
    unlock(&place, words()).unwrap();
    let save = |authority: &Authority| backup(authority, &serde_json::Value::Null, TODAY, &words());
    let refused = save(&Authority::open(&place.trust()).unwrap()).unwrap_err();
    assert!(matches!(refused, BackupError::Folder(Error::Locked { .. })), "{refused}");

    let file = save(&Authority::unlock(&place.trust(), words()).unwrap()).unwrap();
    let own = || Passphrase::new("a word for the keys".to_owned());
    restore(file.as_bytes(), &words(), &other.trust(), Some(own())).unwrap();
    assert!(keys(&other.trust()).iter().all(|text| text.starts_with(SEALED)), "at no time in the clear");
    assert_eq!(unlock(&other, own()).unwrap().chains().len(), 2);
}
