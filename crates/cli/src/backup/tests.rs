//! A small data directory goes into an archive and comes back, or does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use otary_fleet::{Account, Event, EventKind, Grants, Scope, Session, Sha256, Time};
use otary_store::{Disk, DiskOptions, Head, Store};
use tempfile::TempDir;

use super::archive::{MANIFEST, MANIFEST_DIGEST, digest_line};
use super::manifest::{Entry, Flaw, Manifest};
use super::member::Member;
use super::tape::{BLOCK, TapeFault, Writer};
use super::{Archive, Fault, Source, WITHOUT_KEYS, make, restore};
use crate::advice::Report;
use crate::data::DataDir;

/// Every so many bytes one is damaged: no divisor of a block, so that each place within one is met.
const STRIDE: usize = 1021;
const NOW: Time = Time::from_secs(1_795_000_000);

/// A folder with a data directory `x` and its backup `x.tar`.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        let data = bench.path("x");
        let store = Disk::open(&data, DiskOptions::default()).unwrap();
        let kind = EventKind::Operator { who: "lena".into(), from: None, action: "tried it".into() };
        store.append(Event { at: NOW, device: None, product: None, kind }).unwrap();
        store.put_setting("authority.backed-up", "1").unwrap();
        let (name, grants) = ("lena".to_owned(), Grants::everywhere(Scope::Own));
        let password = "$argon2id$...".to_owned();
        let account = Account { name, password, grants, created: NOW, last_signed_in: None, disabled: false };
        store.put_account(&account).unwrap();
        let (hash, ends) = (Sha256::of(b"secret"), NOW + Duration::from_hours(9));
        let from = [127, 0, 0, 1].into();
        let session = Session { hash, account: account.name, created: NOW, last_seen: NOW, ends, from };
        store.put_session(&session).unwrap();
        drop(store);
        fs::create_dir(data.join("trust")).unwrap();
        fs::write(data.join("trust/root.crt"), "a certificate\n").unwrap();
        fs::write(data.join("trust/root.key"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
        fs::write(data.join("otary.toml"), "drain = \"2s\"\n").unwrap();
        fs::write(data.join("server.json"), "{}").unwrap();
        bench.back_up("x.tar").unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn back_up(&self, name: &str) -> anyhow::Result<Manifest> {
        let data = DataDir::named(&self.path("x"));
        make(&Source { data, settings: self.path("x/otary.toml") }, &self.path(name), NOW)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What is said when `archive` is restored to `y`; it has to be refused, and nothing may be left.
    fn refusal(&self, archive: &[u8]) -> String {
        fs::write(self.path("bad.tar"), archive).unwrap();
        let before = self.names();
        let refused = Archive::open(&self.path("bad.tar"))
            .map_err(anyhow::Error::from)
            .and_then(|archive| restore(&archive, &self.path("y"), |_| Ok(())))
            .unwrap_err();
        assert_eq!(self.names(), before, "something was written");
        Report(&refused).to_string()
    }
}

/// An archive with a manifest that says this, and these bytes as its database.
fn forged(manifest: &str, database: &[u8]) -> Vec<u8> {
    let mut tape = Writer::new(Vec::new(), NOW);
    tape.put(MANIFEST, manifest.len() as u64, manifest.as_bytes()).unwrap();
    let digest = digest_line(&Sha256::of(manifest.as_bytes()));
    tape.put(MANIFEST_DIGEST, digest.len() as u64, digest.as_bytes()).unwrap();
    tape.put("otary.db", database.len() as u64, database).unwrap();
    tape.finish().unwrap()
}

fn manifest_of(schema: i64, database: &[u8]) -> Manifest {
    let bytes = database.len() as u64;
    let entry = Entry { name: Member::Database, bytes, sha256: Sha256::of(database) };
    Manifest::of(schema, NOW, Head::START, vec![entry])
}

fn text(manifest: &Manifest) -> String {
    String::from_utf8(manifest.text().unwrap()).unwrap()
}

#[test]
fn what_comes_back_is_what_was_there_without_its_keys() {
    let bench = Bench::new();
    let archive = Archive::open(&bench.path("x.tar")).unwrap();
    restore(&archive, &bench.path("y"), |_| Ok(())).unwrap();
    let back = Disk::open(bench.path("y"), DiskOptions::default()).unwrap();
    assert_eq!(back.audit_head().unwrap(), archive.manifest.audit);
    assert_eq!(back.setting("authority.backed-up").unwrap().as_deref(), Some("1"));
    assert_eq!(back.accounts().unwrap().len(), 1);
    assert!(back.sessions().unwrap().is_empty(), "who was signed in may have been shut out since");
    let there = |place: &str| bench.path("y").join(place).exists();
    assert_eq!(fs::read(bench.path("y/otary.toml")).unwrap(), b"drain = \"2s\"\n");
    assert!(there(&format!("{WITHOUT_KEYS}/root.crt")) && !there("trust") && !there("server.json"));
    let bytes = fs::read(bench.path("x.tar")).unwrap();
    assert!(memchr::memmem::find(&bytes, b"PRIVATE KEY").is_none());
    assert_eq!(bench.names(), ["x", "x.tar", "y"]);
}

#[test]
fn a_key_under_a_public_name_stops_the_backup() {
    let bench = Bench::new();
    fs::copy(bench.path("x/trust/root.key"), bench.path("x/trust/copy.crt")).unwrap();
    let refused = bench.back_up("again.tar").unwrap_err().to_string();
    assert!(refused.starts_with("there is a private key in "), "{refused}");
    assert_eq!(bench.names(), ["x", "x.tar"]);
}

#[test]
fn a_backup_is_never_overwritten() {
    let bench = Bench::new();
    let before = fs::read(bench.path("x.tar")).unwrap();
    assert!(bench.back_up("x.tar").is_err());
    assert_eq!(fs::read(bench.path("x.tar")).unwrap(), before);
    assert_eq!(bench.names(), ["x", "x.tar"]);
}

#[test]
fn a_damaged_byte_anywhere_is_refused_and_nothing_is_written() {
    let bench = Bench::new();
    let whole = fs::read(bench.path("x.tar")).unwrap();
    // Every byte of the blocks up to the database, and of its beginning.
    let first = 8 * BLOCK;
    for at in
        (0..first).chain((first..whole.len()).step_by(STRIDE)).chain(whole.len() - 3 * BLOCK..whole.len())
    {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        let refused = bench.refusal(&damaged);
        assert!(refused.starts_with("error: "), "byte {at}: {refused}");
    }
    for length in (0..whole.len()).step_by(7919).chain([whole.len() - 1]) {
        bench.refusal(&whole[..length]);
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(bench.refusal(&longer).contains("something stands behind its end"));
}

#[test]
fn path_traversal_is_refused_by_name() {
    let bench = Bench::new();
    for name in ["../evil", "/tmp/evil", "trust/../../evil.crt", "blobs/../../evil"] {
        let mut manifest: serde_json::Value = serde_json::from_str(&text(&manifest_of(1, b"db"))).unwrap();
        let entry = serde_json::json!({ "name": name, "bytes": 2, "sha256": Sha256::of(b"db") });
        manifest["files"].as_array_mut().unwrap().push(entry);
        let refused = bench.refusal(&forged(&manifest.to_string(), b"db"));
        assert!(refused.contains("is the name of nothing that is in a backup"), "{refused}");
    }
}

#[test]
fn sizes_that_are_made_up_are_refused_before_anything_is_read() {
    let bench = Bench::new();
    let whole = manifest_of(1, b"db");
    let with = |change: &dyn Fn(&mut Entry)| {
        let mut manifest = whole.clone();
        change(&mut manifest.files[0]);
        bench.refusal(&forged(&text(&manifest), b"db"))
    };
    assert!(with(&|entry| entry.bytes = 1 << 50).contains("at most 1099511627776 are taken"));
    assert!(with(&|entry| entry.bytes = 512).contains("it is damaged near byte"));
    let mut header = super::tape::header(MANIFEST, 1 << 40, NOW).unwrap().to_vec();
    header.resize(4 * BLOCK, 0);
    assert!(bench.refusal(&header).contains("this is no backup of otary's"));
}

#[test]
fn a_newer_schema_is_refused_with_what_to_do() {
    let bench = Bench::new();
    let newer = Disk::schema() + 1;
    let refused = bench.refusal(&forged(&text(&manifest_of(newer, b"db")), b"db"));
    let told =
        format!("error: the backup's database has schema {newer}, this otary knows up to {}", Disk::schema());
    assert!(refused.starts_with(&told) && refused.contains("\nhelp: restore it with otary "), "{refused}");
    let mut forger = manifest_of(newer, b"db");
    forger.otary = "9\u{1b}[2J\u{202E}0".into();
    let refused = bench.refusal(&forged(&text(&forger), b"db"));
    assert!(refused.contains("with otary 9\u{FFFD}[2J\u{FFFD}0, which made it"), "{refused}");
}

#[test]
fn a_database_that_is_not_the_one_of_the_manifest_is_refused() {
    let bench = Bench::new();
    let database = {
        let archive = Archive::open(&bench.path("x.tar")).unwrap();
        assert!(archive.manifest.audit.number > 0);
        let into = bench.path("copy.db");
        Disk::snapshot(bench.path("x"), &into).unwrap();
        fs::read(into).unwrap()
    };
    // Its log has an entry that the manifest knows nothing of.
    let refused = bench.refusal(&forged(&text(&manifest_of(Disk::schema(), &database)), &database));
    assert!(refused.contains("help: the backup is not what it was when it was made"), "{refused}");
    let none = b"no database ".repeat(1000);
    assert!(
        bench
            .refusal(&forged(&text(&manifest_of(1, &none)), &none))
            .contains("opening the backup's database")
    );
}

#[test]
fn a_place_where_something_is_stays_as_it_is() {
    let bench = Bench::new();
    let archive = Archive::open(&bench.path("x.tar")).unwrap();
    fs::create_dir(bench.path("y")).unwrap();
    fs::write(bench.path("y/kept"), "").unwrap();
    let refused = Report(&restore(&archive, &bench.path("y"), |_| Ok(())).unwrap_err()).to_string();
    assert!(refused.contains("is there already\nhelp: name a folder that is not"), "{refused}");
    fs::remove_file(bench.path("y/kept")).unwrap();
    restore(&archive, &bench.path("y"), |_| Ok(())).unwrap();
    assert!(bench.path("y/otary.db").exists(), "an empty folder is taken");
}

#[test]
fn keys_that_do_not_fit_leave_nothing() {
    let bench = Bench::new();
    let archive = Archive::open(&bench.path("x.tar")).unwrap();
    let refused = restore(&archive, &bench.path("y"), |_| Err(anyhow::anyhow!("not those"))).unwrap_err();
    assert_eq!(
        (refused.to_string().as_str(), bench.names()),
        ("not those", vec!["x".into(), "x.tar".into()])
    );
}

#[test]
fn other_programs_read_it() {
    let bench = Bench::new();
    let folder = bench.path("unpacked");
    fs::create_dir(&folder).unwrap();
    let run = |program: &str, words: &[&str], folder: &Path| {
        let done = std::process::Command::new(program).args(words).current_dir(folder).output();
        done.unwrap().status.success()
    };
    assert!(run("tar", &["xf", "../x.tar"], &folder), "tar");
    assert!(run("sha256sum", &["--check", "--status", MANIFEST_DIGEST], &folder), "sha256sum");
    let archive = Archive::open(&bench.path("x.tar")).unwrap();
    for Entry { name, bytes, sha256 } in &archive.manifest.files {
        let unpacked = fs::read(folder.join(name.to_string())).unwrap();
        assert_eq!((unpacked.len() as u64, Sha256::of(&unpacked)), (*bytes, *sha256), "{name}");
    }
}

#[test]
fn faults_say_what_they_are() {
    let newer = text(&manifest_of(1, b"")).replace("\"version\": 1", "\"version\": 2");
    assert!(matches!(Manifest::parse(newer.as_bytes()), Err(Flaw::Newer { found: 2 })));
    let foreign = text(&manifest_of(1, b"")).replace("otary backup", "other backup");
    assert!(matches!(Manifest::parse(foreign.as_bytes()), Err(Flaw::Foreign)));
    let fault = Fault::from(TapeFault::CutOff { at: 512 });
    assert_eq!(fault.to_string(), "it is cut off at byte 512");
}
