//! A rollover from its beginning to its end, and what else moves a fleet to another root.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use otary_fleet::{Anchor, GenerationId, Misstep, Phase, Step, Time};
use otary_trust::{
    Authority, Certificate, Defect, Error, HostName, KeyKind, Name, Passphrase, PrivateKey, Renewal,
    ServerChain, Start, backup, restore,
};

use super::{DAY, Place, TODAY, clock, leaf, names};

fn hosts(texts: &[&str]) -> BTreeSet<HostName> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn start<'a>(own: &[&str], names: &'a [Name]) -> Start<'a> {
    Start { hosts: hosts(own), names, next_key: None, bridge: true }
}

/// A place where a rollover has begun to `new.lan`, and its authority.
fn begun() -> (Place, Authority) {
    let place = Place { names: names(&["serverota.local", "192.168.1.5", "new.lan"]), ..Place::new() };
    let mut authority = place.start(TODAY).unwrap();
    authority.begin(start(&["new.lan"], &place.names), &clock(TODAY)).unwrap();
    (place, authority)
}

/// What the server shows to those who ask for this name: its chain with a P-256 leaf, parsed.
fn shown(authority: &Authority, name: Option<&str>) -> Vec<Certificate> {
    let presented = authority.generations().presented(name);
    let chains = authority.chains();
    let fits = |chain: &&ServerChain| chain.presented == presented && !chain.kind.is_rsa();
    let chain = &chains.iter().find(fits).unwrap().chain;
    chain.iter().map(|der| Certificate::from_der(der).unwrap()).collect()
}

fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_next_root_becomes_the_root_and_the_one_after_it_was_spread_meanwhile() {
    let place = Place::new();
    let [root, next] =
        [place.start(TODAY).unwrap()].map(|it| [it.root().clone(), it.next_root().clone()])[0].clone();
    let mut authority = place.start(TODAY).unwrap();
    authority.begin(start(&[], &place.names), &clock(TODAY)).unwrap();
    let after = authority.next_root().clone();
    assert_eq!(authority.root(), &root, "still in charge");
    assert_eq!(authority.anchors(), [&root, &next, &after]);

    authority.step(Step::Switch, &clock(TODAY + DAY)).unwrap();
    assert_eq!(authority.root(), &next);
    assert_eq!(authority.anchors(), [&next, &root, &after], "the anchor in charge first");
    assert_eq!(shown(&authority, None).len(), 2, "the bridge goes with the leaf");

    authority.step(Step::Finish, &clock(TODAY + DAY * 2)).unwrap();
    for authority in [authority, place.start(TODAY + DAY * 2).unwrap()] {
        assert_eq!(authority.anchors(), [&next, &after]);
        assert_eq!(shown(&authority, None).len(), 1);
        assert_eq!(authority.client_roots(), [&next, &root], "certificates of devices are still known");
        assert_eq!(authority.generations().ended[0].anchor, root.anchor());
    }
    let pem = fs::read_to_string(place.trust().join("root.crt")).unwrap();
    assert_eq!(pem, next.pem(), "people find the root in its place");
}

#[test]
fn nothing_is_left_of_a_key_that_signs_no_more() {
    let (place, mut authority) = begun();
    let old_key = fs::read_to_string(place.trust().join("root.key")).unwrap();
    authority.step(Step::Switch, &clock(TODAY)).unwrap();
    authority.step(Step::Finish, &clock(TODAY)).unwrap();
    for entry in fs::read_dir(place.trust()).unwrap() {
        let path = entry.unwrap().path();
        let text = if path.is_file() { fs::read_to_string(&path).unwrap() } else { String::new() };
        assert_ne!(text, old_key, "{}", path.display());
    }
    let ended = fs::read_dir(place.trust().join("ended")).unwrap();
    assert_eq!(ended.count(), 1, "its certificate alone");
}

#[test]
fn a_rollover_that_is_called_off_leaves_the_roots_as_they_were() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let before: Vec<Anchor> = authority.anchors().iter().map(|anchor| anchor.anchor()).collect();
    for switched in [false, true] {
        authority.begin(start(&["new.lan"], &place.names), &clock(TODAY)).unwrap();
        if switched {
            authority.step(Step::Switch, &clock(TODAY)).unwrap();
        }
        authority.step(Step::Abort, &clock(TODAY)).unwrap();
        let after: Vec<Anchor> = authority.anchors().iter().map(|anchor| anchor.anchor()).collect();
        assert_eq!(before, after);
        assert!(authority.next_key_is_here());
    }
    authority.begin(start(&[], &place.names), &clock(TODAY)).unwrap();
    assert_eq!(authority.generations().shown[1].id, GenerationId(4), "no number is used twice");
}

