//! `kill -9` at any moment leaves a store that opens, with every artifact whole.
//!
//! The test starts itself again as a child that works on a store without end, says what it has done, and is killed in
//! the middle of it. What the child said was done must then be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use otary_fleet::{Chip, Sha256};
use otary_store::{Disk, DiskOptions, Retention, Store};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::Connection;

use crate::sample::{artifact, at, event, forever, lamp, later, mac, poll, publish, release_id};

const KILLS: u64 = 120;
const THIS_TEST: &str = "kill::a_killed_process_leaves_every_artifact_whole";
const FOLDER: &str = "OTARY_STORE_KILL_FOLDER";
const SEED: &str = "OTARY_STORE_KILL_SEED";

/// What the child said that it had done.
#[derive(Default)]
struct Said {
    /// By version, until it is about to be deleted: it may or may not be there then.
    releases: BTreeMap<String, Sha256>,
    deleted: BTreeSet<String>,
    polls: u64,
    published: usize,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["published", version, digest] => {
                self.releases.insert((*version).into(), digest.parse().unwrap());
                self.published += 1;
            }
            ["deleting", version] => drop(self.releases.remove(*version)),
            ["deleted", version] => drop(self.deleted.insert((*version).into())),
            ["polled", polls] => self.polls = polls.parse().unwrap(),
            _ => {}
        }
    }
}

#[test]
fn a_killed_process_leaves_every_artifact_whole() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        work_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut said = Said::default();
    for seed in 0..KILLS {
        let mut random = StdRng::seed_from_u64(seed);
        // Where it is killed must not depend on how fast this machine is. Some are killed while the store opens.
        let lines = random.random_range(0..12);
        let delay = Duration::from_micros(random.random_range(0..10_000));
        for line in run_and_kill(folder.path(), seed, lines, delay).lines() {
            said.hear(line);
        }
        check(folder.path(), &said);
    }
    println!("{KILLS} kills, {} releases published, {} polls written", said.published, said.polls);
    assert!(said.published > 100 && said.polls > 20, "it was killed before it did anything");
}

/// Kills the child (SIGKILL on Unix) a while after it has said so many lines. Gives what it said; a line that was cut
/// off says nothing.
fn run_and_kill(folder: &Path, seed: u64, lines: usize, delay: Duration) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([THIS_TEST, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..lines {
        stdout.read_line(&mut said).unwrap();
    }
    std::thread::sleep(delay);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(status.code(), None, "it was to be killed, and ended by itself: {stderr}");
    stdout.read_to_string(&mut said).unwrap();
    said.truncate(said.rfind('\n').map_or(0, |end| end + 1));
    said
}

fn check(folder: &Path, said: &Said) {
    let store = Disk::open(folder, DiskOptions::default()).unwrap();
    assert_eq!(fs::read_dir(folder.join("tmp")).unwrap().count(), 0);
    for (name, path) in blob_files(folder) {
        assert_eq!(Sha256::of(&fs::read(path).unwrap()).to_string(), name, "half a blob");
    }
    let catalogue = store.catalogue();
    for (version, digest) in &said.releases {
        let release = catalogue.release(&release_id(version)).expect(version);
        assert_eq!(release.artifacts, [*digest]);
    }
    for release in catalogue.all_releases() {
        assert!(release.artifacts.iter().all(|artifact| catalogue.artifact(artifact).is_some()));
        assert!(!said.deleted.contains(release.id.version.as_str()), "{} was deleted", release.id);
    }
    for artifact in catalogue.artifacts() {
        assert_eq!(u64::try_from(store.blob(&artifact.id).unwrap().len()).unwrap(), artifact.size);
    }
    assert!(store.device(mac(1)).unwrap().map_or(0, |device| device.polls) >= said.polls);
    store.prune(&Retention { unreferenced: Duration::ZERO, ..forever() }, later()).unwrap();
    let on_record = store.catalogue().artifacts().count();
    drop(store);
    assert_eq!(blob_files(folder).len(), on_record);
    check_database(&folder.join("otary.db"));
}

/// Every file under `blobs/`, and the digest that it is named by.
fn blob_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let folders = fs::read_dir(folder.join("blobs")).unwrap().map(|entry| entry.unwrap());
    let files = folders.flat_map(|folder| {
        let head = folder.file_name().into_string().unwrap();
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        files.map(move |file| (format!("{head}{}", file.file_name().to_str().unwrap()), file.path()))
    });
    files.collect()
}

fn check_database(path: &Path) {
    let database = Connection::open(path).unwrap();
    let verdict: String = database.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut dangling = database.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!dangling.exists(()).unwrap(), "a release without its artifact");
}

/// Says what has been done, at once: the pipe holds it when the process is gone.
fn say(what: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}").unwrap();
    out.flush().unwrap();
}

fn work_until_killed(folder: &Path) -> ! {
    let seed = std::env::var(SEED).unwrap();
    let mut random = StdRng::seed_from_u64(seed.parse().unwrap());
    let store = Disk::open(folder, DiskOptions::default()).unwrap();
    store.put_product(&lamp()).unwrap();
    // Ends the line that the test harness has begun.
    say("");
    for step in 0.. {
        upload_and_publish(&store, &mut random, &format!("{seed}.{step}"));
        delete_surplus(&store);
        for number in 1..=random.random_range(1..20) {
            poll(&store, mac(number), at(step));
            store.append(event(step, Some(mac(number)))).unwrap();
        }
        if random.random_bool(0.5) {
            store.flush().unwrap();
            say(format_args!("polled {}", store.device(mac(1)).unwrap().unwrap().polls));
        }
    }
    unreachable!("it works until it is killed")
}

fn upload_and_publish(store: &Disk, random: &mut StdRng, version: &str) {
    let mut bytes = vec![0; random.random_range(1..1_000_000)];
    random.fill(bytes.as_mut_slice());
    let mut abandoned = store.begin_blob().unwrap();
    abandoned.write_all(&bytes).unwrap();
    let artifact = artifact(&bytes, Chip::Esp32);
    publish(store, version, &bytes, at(0));
    say(format_args!("published {version} {}", artifact.id));
    store.count_download(&artifact.id, random.random_bool(0.5));
}

/// Keeps ten releases, so that checking stays fast.
fn delete_surplus(store: &Disk) {
    let releases: Vec<_> = store.catalogue().all_releases().map(|release| release.id.clone()).collect();
    let surplus = releases.len().saturating_sub(10);
    for id in releases.iter().take(surplus) {
        say(format_args!("deleting {}", id.version));
        store.delete_release(id).unwrap();
        say(format_args!("deleted {}", id.version));
    }
    if surplus > 0 {
        store.prune(&Retention { unreferenced: Duration::ZERO, ..forever() }, later()).unwrap();
    }
}
