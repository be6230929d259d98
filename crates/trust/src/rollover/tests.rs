//! The power is cut, or the disk is full, at every change that a step makes to the disk: in all of them the authority
//! is the old one or the new one, whole, and the step can still be taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use otary_fleet::{Misstep, Phase, Step, Time};
use rcgen::CertificateParams;
use tempfile::TempDir;

use super::*;
use crate::disk::power::{Fault, with_fault};
use crate::{KeyKind, Passphrase, Renewal, backup, restore};

/// 2026-11-23.
const TODAY: Time = Time::from_secs(1_795_392_000);
const CLOCK: Clock = Clock { now: TODAY, built: TODAY, newest: TODAY };
/// A clock that nothing can be made by.
const AT_BOOT: Clock = Clock { now: Time::from_secs(3), ..CLOCK };

/// What there is of generations: their numbers, how far a rollover is, how many have ended, whose key is away.
type Shape = (Vec<u32>, Option<Phase>, usize, bool);

fn shape(authority: &Authority) -> Shape {
    let generations = authority.generations();
    let numbers = generations.shown.iter().map(|generation| generation.id.0).collect();
    let phase = generations.rollover.map(|rollover| rollover.phase);
    (numbers, phase, generations.ended.len(), !authority.next_key_is_here())
}

fn names() -> Vec<Name> {
    ["serverota.local", "192.168.1.5", "new.lan"].map(|name| name.parse().unwrap()).to_vec()
}

fn hosts(texts: &[&str]) -> BTreeSet<HostName> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn open(dir: &Path) -> Result<Authority, Error> {
    Authority::open_or_create(dir, &names(), &CLOCK)
}

fn start(hosts: BTreeSet<HostName>, names: &[Name]) -> Start<'_> {
    Start { hosts, names, next_key: None, bridge: true }
}

fn begin(authority: &mut Authority) -> Result<(), Error> {
    authority.begin(start(hosts(&["new.lan"]), &names()), &CLOCK)
}

/// A certificate as people made them for themselves, with its key.
fn self_made() -> (Certificate, PrivateKey) {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "serverota.local");
    (Certificate::from_der(params.self_signed(key.pair()).unwrap().der()).unwrap(), key)
}

fn adopt(authority: &mut Authority) -> Result<(), Error> {
    let (certificate, key) = self_made();
    authority.adopt(vec![certificate], key, &hosts(&["serverota.local"]), &names(), &CLOCK)
}

/// That the file is not gone yet, although its removal is recorded, is told as an error of a step that was taken.
fn forget(authority: &mut Authority) -> Result<(), Error> {
    let result = authority.forget_next_key();
    if authority.next_key_is_here() { result } else { Ok(()) }
}

fn step(step: Step) -> impl Fn(&mut Authority) -> Result<(), Error> {
    move |authority| authority.step(step, &CLOCK)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, inner) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &inner);
        } else {
            fs::copy(&path, &inner).unwrap();
        }
    }
}

/// Every file in a folder and in those inside it, but the certificates of what has ended.
fn listing(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { listing(&path) } else { vec![path] })
        .filter(|path| !path.parent().unwrap().ends_with("ended"))
        .collect();
    files.sort();
    files
}

/// What has to be in the folder of an authority of this shape, and nothing else.
fn expected(dir: &Path, (numbers, phase, _, exported): &Shape) -> Vec<PathBuf> {
    let home =
        ["leaf.crt", "leaf.key", "leaf-rsa.crt", "leaf-rsa.key", "root.crt", "root.key", "next-root.crt"];
    let mut files: Vec<PathBuf> = home.iter().map(|file| dir.join(file)).collect();
    files.push(dir.join("generations.json"));
    let adopted = numbers.contains(&0);
    if phase.is_some() && !adopted {
        files.extend(home.iter().map(|file| dir.join(NEW_GENERATION).join(file)));
        files.push(dir.join(NEW_GENERATION).join("bridge.crt"));
        files.push(dir.join("next-root.key"));
    }
    if adopted {
        files.extend(["adopted.crt", "adopted.key"].map(|file| dir.join(ADOPTED).join(file)));
    }
    if !exported {
        let next_home = if phase.is_some() && !adopted { dir.join(NEW_GENERATION) } else { dir.to_owned() };
        files.push(next_home.join("next-root.key"));
    }
    files.sort();
    files
}