#[test]
fn each_name_is_shown_its_own_chain() {
    let (_place, mut authority) = begun();
    let (old, new) = (authority.root().clone(), authority.anchors()[1].clone());
    let issuer = |authority: &Authority, name| {
        let chain = shown(authority, name);
        let signs =
            |root: &&Certificate| chain[0].anchor_id() != root.anchor_id() && is_signed(&chain[0], root);
        [&old, &new].into_iter().find(signs).unwrap().anchor_id()
    };
    let names = [Some("new.lan"), Some("serverota.local"), None];
    let roots = |authority: &Authority| names.map(|name| issuer(authority, name));
    assert_eq!(roots(&authority), [new.anchor_id(), old.anchor_id(), old.anchor_id()]);
    authority.step(Step::Switch, &clock(TODAY)).unwrap();
    assert_eq!(roots(&authority), [new.anchor_id(), old.anchor_id(), new.anchor_id()]);
}

/// Whether OpenSSL finds `root`'s signature on a leaf.
fn is_signed(leaf: &Certificate, root: &Certificate) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let [root_file, leaf_file] = ["root", "leaf"].map(|name| dir.path().join(name));
    fs::write(&root_file, root.pem()).unwrap();
    fs::write(&leaf_file, leaf.pem()).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["verify", "-no_check_time", "-CAfile"]).arg(root_file).arg(leaf_file);
    openssl.output().unwrap().status.success()
}

#[test]
fn both_generations_have_leaves_of_both_kinds_that_are_renewed_in_time() {
    let (place, mut authority) = begun();
    let kinds = |authority: &Authority| authority.chains().iter().map(|chain| chain.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&authority), [KeyKind::P256, KeyKind::Rsa2048, KeyKind::P256, KeyKind::Rsa2048]);
    let before: Vec<_> = authority.chains().iter().map(|chain| chain.chain[0].clone()).collect();
    let later = clock(TODAY + DAY * 300);
    assert!(matches!(authority.refresh(&place.names, &later), Ok(Renewal::Issued(_))));
    let after: Vec<_> = authority.chains().iter().map(|chain| chain.chain[0].clone()).collect();
    assert!(before.iter().zip(&after).all(|(before, after)| before != after));
    assert_eq!(authority.refresh(&place.names, &later).unwrap(), Renewal::NotDue);
}

#[test]
fn the_key_of_the_next_root_leaves_and_comes_back_when_it_is_needed() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let kept = authority.next_key_pem().unwrap();
    assert!(authority.next_key_is_here(), "until it is known to be elsewhere");
    authority.forget_next_key().unwrap();
    assert!(!place.trust().join("next-root.key").exists());

    let mut authority = place.start(TODAY + DAY).unwrap();
    assert!(!authority.next_key_is_here());
    assert!(matches!(authority.next_key_pem(), Err(Error::NextKeyAway)));
    let error = authority.begin(start(&[], &place.names), &clock(TODAY + DAY)).unwrap_err();
    assert!(
        matches!(error, Error::NextKeyAway) && error.help().unwrap().contains("export-next-key"),
        "{error}"
    );

    let with = |key| Start { next_key: Some(key), ..start(&[], &place.names) };
    let stranger = PrivateKey::generate(KeyKind::P256).unwrap();
    let error = authority.begin(with(stranger), &clock(TODAY + DAY)).unwrap_err();
    assert!(matches!(error, Error::OtherNextKey { .. }), "{error}");
    let key = PrivateKey::from_pem(kept.as_bytes()).unwrap();
    authority.begin(with(key), &clock(TODAY + DAY)).unwrap();
    assert!(authority.next_key_is_here(), "that of the root after it");
    authority.step(Step::Abort, &clock(TODAY + DAY)).unwrap();
    assert_eq!(*authority.next_key_pem().unwrap(), *kept, "what came back is not lost");
}

