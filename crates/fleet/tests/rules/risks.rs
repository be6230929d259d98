//! What speaks against an image, by what was found in it: a test per refusal, and what is only told.

use std::collections::BTreeSet;
use std::time::Duration;

use otary_fleet::{
    Anchor, AnchorId, Artifact, Beginning, Embedded, Examined, Expected, FoundCertificate, FoundKey,
    Generations, Risk, RiskName, Sha256, Step, Time, examine, read,
};

const NOW: Time = Time::from_secs(1_795_000_000);
const YEAR: Duration = Duration::from_hours(8_766);

fn anchor(name: &str, years: u32) -> Anchor {
    let digest = Sha256::of(name.as_bytes());
    let (not_before, not_after) = (NOW - YEAR, NOW + YEAR * years);
    Anchor {
        id: AnchorId(digest),
        fingerprint: digest,
        name: name.into(),
        not_before,
        not_after,
        authority: true,
    }
}

fn root() -> Anchor {
    anchor("root 1", 25)
}

fn next() -> Anchor {
    anchor("root 2", 25)
}

fn leaf() -> Anchor {
    Anchor { authority: false, ..anchor("ota.lan", 1) }
}

fn steady() -> Generations {
    Generations::first(root(), next(), NOW)
}

/// A rollover to root 2, of which the new generation alone has the name `new.lan`.
fn rollover(bridge: bool) -> Generations {
    let beginning = Beginning {
        hosts: BTreeSet::from(["new.lan".to_owned()]),
        server_hosts: BTreeSet::from(["ota.lan".to_owned()]),
        bridge,
        next: anchor("root 3", 25),
    };
    steady().begin(beginning, NOW).unwrap()
}