/// Whether everything that is shown to somebody has its keys, and leads to the anchor that it is said to lead to.
fn assert_serves(authority: &Authority) {
    let chains = authority.chains();
    for generation in &authority.generations().shown {
        let of_it = chains.iter().filter(|chain| chain.presented.generation == generation.id);
        let kinds: Vec<KeyKind> = of_it.clone().map(|chain| chain.kind).collect();
        assert_eq!(kinds.len(), if generation.adopted { 1 } else { 2 }, "{kinds:?}");
        for chain in of_it {
            let anchors = authority.anchors();
            let anchor = anchors.iter().find(|anchor| anchor.anchor_id() == generation.anchor.id).unwrap();
            let leaf = Certificate::from_der(&chain.chain[0]).unwrap();
            leaf.check_issuer(anchor).unwrap();
            assert_eq!(chain.chain.len(), if chain.presented.bridged { 2 } else { 1 });
        }
    }
}

/// Takes a step with a fault at each of its changes in turn. `prepare` makes what is there before.
fn try_at_every_change(
    fault: Fault,
    prepare: impl Fn(&mut Authority) -> Result<(), Error>,
    take: impl Fn(&mut Authority) -> Result<(), Error>,
) {
    let place = TempDir::new().unwrap();
    let template = place.path().join("template");
    let mut authority = open(&template).unwrap();
    prepare(&mut authority).unwrap();
    let before = shape(&authority);
    copy(&template, &place.path().join("whole"));
    let mut whole = open(&place.path().join("whole")).unwrap();
    take(&mut whole).unwrap();
    let after = shape(&whole);
    assert_ne!(before, after, "the step does something");

    let (mut olds, mut news) = (0, 0);
    for at in 0.. {
        let dir = place.path().join(at.to_string());
        copy(&template, &dir);
        let mut authority = open(&dir).unwrap();
        let (result, made) = with_fault(fault, at, || take(&mut authority));
        let found = shape(&authority);
        assert!(result.is_ok() == (found == after), "an error means that nothing was done: {at}, {result:?}");
        if fault == Fault::Full {
            assert_serves(&authority);
            assert!(authority.refresh(&names(), &CLOCK).is_ok(), "it tidies up once there is room: {at}");
        }
        drop(authority);
        let new = inspect(&dir, &before, &after);
        assert!(new || found == before, "what was told as done is done: {at}");
        if new {
            news += 1;
        } else {
            olds += 1;
        }
        if !new {
            let mut again = open(&dir).unwrap();
            take(&mut again).unwrap();
            assert_eq!(shape(&again), after, "the step can still be taken: {at}");
        }
        fs::remove_dir_all(&dir).unwrap();
        if made <= at {
            break;
        }
    }
    assert!(olds > 1 && news > 0, "{olds} old, {news} new");
}

/// Looks at what a fault left, first without changing it, then by a start without a clock. True: the step was taken.
fn inspect(dir: &Path, before: &Shape, after: &Shape) -> bool {
    let files = listing(dir);
    let read = Authority::open(dir).unwrap();
    assert_eq!(listing(dir), files, "reading changes nothing");
    let found = shape(&read);
    assert!(found == *before || found == *after, "{found:?}");
    assert_serves(&read);
    let started = Authority::open_or_create(dir, &names(), &AT_BOOT).unwrap();
    assert_eq!(shape(&started), found, "a start undoes nothing");
    assert_serves(&started);
    assert_eq!(listing(dir), expected(dir, &found), "nothing is left lying, nothing is missing");
    let again = Authority::open(dir).unwrap();
    assert_eq!(again.anchors(), started.anchors());
    found == *after
}

#[expect(clippy::unnecessary_wraps, reason = "it stands in the place of a step, which can fail")]
fn nothing(_: &mut Authority) -> Result<(), Error> {
    Ok(())
}

fn begun_and_switched(authority: &mut Authority) -> Result<(), Error> {
    begin(authority)?;
    authority.step(Step::Switch, &CLOCK)
}

#[test]
fn a_rollover_begins_whole_or_not_at_all() {
    try_at_every_change(Fault::Cut, nothing, begin);
    try_at_every_change(Fault::Full, nothing, begin);
}

#[test]
fn a_switch_is_made_whole_or_not_at_all() {
    try_at_every_change(Fault::Cut, begin, step(Step::Switch));
    try_at_every_change(Fault::Full, begin, step(Step::Switch));
}

#[test]
fn a_rollover_ends_whole_or_not_at_all() {
    try_at_every_change(Fault::Cut, begun_and_switched, step(Step::Finish));
    try_at_every_change(Fault::Full, begun_and_switched, step(Step::Finish));
}

#[test]
fn a_rollover_is_called_off_whole_or_not_at_all() {
    try_at_every_change(Fault::Cut, begun_and_switched, step(Step::Abort));
    try_at_every_change(Fault::Full, begin, step(Step::Abort));
}