#[test]
fn a_lost_or_stolen_root_is_left_without_a_bridge() {
    let place = Place::new();
    let before = place.start(TODAY).unwrap();
    let next = before.next_root().clone();
    fs::remove_file(place.trust().join("root.key")).unwrap();
    let mut authority = place.start(TODAY).unwrap();
    let error = authority.begin(start(&[], &place.names), &clock(TODAY)).unwrap_err();
    assert!(matches!(&error, Error::Missing { path } if path.ends_with("root.key")), "{error}");
    assert!(authority.generations().rollover.is_none());

    let without = Start { bridge: false, ..start(&[], &place.names) };
    authority.begin(without, &clock(TODAY)).unwrap();
    authority.step(Step::Switch, &clock(TODAY)).unwrap();
    assert_eq!((authority.root(), shown(&authority, None).len()), (&next, 1));
    authority.step(Step::Finish, &clock(TODAY)).unwrap();
    assert_eq!(place.start(TODAY).unwrap().missing_root_key(), None);
}

/// The tutorial's kind of certificate, long expired and with a common name alone, and its key.
fn tutorial(place: &Place) -> (Vec<Certificate>, PrivateKey) {
    let [key, certificate] = ["server.key", "server.crt"].map(|file| place.dir.path().join(file));
    let path = |file: &std::path::Path| file.to_str().unwrap().to_owned();
    let subject = "/C=DE/O=Lamps/CN=serverota.local";
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        subject,
        "-keyout",
        &path(&key),
        "-out",
        &path(&certificate),
    ]);
    let chain = Certificate::chain_from_pem(&fs::read(certificate).unwrap()).unwrap();
    (chain, PrivateKey::from_pem(&fs::read(key).unwrap()).unwrap())
}

#[test]
fn a_certificate_of_the_tutorial_is_presented_until_its_devices_have_moved() {
    let place = Place { names: names(&["serverota.local", "otary.lan", "192.168.1.5"]), ..Place::new() };
    let mut authority = place.start(TODAY).unwrap();
    let (chain, key) = tutorial(&place);
    let pinned = chain[0].clone();
    authority.adopt(chain, key, &hosts(&["serverota.local"]), &place.names, &clock(TODAY)).unwrap();
    for authority in [&authority, &place.start(TODAY).unwrap()] {
        assert_eq!(authority.adopted(), Some(&pinned));
        assert_eq!(shown_rsa(authority, None), pinned);
        assert_eq!(shown_rsa(authority, Some("serverota.local")), pinned);
        assert_eq!(shown(authority, Some("otary.lan"))[0], *leaf(authority));
        assert_eq!(authority.anchors(), [&pinned, authority.root(), authority.next_root()]);
    }
    authority.step(Step::Switch, &clock(TODAY)).unwrap();
    assert_eq!(authority.generations().rollover.unwrap().phase, Phase::Switched);
    assert_eq!(shown(&authority, None)[0], *leaf(&authority));
    assert_eq!(shown_rsa(&authority, Some("serverota.local")), pinned, "the old name still serves");

    authority.step(Step::Finish, &clock(TODAY)).unwrap();
    assert_eq!(shown(&authority, Some("serverota.local"))[0], *leaf(&authority));
    assert!(!place.trust().join("adopted").exists());
    assert_eq!(place.start(TODAY).unwrap().adopted(), None);
}

fn shown_rsa(authority: &Authority, name: Option<&str>) -> Certificate {
    let presented = authority.generations().presented(name);
    let chains = authority.chains();
    let chain = chains.iter().find(|chain| chain.presented == presented && chain.kind.is_rsa()).unwrap();
    Certificate::from_der(&chain.chain[0]).unwrap()
}

#[test]
fn what_cannot_be_adopted_changes_nothing() {
    let place = Place { names: names(&["serverota.local", "otary.lan"]), ..Place::new() };
    let mut authority = place.start(TODAY).unwrap();
    let (chain, _) = tutorial(&place);
    let other = PrivateKey::generate(KeyKind::P256).unwrap();
    let mut adopt = |chain: &[Certificate], key, own: &[&str]| {
        let result = authority.adopt(chain.to_vec(), key, &hosts(own), &place.names, &clock(TODAY));
        assert!(authority.generations().rollover.is_none() && !place.trust().join("adopted").exists());
        result.unwrap_err()
    };
    let error = adopt(&chain, other, &["serverota.local"]);
    assert!(matches!(error, Error::Adopt(Defect::KeyMismatch { .. })), "{error}");
    let (chain, key) = tutorial(&place);
    let error = adopt(&chain, key, &["serverota.local", "otary.lan"]);
    assert!(matches!(error, Error::Misstep(Misstep::NoOwnHost)), "{error}");
    let own = Certificate::chain_from_pem(&fs::read(place.trust().join("root.crt")).unwrap()).unwrap();
    let key = PrivateKey::from_pem(&fs::read(place.trust().join("root.key")).unwrap()).unwrap();
    assert!(matches!(adopt(&own, key, &["serverota.local"]), Error::Adopt(Defect::SameRoots)));
}

