//! A fleet's trust in one file, and back.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use otary_trust::{Authority, BackupError, Defect, Error, Passphrase, Start, TooShort, backup, restore};
use serde_json::{Value, json};

use super::{Place, TODAY, clock, leaf};

const WORDS: &str = "seal on the ice floe";

fn passphrase() -> Passphrase {
    Passphrase::new(WORDS.to_owned())
}

fn settings() -> Value {
    json!({ "names": ["serverota.local"], "https": 3443 })
}

fn saved(place: &Place) -> (Authority, String) {
    let authority = place.start(TODAY).unwrap();
    let file = backup(&authority, &settings(), TODAY, &passphrase()).unwrap();
    (authority, file)
}

/// A backup file with these contents, as somebody with the passphrase could make it.
fn file_with(contents: &Value) -> String {
    let mut recipient = age::scrypt::Recipient::new(WORDS.to_owned().into());
    recipient.set_work_factor(4);
    age::encrypt_and_armor(&recipient, contents.to_string().as_bytes()).unwrap()
}

fn contents_of(file: &str) -> Value {
    let identity = age::scrypt::Identity::new(WORDS.to_owned().into());
    serde_json::from_slice(&age::decrypt(&identity, file.as_bytes()).unwrap()).unwrap()
}

#[test]
fn what_was_saved_comes_back_on_another_machine() {
    let (place, other) = (Place::new(), Place::new());
    let (authority, file) = saved(&place);
    assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
    assert!(!file.contains("serverota.local"));

    let restored = restore(file.as_bytes(), &passphrase(), &other.trust(), None).unwrap();
    assert_eq!(restored.authority.anchors(), authority.anchors());
    assert_eq!(restored.settings, settings());
    assert_eq!(restored.created, TODAY);
    let opened = other.start(otary_fleet::Time::from_secs(9)).unwrap();
    assert_eq!(leaf(&opened), leaf(&authority), "it serves at once, even without a clock");
    let keys = |of: &Authority| of.chains().into_iter().map(|chain| chain.key).collect::<Vec<_>>();
    assert_eq!((keys(&opened), keys(&opened).len()), (keys(&authority), 2));
}

#[test]
fn without_a_key_of_a_root_there_is_no_backup() {
    let place = Place::new();
    place.start(TODAY).unwrap();
    fs::remove_file(place.trust().join("root.key")).unwrap();
    let authority = place.start(TODAY).unwrap();
    assert_eq!(authority.missing_root_key(), Some(place.trust().join("root.key")));
    let error = backup(&authority, &settings(), TODAY, &passphrase()).unwrap_err();
    let BackupError::Folder(error @ Error::Missing { path }) = &error else { panic!("{error}") };
    assert!(path.ends_with("root.key"), "{error}");
    assert!(error.help().unwrap().contains("otary trust restore"));
}

#[test]
fn in_a_rollover_both_roots_have_their_keys_unless_the_old_one_was_given_up() {
    for bridge in [true, false] {
        let place = Place::new();
        let mut authority = place.start(TODAY).unwrap();
        assert_eq!(authority.missing_root_key(), None);
        let start = Start { hosts: BTreeSet::new(), names: &place.names, next_key: None, bridge };
        authority.begin(start, &clock(TODAY)).unwrap();
        let keys = ["root.key", "new-generation/root.key"].map(|key| place.trust().join(key));
        fs::remove_file(&keys[0]).unwrap();
        let missing = Authority::open(&place.trust()).unwrap().missing_root_key();
        assert_eq!(missing, bridge.then(|| keys[0].clone()));
        fs::remove_file(&keys[1]).unwrap();
        let missing = Authority::open(&place.trust()).unwrap().missing_root_key();
        assert_eq!(missing, Some(keys[usize::from(!bridge)].clone()));
    }
}

#[test]
fn an_authority_is_never_overwritten() {
    let (place, other) = (Place::new(), Place::new());
    let (_, file) = saved(&place);
    let root = other.start(TODAY).unwrap().root().clone();
    let error = restore(file.as_bytes(), &passphrase(), &other.trust(), None).unwrap_err();
    assert!(matches!(error, BackupError::Folder(Error::Occupied { .. })), "{error}");
    assert_eq!(other.start(TODAY).unwrap().root(), &root);
}

#[test]
fn a_wrong_passphrase_or_a_changed_file_writes_nothing() {
    let (place, other) = (Place::new(), Place::new());
    let (_, file) = saved(&place);
    let open = |file: &str, words: &str| {
        let error =
            restore(file.as_bytes(), &Passphrase::new(words.to_owned()), &other.trust(), None).unwrap_err();
        assert!(!other.trust().exists());
        error
    };
    assert!(matches!(open(&file, "seal on the ice flow"), BackupError::WrongPassphrase));
    assert!(matches!(open(&file, ""), BackupError::WrongPassphrase));

    let lines: Vec<&str> = file.lines().collect();
    let tampered = |line: usize| {
        let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        let flipped = if lines[line].starts_with('A') { "B" } else { "A" };
        lines[line].replace_range(..1, flipped);
        lines.join("\n") + "\n"
    };
    assert!(matches!(open(&tampered(lines.len() / 2), WORDS), BackupError::Damaged));
    assert!(matches!(open(&tampered(lines.len() - 2), WORDS), BackupError::Damaged));
    let cut = file[..file.len() / 2].to_owned();
    assert!(matches!(open(&cut, WORDS), BackupError::Damaged | BackupError::NotABackup));
    for foreign in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(open(foreign, WORDS), BackupError::NotABackup), "{foreign:?}");
    }
    assert!(matches!(open(&"A".repeat(5_000_000), WORDS), BackupError::TooLong { found: 5_000_000 }));
}