#[test]
fn a_certificate_is_adopted_and_let_go_whole_or_not_at_all() {
    let switched = |authority: &mut Authority| {
        adopt(authority)?;
        authority.step(Step::Switch, &CLOCK)
    };
    for fault in [Fault::Cut, Fault::Full] {
        try_at_every_change(fault, nothing, adopt);
        try_at_every_change(fault, switched, step(Step::Finish));
        try_at_every_change(fault, adopt, step(Step::Abort));
    }
}

#[test]
fn the_next_key_is_here_or_away_and_nothing_between() {
    for fault in [Fault::Cut, Fault::Full] {
        try_at_every_change(fault, nothing, forget);
        try_at_every_change(fault, begin, forget);
    }
}

#[test]
fn a_rollover_whose_next_key_is_away_ends_whole_or_not_at_all() {
    let exported = |authority: &mut Authority| {
        begun_and_switched(authority)?;
        authority.forget_next_key()
    };
    try_at_every_change(Fault::Cut, exported, step(Step::Finish));
}

/// Does `work` on a copy of `template` with the power cut at each change in turn, and looks at each.
fn cut_at_every_change(
    template: Option<&Path>,
    work: impl Fn(&Path) -> Result<(), Error>,
    look: impl Fn(&Path),
) {
    let place = TempDir::new().unwrap();
    for at in 0.. {
        let dir = place.path().join(at.to_string());
        if let Some(template) = template {
            copy(template, &dir);
        }
        let (result, made) = with_fault(Fault::Cut, at, || work(&dir));
        assert_eq!(result.is_ok(), made <= at, "{at}");
        look(&dir);
        if result.is_ok() {
            assert!(at > 3, "there was something to cut");
            break;
        }
    }
}

#[test]
fn a_folder_of_an_earlier_otary_is_completed_whatever_happens() {
    let place = TempDir::new().unwrap();
    let template = place.path().join("trust");
    let made = open(&template).unwrap();
    for file in ["generations.json", "leaf-rsa.crt", "leaf-rsa.key"] {
        fs::remove_file(template.join(file)).unwrap();
    }
    let look = |dir: &Path| {
        let completed = open(dir).unwrap();
        assert_eq!(completed.anchors(), made.anchors());
        assert_eq!(completed.leaf().unwrap().certificate(), made.leaf().unwrap().certificate());
        assert_serves(&completed);
        assert_eq!(listing(dir), expected(dir, &shape(&completed)));
    };
    cut_at_every_change(Some(&template), |dir| open(dir).map(drop), look);
}

fn words() -> Passphrase {
    Passphrase::new("seal on the ice".to_owned())
}

/// The first lines of all the keys in a folder.
fn key_forms(dir: &Path) -> Vec<String> {
    let keys = listing(dir).into_iter().filter(|file| file.extension().is_some_and(|it| it == "key"));
    keys.map(|key| fs::read_to_string(key).unwrap().lines().next().unwrap().to_owned()).collect()
}