fn image(hosts: &[&str], anchors: &[Anchor]) -> Embedded {
    let found = |anchor: &Anchor| FoundCertificate { offset: 0, pem: true, anchor: anchor.clone() };
    Embedded {
        certificates: anchors.iter().map(found).collect(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..Embedded::default()
    }
}

fn build_with(hosts: &[&str]) -> Artifact {
    let artifact = read(b"an opaque file", "x", NOW, true).unwrap().artifact;
    Artifact { embedded: image(hosts, &[]), ..artifact }
}

fn examined_by(image: &Embedded, generations: &Generations, earlier: &[&Artifact]) -> Examined {
    let names = ["ota.lan", "192.168.1.70", "*.ota.example.org", "localhost", "127.0.0.1"].map(str::to_owned);
    let generations = Some(generations);
    examine(image, &Expected { generations, names: &names, earlier, horizon: YEAR * 5, now: NOW })
}

fn names(examined: &Examined) -> Vec<RiskName> {
    examined.risks.iter().map(Risk::name).collect()
}

#[test]
fn an_image_with_both_roots_is_taken_without_a_word() {
    for host in ["ota.lan", "192.168.1.70", "lamp.ota.example.org"] {
        let examined = examined_by(&image(&["pool.ntp.org", host], &[root(), next()]), &steady(), &[]);
        assert_eq!(examined, Examined { hosts: vec![host.into()], ..Examined::default() });
    }
}

#[test]
fn one_root_is_enough_and_the_next_one_is_missed() {
    let examined = examined_by(&image(&["ota.lan"], &[root()]), &steady(), &[]);
    assert_eq!(names(&examined), []);
    assert_eq!(
        examined.notes,
        ["it does not trust the next root, root 2: devices that do outlive the loss of the current one"]
    );
}

#[test]
fn an_image_that_trusts_others_alone_is_refused() {
    let foreign = anchor("ISRG Root X1", 9);
    let examined = examined_by(&image(&["ota.lan"], std::slice::from_ref(&foreign)), &steady(), &[]);
    assert_eq!(names(&examined), [RiskName::CutsOff]);
    assert_eq!(
        examined.risks[0].to_string(),
        "devices that run it could not come back: it trusts ISRG Root X1, and as ota.lan this server is verified by \
         root 1 alone"
    );
    let without_a_name =
        examined_by(&image(&["api.weather.example"], std::slice::from_ref(&foreign)), &steady(), &[]);
    assert_eq!(names(&without_a_name), [RiskName::CutsOff], "its URL may come from elsewhere");
    assert!(without_a_name.risks[0].to_string().contains("whatever name they ask for, this server"));
    let beside = examined_by(&image(&["ota.lan"], &[foreign, root(), next()]), &steady(), &[]);
    assert_eq!(beside.risks, [], "a foreign root beside ours does no harm");
}

#[test]
fn the_next_root_alone_does_not_lead_here_yet() {
    let examined = examined_by(&image(&["ota.lan"], &[next()]), &steady(), &[]);
    assert_eq!(names(&examined), [RiskName::CutsOff]);
}

#[test]
fn the_servers_own_certificate_in_the_place_of_a_root_is_refused_in_words_of_its_own() {
    let examined = examined_by(&image(&["ota.lan"], &[leaf()]), &steady(), &[]);
    assert_eq!(names(&examined), [RiskName::CutsOff], "not that it ends soon: it is no anchor");
    let text = examined.risks[0].to_string();
    assert!(
        text.starts_with("it trusts this server's own certificate (ota.lan) in the place of a root"),
        "{text}"
    );
    let beside = examined_by(&image(&["ota.lan"], &[leaf(), root(), next()]), &steady(), &[]);
    assert_eq!(beside.risks, []);
}

#[test]
fn an_image_whose_anchors_end_too_soon_is_refused() {
    let mut generations = steady();
    generations.shown[0].anchor = anchor("old root", 4);
    let examined = examined_by(&image(&["ota.lan"], &[anchor("old root", 4)]), &generations, &[]);
    assert_eq!(names(&examined), [RiskName::EndsSoon]);
    assert_eq!(
        examined.risks[0].to_string(),
        "it trusts old root, which ends in 1461 days; 1826 days are asked for"
    );
    let with_next = examined_by(&image(&["ota.lan"], &[anchor("old root", 4), next()]), &generations, &[]);
    assert_eq!(with_next.risks, [], "the next root outlives the horizon");
    let beside = image(&["ota.lan"], &[anchor("old root", 4), anchor("foreign", 20)]);
    assert_eq!(
        names(&examined_by(&beside, &generations, &[])),
        [RiskName::EndsSoon],
        "a foreign one leads nowhere"
    );
}

#[test]
fn what_has_ended_is_told_from_what_ends_within_a_day() {
    let hour = Duration::from_hours(1);
    for (not_after, end) in [
        (NOW - Duration::from_secs(1), "which has ended"),
        (NOW, "which ends within a day; 1826 days are asked for"),
        (NOW + hour * 23, "which ends within a day; 1826 days are asked for"),
        (NOW + hour * 24, "which ends in a day; 1826 days are asked for"),
        (NOW + hour * 48, "which ends in 2 days; 1826 days are asked for"),
    ] {
        let foreign = Anchor { not_after, ..anchor("foreign", 0) };
        let examined = examined_by(&image(&["ota.lan"], &[foreign]), &steady(), &[]);
        assert_eq!(names(&examined), [RiskName::CutsOff, RiskName::EndsSoon]);
        assert_eq!(examined.risks[1].to_string(), format!("it trusts foreign, {end}"));
    }
}

#[test]
fn an_image_that_lost_the_name_of_this_server_is_refused() {
    let (with, without) = (build_with(&["ota.lan"]), build_with(&["pool.ntp.org"]));
    for earlier in [&[&with][..], &[&with, &without]] {
        let examined = examined_by(&image(&["pool.ntp.org"], &[]), &steady(), earlier);
        assert_eq!(examined.risks, [Risk::NoName { earlier: vec!["ota.lan".into()] }]);
    }
    let moved = examined_by(&image(&["192.168.1.70"], &[]), &steady(), &[&with]);
    assert_eq!(moved.risks, [], "another name of this server is as good");
    let never = examined_by(&image(&[], &[]), &steady(), &[&without]);
    assert_eq!(never.risks, [], "none had one: they learn it otherwise");
}

#[test]
fn every_machines_own_name_is_none_of_this_server() {
    let with = build_with(&["localhost", "127.0.0.1", "::1"]);
    let examined = examined_by(&image(&["localhost"], &[]), &steady(), &[&with]);
    assert_eq!((examined.hosts, examined.risks), (vec![], vec![]));
}

#[test]
fn a_private_key_is_refused_whatever_else_there_is() {
    let key = |offset| FoundKey { offset, kind: "P-256".into() };
    let image =
        Embedded { private_keys: vec![key(0x1000), key(0x2000)], ..image(&["ota.lan"], &[root(), next()]) };
    let examined = examined_by(&image, &steady(), &[]);
    assert_eq!(names(&examined), [RiskName::PrivateKey]);
    assert_eq!(
        examined.risks[0].to_string(),
        "it holds a complete private key, P-256 at offset 0x1000, and 1 more"
    );
}

#[test]
fn of_an_image_without_a_certificate_nothing_is_said_but_that() {
    let examined = examined_by(&image(&["ota.lan"], &[]), &steady(), &[]);
    assert_eq!(
        (examined.risks, examined.notes),
        (vec![], vec!["no certificate found, not checked".to_owned()])
    );
}

#[test]
fn without_an_authority_certificates_are_not_judged_and_keys_are() {
    let expected = Expected { generations: None, names: &[], earlier: &[], horizon: YEAR, now: NOW };
    let key = FoundKey { offset: 0, kind: "P-256".into() };
    let examined = examine(&Embedded { private_keys: vec![key], ..image(&[], &[root()]) }, &expected);
    assert_eq!(names(&examined), [RiskName::PrivateKey]);
    assert_eq!(examined.notes, ["there is no authority here yet: its certificates were not checked"]);
}

#[test]
fn in_a_rollover_an_image_is_judged_by_the_name_that_it_asks_for() {
    let generations = rollover(false);
    let judged = |hosts: &[&str], anchors: &[Anchor]| examined_by(&image(hosts, anchors), &generations, &[]);
    assert_eq!(
        judged(&["ota.lan"], &[root(), next()]),
        Examined { hosts: vec!["ota.lan".into()], ..Examined::default() }
    );
    assert_eq!(names(&judged(&["ota.lan"], &[next()])), [RiskName::CutsOff], "root 2 is not shown there yet");
    assert_eq!(judged(&["new.lan"], &[next()]).risks, []);
    assert_eq!(names(&judged(&["new.lan"], &[root()])), [RiskName::CutsOff], "no bridge leads there");
    let both = judged(&["ota.lan", "new.lan"], &[root()]);
    assert_eq!(both.risks, []);
    assert_eq!(both.notes[0], "as new.lan this server is verified by what it does not trust");
}

#[test]
fn what_the_next_step_of_a_rollover_takes_away_is_told() {
    let only_old = image(&["192.168.1.70"], &[root()]);
    let begun = examined_by(&only_old, &rollover(false), &[]);
    assert_eq!(begun.risks, [], "it comes back today");
    assert_eq!(
        begun.notes,
        ["after `otary trust rollover switch` devices that run it are cut off: they need root 2"]
    );
    assert_eq!(examined_by(&only_old, &rollover(true), &[]).notes, [""; 0], "over the bridge it still comes");

    let switched = rollover(true).after(Step::Switch, NOW).unwrap();
    let later = examined_by(&only_old, &switched, &[]);
    assert_eq!(later.risks, []);
    assert!(later.notes[0].starts_with("after `otary trust rollover finish`"), "{:?}", later.notes);
}