#[test]
fn a_short_passphrase_protects_nothing() {
    let authority = Place::new().start(TODAY).unwrap();
    let error =
        backup(&authority, &settings(), TODAY, &Passphrase::new("seal on ice".to_owned())).unwrap_err();
    assert!(matches!(error, BackupError::TooShort(TooShort { found: 11 })));
    assert_eq!(error.to_string(), "the passphrase has 11 characters, and needs at least 12");
}

#[test]
fn contents_are_checked_before_anything_is_written() {
    let (place, stranger, other) = (Place::new(), Place::new(), Place::new());
    let good = contents_of(&saved(&place).1);
    let foreign = contents_of(&saved(&stranger).1);
    let open = |edit: &dyn Fn(&mut Value)| {
        let mut contents = good.clone();
        edit(&mut contents);
        let result = restore(file_with(&contents).as_bytes(), &passphrase(), &other.trust(), None);
        assert_eq!(result.is_ok(), other.trust().exists());
        result
    };
    let member = |edit: &dyn Fn(&mut Value)| match open(edit) {
        Err(BackupError::Member { member, defect }) => (member, defect),
        other => panic!("{other:?}"),
    };

    assert!(matches!(
        member(&|it| it["home"]["root"]["key"] = foreign["home"]["root"]["key"].clone()),
        ("root", Defect::KeyMismatch { .. })
    ));
    assert!(matches!(
        member(&|it| it["next_root"]["certificate"] = json!("none")),
        ("next root", Defect::NoBlock)
    ));
    assert!(matches!(
        member(&|it| it["next_root"] = it["home"]["root"].clone()),
        ("next root", Defect::SameRoots)
    ));
    assert!(matches!(
        member(&|it| it["home"]["root"] = it["home"]["leaf"].clone()),
        ("root", Defect::NotARoot)
    ));
    assert!(matches!(
        member(&|it| it["home"]["leaf"] = foreign["home"]["leaf"].clone()),
        ("leaf", Defect::OtherIssuer { .. })
    ));
    assert!(matches!(open(&|it| it["version"] = json!(4)), Err(BackupError::Version { found: 4 })));
    assert!(matches!(open(&|it| it["format"] = json!("else")), Err(BackupError::NotABackup)));
    assert!(matches!(open(&|it| it["extra"] = json!(1)), Err(BackupError::Contents(_))));
    assert!(matches!(
        open(&|it| drop(it.as_object_mut().unwrap().remove("home"))),
        Err(BackupError::Contents(_))
    ));
    assert!(open(&|it| it["home"]["leaf"] = Value::Null).unwrap().authority.leaf().is_none());
    assert!(other.start(TODAY).unwrap().leaf().is_some(), "a leaf is made where none was saved");
}

#[test]
fn a_backup_from_before_releases_were_signed_comes_back() {
    let (place, other) = (Place::new(), Place::new());
    let mut contents = contents_of(&saved(&place).1);
    contents["version"] = json!(2);
    contents.as_object_mut().unwrap().remove("signing").unwrap();
    let file = file_with(&contents);
    let restored = restore(file.as_bytes(), &passphrase(), &other.trust(), None).unwrap();
    assert!(restored.authority.holding().chain().newest().is_none());
}

#[test]
fn a_file_that_would_eat_the_memory_is_refused() {
    let (place, other) = (Place::new(), Place::new());
    let (_, file) = saved(&place);
    let mut bytes = Vec::new();
    age::armor::ArmoredReader::new(file.as_bytes()).read_to_end(&mut bytes).unwrap();
    let head = bytes.windows(4).position(|window| window == b" 17\n").unwrap();
    bytes[head + 1..head + 3].copy_from_slice(b"21");
    let error = restore(&bytes, &passphrase(), &other.trust(), None).unwrap_err();
    assert!(matches!(error, BackupError::TooMuchWork { required: 21 }), "{error}");
}

#[test]
fn openssl_reads_the_keys_of_a_backup() {
    let place = Place::new();
    let (_, file) = saved(&place);
    let contents = contents_of(&file);
    for pair in ["/home/root", "/next_root", "/home/leaf", "/home/rsa_leaf"] {
        let path = place.dir.path().join("key");
        fs::write(&path, contents.pointer(pair).unwrap()["key"].as_str().unwrap()).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-check", "-noout", "-in"]).arg(&path).stdout(Stdio::null());
        assert!(openssl.status().unwrap().success(), "{pair}");
    }
}