#[test]
fn keys_go_under_a_passphrase_one_by_one_and_none_is_lost() {
    let unlock = |dir: &Path| Authority::unlock_or_create(dir, words(), &names(), &CLOCK);
    let look = |dir: &Path| {
        assert_serves(&Authority::unlock(dir, words()).unwrap());
        assert_serves(&unlock(dir).unwrap());
        assert!(key_forms(dir).iter().all(|form| form == "-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    };
    for prepare in [begin, adopt] {
        let place = TempDir::new().unwrap();
        let template = place.path().join("trust");
        prepare(&mut open(&template).unwrap()).unwrap();
        cut_at_every_change(Some(&template), |dir| unlock(dir).map(drop), look);
    }
}

#[test]
fn keys_come_out_from_under_a_passphrase_one_by_one_and_none_is_lost() {
    let place = TempDir::new().unwrap();
    let template = place.path().join("trust");
    adopt(&mut Authority::unlock_or_create(&template, words(), &names(), &CLOCK).unwrap()).unwrap();
    let take_off = |dir: &Path| Authority::unlock(dir, words())?.keep_keys_under(None);
    let look = |dir: &Path| {
        assert_serves(&Authority::unlock(dir, words()).unwrap());
        take_off(dir).unwrap();
        assert!(key_forms(dir).iter().all(|form| form == "-----BEGIN PRIVATE KEY-----"));
        assert_serves(&Authority::open(dir).unwrap());
    };
    cut_at_every_change(Some(&template), take_off, look);
}

#[test]
fn a_next_key_that_came_back_is_not_lost_when_the_rollover_is_called_off() {
    let place = TempDir::new().unwrap();
    let template = place.path().join("trust");
    let mut authority = open(&template).unwrap();
    let kept = authority.next_key_pem().unwrap();
    authority.forget_next_key().unwrap();
    let next_key = PrivateKey::from_pem(kept.as_bytes()).unwrap();
    let names = names();
    authority.begin(Start { next_key: Some(next_key), ..start(BTreeSet::new(), &names) }, &CLOCK).unwrap();
    for at in 0.. {
        let dir = place.path().join(at.to_string());
        copy(&template, &dir);
        let mut authority = open(&dir).unwrap();
        let (_, made) = with_fault(Fault::Cut, at, || authority.step(Step::Abort, &CLOCK));
        assert_serves(&open(&dir).unwrap());
        let lies = |file: &Path| fs::read_to_string(file).is_ok_and(|text| text == *kept);
        let under_way = lies(&dir.join(NEW_GENERATION).join("root.key"));
        assert!(under_way || lies(&dir.join("next-root.key")), "{at}");
        if made <= at {
            assert!(!under_way && at > 3, "it is called off in the end");
            break;
        }
    }
}

#[test]
fn a_restored_rollover_is_there_whole_or_not_at_all() {
    let (place, passphrase) = (TempDir::new().unwrap(), Passphrase::new("seal on the ice floe".to_owned()));
    let mut authority = open(&place.path().join("trust")).unwrap();
    begun_and_switched(&mut authority).unwrap();
    let file = backup(&authority, &serde_json::Value::Null, TODAY, &passphrase).unwrap();
    let work = |dir: &Path| match restore(file.as_bytes(), &passphrase, dir, None) {
        Err(crate::BackupError::Folder(error)) => Err(error),
        restored => restored.map(drop).map_err(|error| panic!("{error}")),
    };
    let look = |dir: &Path| {
        if dir.exists() {
            let restored = Authority::open(dir).unwrap();
            assert_eq!(restored.generations(), authority.generations());
            assert_serves(&restored);
            assert_eq!(listing(dir), expected(dir, &shape(&restored)));
        }
    };
    cut_at_every_change(None, work, look);
}

#[test]
fn both_leaves_are_renewed_whatever_happens() {
    let place = TempDir::new().unwrap();
    let template = place.path().join("trust");
    open(&template).unwrap();
    let due = Clock { now: TODAY + Duration::from_hours(300 * 24), ..CLOCK };
    let work = |dir: &Path| {
        let mut authority = Authority::open(dir)?;
        authority.refresh(&names(), &due).map(|renewal| assert!(matches!(renewal, Renewal::Issued(_))))
    };
    let look = |dir: &Path| {
        assert_serves(&Authority::open(dir).unwrap());
        let settled = Authority::open_or_create(dir, &names(), &AT_BOOT).unwrap();
        assert_eq!(listing(dir), expected(dir, &shape(&settled)));
        assert_serves(&Authority::open(dir).unwrap());
    };
    cut_at_every_change(Some(&template), work, look);
}

#[test]
fn a_full_disk_during_a_renewal_is_told_and_the_old_leaves_serve_until_there_is_room() {
    let place = TempDir::new().unwrap();
    let template = place.path().join("template");
    open(&template).unwrap();
    let due = Clock { now: TODAY + Duration::from_hours(300 * 24), ..CLOCK };
    for at in 0.. {
        let dir = place.path().join(at.to_string());
        copy(&template, &dir);
        let mut authority = Authority::open(&dir).unwrap();
        let (renewal, made) = with_fault(Fault::Full, at, || authority.refresh(&names(), &due));
        assert_serves(&authority);
        assert_serves(&Authority::open(&dir).unwrap());
        let Err(error) = renewal else {
            assert!(at > 3 && made <= at, "a fault was passed over: {at}");
            break;
        };
        let Error::Io { path, source, .. } = &error else { panic!("{error}") };
        assert!(path.starts_with(&dir) && source.kind() == std::io::ErrorKind::StorageFull);
        assert!(matches!(authority.refresh(&names(), &due), Ok(Renewal::Issued(_))), "{at}");
        assert_eq!(authority.refresh(&names(), &due).unwrap(), Renewal::NotDue, "{at}");
        assert_eq!(listing(&dir), expected(&dir, &shape(&authority)));
        assert_serves(&Authority::open(&dir).unwrap());
    }
}

#[test]
fn two_rollovers_do_not_run_at_once() {
    let place = TempDir::new().unwrap();
    let mut authority = open(&place.path().join("trust")).unwrap();
    begin(&mut authority).unwrap();
    assert!(matches!(begin(&mut authority), Err(Error::Misstep(Misstep::UnderWay { .. }))));
    assert!(matches!(adopt(&mut authority), Err(Error::Misstep(Misstep::UnderWay { .. }))));
}