#[test]
fn a_backup_in_the_middle_of_a_rollover_brings_all_of_it_back() {
    let (place, mut authority) = begun();
    authority.forget_next_key().unwrap();
    let words = Passphrase::new("seal on the ice floe".to_owned());
    let file = backup(&authority, &serde_json::Value::Null, TODAY, &words).unwrap();
    let other = Place { names: place.names, ..Place::new() };
    restore(file.as_bytes(), &words, &other.trust(), None).unwrap();
    let mut restored = other.start(TODAY).unwrap();
    assert_eq!(restored.generations(), authority.generations());
    assert!(!restored.next_key_is_here());
    let ders = |authority: &Authority| authority.chains().into_iter().map(|it| it.chain).collect::<Vec<_>>();
    assert_eq!(ders(&restored), ders(&authority));
    restored.step(Step::Switch, &clock(TODAY)).unwrap();
    restored.step(Step::Finish, &clock(TODAY)).unwrap();
    assert_eq!(other.start(TODAY).unwrap().anchors(), restored.anchors());
}

#[test]
fn a_device_gets_a_certificate_of_ten_years_that_ends_with_the_root_at_the_latest() {
    let place = Place::new();
    let authority = place.start(TODAY).unwrap();
    let issued = authority.issue_client("a0:b1:c2:d3:e4:f5", &clock(TODAY)).unwrap();
    assert_eq!(issued.key().unwrap().kind(), KeyKind::P256);
    assert_eq!(issued.certificate().not_after().since(TODAY), DAY * 3_653);
    let [root, device] = ["root.crt", "device.crt"].map(|file| place.trust().join(file));
    fs::write(&device, issued.certificate().pem()).unwrap();
    let (root, device) = (root.to_str().unwrap(), device.to_str().unwrap());
    openssl(&["verify", "-x509_strict", "-no_check_time", "-purpose", "sslclient", "-CAfile", root, device]);
    assert!(openssl(&["x509", "-noout", "-subject", "-in", device]).contains("CN = a0:b1:c2:d3:e4:f5"));

    let late = authority.root().not_after() - DAY;
    let issued = authority.issue_client("late", &clock(late)).unwrap();
    assert_eq!(issued.certificate().not_after(), authority.root().not_after());
    for name in [String::new(), "x".repeat(65)] {
        assert!(matches!(authority.issue_client(&name, &clock(TODAY)), Err(Error::ClientName { .. })));
    }
}

#[test]
fn no_step_is_taken_by_a_clock_that_is_wrong() {
    let (_place, mut authority) = begun();
    let at_boot = clock(Time::from_secs(11));
    assert!(matches!(authority.step(Step::Switch, &at_boot), Err(Error::Clock(_))));
    assert_eq!(authority.generations().rollover.unwrap().phase, Phase::Begun);
}

#[test]
fn a_record_that_does_not_fit_what_lies_beside_it_is_told() {
    let (place, other) = (Place::new(), Place::new());
    place.start(TODAY).unwrap();
    other.start(TODAY).unwrap();
    let record = place.trust().join("generations.json");
    let good = fs::read_to_string(&record).unwrap();
    fs::copy(other.trust().join("generations.json"), &record).unwrap();
    let error = place.start(TODAY).unwrap_err();
    assert!(matches!(error, Error::Unusable { defect: Defect::OtherAnchor { .. }, .. }), "{error}");
    for (bad, version) in
        [("{}", false), ("hello", false), (&good.replace("\"version\": 1", "\"version\": 9"), true)]
    {
        fs::write(&record, bad).unwrap();
        let error = place.start(TODAY).unwrap_err();
        let Error::Unusable { path, defect } = &error else { panic!("{error}") };
        assert!(path.ends_with("generations.json"));
        assert_eq!(matches!(defect, Defect::Version { found: 9, .. }), version, "{defect}");
    }
    fs::write(&record, good).unwrap();
    assert!(place.start(TODAY).is_ok());
}
