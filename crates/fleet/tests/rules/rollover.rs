//! A rollover as a fleet meets it: who is cut off by which step, and what strangers can do about it (nothing).

use std::collections::BTreeSet;
use std::time::Duration;

use otary_fleet::{
    Accepts, Act, Anchor, AnchorId, Beginning, Chip, Entry, FoundCertificate, Generations, GivenUp,
    Handshake, Mac, Misstep, Patience, Proof, Sha256, Step, Straggler, Time, cut_off, due,
};

use crate::world::{Board, MAC, World};

const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(8_766);

fn anchor(name: &str, made: Time) -> Anchor {
    let digest = Sha256::of(name.as_bytes());
    let (not_before, not_after) = (made, made + YEAR * 25);
    Anchor {
        id: AnchorId(digest),
        fingerprint: digest,
        name: name.into(),
        not_before,
        not_after,
        authority: true,
    }
}

fn hosts(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A server in the middle of its life, with the roots `first` and `second`.
struct Site {
    world: World,
    generations: Generations,
}

/// A board with what its firmware was built with.
#[derive(Clone)]
struct Lamp {
    board: Board,
    trusts: BTreeSet<AnchorId>,
    url: Option<&'static str>,
}

impl Site {
    fn new() -> Self {
        let mut world = World::new();
        world.product("lamp");
        let (first, second) = (anchor("first", world.now), anchor("second", world.now));
        let generations = Generations::first(first, second, world.now);
        Self { world, generations }
    }

    /// Publishes firmware with these certificates inside; gives a board that runs it.
    fn publish(&mut self, version: &str, roots: &[&str], url: Option<&'static str>) -> Lamp {
        let firmware = format!("lamp-{version}");
        self.world.publish("lamp", version, &firmware, Some(Chip::Esp32));
        let made = self.world.now;
        let found = |name: &&str| FoundCertificate { offset: 0, pem: true, anchor: anchor(name, made) };
        let found: Vec<_> = roots.iter().map(found).collect();
        self.world.embed(&firmware, &found);
        self.lamp(&firmware, version, roots, url)
    }

    /// A board with firmware that may never have been pushed.
    fn lamp(&self, firmware: &str, version: &str, roots: &[&str], url: Option<&'static str>) -> Lamp {
        let trusts = roots.iter().map(|name| anchor(name, self.world.now).id).collect();
        Lamp { board: Board::running(firmware, version), trusts, url }
    }

    /// A poll, if the board accepts what it is shown.
    fn poll(&mut self, lamp: &Lamp) -> bool {
        let presented = self.generations.presented(lamp.url);
        let accepted = !self.generations.opened_by(presented).is_disjoint(&lamp.trusts);
        if accepted {
            let mut board = lamp.board.clone();
            let server_name = lamp.url.map(str::to_owned);
            board.0.handshake = Some(Handshake { server_name, presented });
            self.world.poll(&board);
        }
        accepted
    }

    fn begin(&mut self, own: &[&str], bridge: bool) {
        let next = anchor("third", self.world.now);
        let beginning = Beginning { hosts: hosts(own), server_hosts: hosts(&["ota.lan"]), bridge, next };
        self.generations = self.generations.begin(beginning, self.world.now).unwrap();
    }

    fn step(&mut self, step: Step) {
        self.generations = self.generations.after(step, self.world.now).unwrap();
    }

    fn stragglers(&self, step: Step) -> Vec<Straggler> {
        let then = self.generations.after(step, self.world.now).unwrap();
        let catalogue = self.world.catalogue();
        let entries = self.world.devices.values().map(|d| Entry::of(d, &catalogue, &self.generations));
        entries.filter_map(|entry| cut_off(&entry, &self.generations, &then)).collect()
    }

    fn names(&self, step: Step) -> Vec<Mac> {
        self.stragglers(step).into_iter().map(|straggler| straggler.device).collect()
    }
}

impl Lamp {
    fn called(mut self, mac: &str) -> Self {
        self.board.0.device = Some(mac.parse().unwrap());
        self
    }

    fn with_credential(mut self) -> Self {
        self.board.0.proof = Proof::DeviceCredential;
        self
    }
}

fn mac() -> Mac {
    MAC.parse().unwrap()
}

#[test]
fn a_device_with_both_roots_goes_through_all_of_it_without_an_update() {
    let mut site = Site::new();
    let lamp = site.publish("1", &["first", "second"], Some("ota.lan"));
    assert!(site.poll(&lamp));
    site.begin(&[], true);
    for step in [Step::Switch, Step::Finish] {
        assert_eq!(site.names(step), [], "nobody is cut off");
        site.step(step);
        assert!(site.poll(&lamp), "after {}", step.name());
    }
    assert_eq!(site.generations.next.name, "third");
}

#[test]
fn a_device_with_the_old_root_alone_is_bridged_by_the_switch_and_named_by_the_finish() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    assert!(site.poll(&old));
    site.begin(&[], true);
    assert_eq!(site.names(Step::Switch), []);
    site.step(Step::Switch);
    assert!(site.poll(&old), "the bridge leads it there");
    let stragglers = site.stragglers(Step::Finish);
    assert!(matches!(&stragglers[..], [one] if one.device == mac() && one.certain), "{stragglers:?}");

    let new = site.publish("2", &["second", "third"], Some("ota.lan"));
    assert!(site.poll(&new));
    site.world.pass(DAY * 31);
    assert!(site.poll(&new));
    assert_eq!(site.names(Step::Finish), []);
}

#[test]
fn without_a_bridge_the_switch_names_who_would_be_lost() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    let both = site.publish("2", &["first", "second"], Some("ota.lan")).called("24:6F:28:00:00:02");
    site.poll(&old);
    site.poll(&both);
    site.begin(&[], false);
    assert_eq!(site.names(Step::Switch), [mac()]);
}

#[test]
fn under_names_of_its_own_the_new_generation_takes_nothing_from_the_old_names() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    let address = site.publish("2", &["first"], None).called("24:6F:28:00:00:02");
    site.poll(&old);
    site.poll(&address);
    site.begin(&["new.lan"], false);
    assert_eq!(site.names(Step::Switch), [address.board.0.device.unwrap()], "an address has no name to keep");
    site.step(Step::Switch);
    assert!(site.poll(&old), "the old name still serves");
    assert!(!site.poll(&address));
    assert_eq!(site.names(Step::Finish), [mac()]);
}

#[test]
fn going_back_is_refused_when_devices_have_moved_on() {
    let mut site = Site::new();
    site.begin(&["new.lan"], true);
    let moved = site.publish("2", &["second", "third"], Some("new.lan"));
    assert!(site.poll(&moved));
    assert_eq!(site.names(Step::Abort), [mac()]);
    assert_eq!(site.names(Step::Switch), []);
}

#[test]
fn a_certificate_from_elsewhere_is_adopted_and_its_devices_move_by_a_new_name() {
    let mut site = Site::new();
    let all = hosts(&["serverota.ddns.net", "ota.lan"]);
    let pinned = anchor("serverota.ddns.net", site.world.now);
    let refused = site.generations.adopt(pinned.clone(), all.clone(), &all, site.world.now);
    assert_eq!(refused, Err(Misstep::NoOwnHost), "one name cannot present two unrelated anchors");
    let adopted = site.generations.adopt(pinned, hosts(&["serverota.ddns.net"]), &all, site.world.now);
    site.generations = adopted.unwrap();

    let tutorial = site.publish("1", &["serverota.ddns.net"], Some("serverota.ddns.net"));
    assert!(site.poll(&tutorial));
    assert_eq!(site.names(Step::Switch), [], "its name keeps its certificate");
    site.step(Step::Switch);
    assert_eq!(site.names(Step::Finish), [mac()]);

    let moved = site.publish("2", &["first", "second"], Some("ota.lan"));
    assert!(site.poll(&moved));
    site.world.pass(DAY * 31);
    assert!(site.poll(&moved));
    assert_eq!(site.names(Step::Finish), []);
    site.step(Step::Finish);
    assert!(site.poll(&moved) && !site.poll(&tutorial));
    assert_eq!(site.generations.current.0, 1);
}

#[test]
fn spoofed_polls_that_claim_the_new_build_do_not_hide_the_straggler() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    for _ in 0..10 {
        site.world.pass(DAY);
        assert!(site.poll(&old));
    }
    site.begin(&[], false);
    let mut spoof = site.publish("2", &["first", "second", "third"], Some("ota.lan"));
    spoof.board = spoof.board.from("203.0.113.7");
    for _ in 0..200 {
        site.world.pass(DAY);
        assert!(site.poll(&spoof));
    }
    assert_eq!(site.names(Step::Switch), [mac()], "the device sleeps, and nobody else speaks for it");
}

#[test]
fn a_stranger_who_first_repeats_the_old_build_hides_nobody_either() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    assert!(site.poll(&old));
    let mut repeats = site.publish("1", &["first"], Some("ota.lan"));
    repeats.board = repeats.board.from("203.0.113.7");
    site.world.pass(DAY);
    assert!(site.poll(&repeats));
    site.begin(&[], false);
    let mut spoof = site.publish("2", &["first", "second", "third"], Some("ota.lan"));
    spoof.board = spoof.board.from("203.0.113.7");
    for _ in 0..200 {
        site.world.pass(DAY);
        assert!(site.poll(&spoof));
    }
    assert_eq!(site.names(Step::Switch), [mac()]);
}

#[test]
fn a_stranger_who_claims_the_devices_own_build_under_another_name_hides_nothing() {
    for pushed in [true, false] {
        let mut site = Site::new();
        let url = Some("ota.lan");
        let old =
            if pushed { site.publish("1", &["first"], url) } else { site.lamp("x", "1", &["first"], url) };
        assert!(site.poll(&old));
        site.begin(&["new.lan"], false);
        site.step(Step::Switch);
        assert_eq!(site.names(Step::Finish), [mac()]);

        let mut spoof = Lamp { url: Some("new.lan"), ..old.clone() };
        spoof.trusts.insert(anchor("second", site.world.now).id);
        for name in
            ["new.lan", "a.lan", "b.lan", "c.lan", "d.lan", "e.lan", "f.lan", "g.lan", "h.lan", "i.lan"]
        {
            spoof.url = Some(name);
            spoof.board = spoof.board.from("203.0.113.7");
            site.world.pass(DAY * 3);
            assert!(site.poll(&spoof));
        }
        assert_eq!(site.names(Step::Finish), [mac()], "pushed: {pushed}");
    }
}

#[test]
fn a_device_that_polled_for_long_is_not_hidden_by_one_poll_of_its_build_under_another_name() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    site.begin(&["new.lan"], false);
    site.step(Step::Switch);
    for _ in 0..40 {
        site.world.pass(DAY);
        assert!(site.poll(&old));
    }
    let mut spoof = Lamp { url: Some("new.lan"), ..old.clone() };
    spoof.trusts.insert(anchor("second", site.world.now).id);
    site.world.pass(DAY);
    assert!(site.poll(&spoof), "from the device's own network");
    assert_eq!(site.names(Step::Finish), [mac()]);
}

#[test]
fn the_secret_of_one_product_hides_no_device_of_another() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    assert!(site.poll(&old));
    site.begin(&[], false);
    let new = site.publish("2", &["first", "second", "third"], Some("ota.lan"));
    site.world.product("plug");
    site.world.publish("plug", "1", "plug-1", Some(Chip::Esp32));
    let all = ["first", "second", "third"].map(|root| FoundCertificate {
        offset: 0,
        pem: true,
        anchor: anchor(root, site.world.now),
    });
    site.world.embed("plug-1", &all);
    let plug = site.lamp("plug-1", "1", &["first", "second", "third"], Some("ota.lan"));
    for mut spoof in [new, plug] {
        spoof.board = spoof.board.asking_for("plug");
        spoof.board.0.proof = Proof::ProductSecret;
        site.world.pass(DAY);
        assert!(site.poll(&spoof));
        assert_eq!(site.names(Step::Switch), [mac()]);
    }
}

#[test]
fn a_host_that_devices_ask_for_already_is_not_taken_from_them_by_a_new_generation() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    assert!(site.poll(&old));
    let begun = |bridge| {
        let (next, hosts) = (anchor("third", site.world.now), hosts(&["ota.lan"]));
        let beginning = Beginning { server_hosts: hosts.clone(), hosts, bridge, next };
        let then = site.generations.begin(beginning, site.world.now).unwrap();
        let device = site.world.devices.values().next().unwrap();
        let entry = Entry::of(device, &site.world.catalogue(), &site.generations);
        cut_off(&entry, &site.generations, &then).is_some()
    };
    assert!(begun(false) && !begun(true));
}

#[test]
fn a_second_adoption_is_another_generation_and_no_old_bridge_is_shown_with_it() {
    let mut site = Site::new();
    site.begin(&[], true);
    site.step(Step::Switch);
    site.step(Step::Finish);
    let own = hosts(&["ota.lan"]);
    for id in [0, 3] {
        let pinned = anchor(&format!("tutorial {id}"), site.world.now);
        let adopted = site.generations.adopt(pinned, hosts(&["old.lan"]), &own, site.world.now).unwrap();
        assert_eq!(adopted.current.0, id);
        let shown = adopted.presented(Some("ota.lan"));
        assert_eq!((shown.generation.0, shown.bridged), (2, false));
        site.generations = adopted;
        site.step(Step::Abort);
    }
}

#[test]
fn a_device_that_sleeps_for_half_a_year_at_a_time_is_not_forgotten_after_a_month() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    for _ in 0..3 {
        site.world.pass(DAY * 180);
        assert!(site.poll(&old));
    }
    site.begin(&[], false);
    let spoof = site.publish("2", &["first", "second", "third"], Some("ota.lan"));
    for _ in 0..60 {
        site.world.pass(DAY);
        assert!(site.poll(&spoof));
    }
    assert_eq!(site.names(Step::Switch), [mac()]);
}

#[test]
fn nobody_speaks_for_a_device_that_sleeps_for_three_years_after_one_busy_day() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    for _ in 0..40 {
        assert!(site.poll(&old));
    }
    site.begin(&[], false);
    let mut spoof = site.publish("2", &["first", "second", "third"], Some("ota.lan"));
    spoof.board = spoof.board.from("203.0.113.7");
    for _ in 0..36 {
        site.world.pass(DAY * 30);
        assert!(site.poll(&spoof));
    }
    assert_eq!(site.names(Step::Switch), [mac()]);
}

#[test]
fn a_server_whose_clock_is_set_back_does_not_forget_who_spoke_last() {
    let mut site = Site::new();
    let old = site.publish("1", &["first"], Some("ota.lan"));
    assert!(site.poll(&old));
    let right = site.world.now;
    site.world.now = Time::from_secs(60);
    assert!(site.poll(&old));
    site.world.now = right + DAY;
    site.begin(&[], false);
    let mut spoof = site.publish("2", &["first", "second", "third"], Some("ota.lan"));
    spoof.board = spoof.board.from("203.0.113.7");
    assert!(site.poll(&spoof));
    assert_eq!(site.names(Step::Switch), [mac()], "the old build was not last said in 1970");
}

#[test]
fn the_old_names_do_not_wait_for_the_finish_when_the_old_root_has_ended() {
    let mut site = Site::new();
    site.begin(&["new.lan"], true);
    site.step(Step::Switch);
    let shown = |at| {
        let generations = site.generations.at(at);
        generations.presented(Some("ota.lan")).generation.0
    };
    assert_eq!(shown(site.world.now + YEAR * 24), 1);
    assert_eq!(shown(site.world.now + YEAR * 26), 2, "an ended root has nothing but an ended leaf to show");
    let presented = site.generations.at(site.world.now + YEAR * 26).presented(Some("ota.lan"));
    assert!(presented.bridged, "who holds the old root and looks at no dates comes over the bridge");
}

#[test]
fn the_devices_own_credential_ends_what_strangers_said_before() {
    let mut site = Site::new();
    let stranger = site.publish("1", &["first"], Some("ota.lan"));
    assert!(site.poll(&stranger));
    let proven = site.publish("2", &["first", "second"], Some("ota.lan")).with_credential();
    assert!(site.poll(&proven));
    site.begin(&[], false);
    assert_eq!(site.names(Step::Switch), []);

    assert!(site.poll(&stranger));
    let stragglers = site.stragglers(Step::Switch);
    assert!(
        matches!(&stragglers[..], [one] if one.proof == Proof::None),
        "it may have fallen back to a build without a credential: {stragglers:?}"
    );
    assert!(site.poll(&proven));
    assert_eq!(site.names(Step::Switch), []);
}

#[test]
fn firmware_that_was_never_pushed_is_known_by_the_chain_that_it_accepted_and_no_further() {
    let mut site = Site::new();
    let unknown = site.lamp("by-cable", "9", &["first", "second"], Some("ota.lan"));
    assert!(site.poll(&unknown));
    let device = &site.world.devices[&mac()];
    let entry = Entry::of(device, &site.world.catalogue(), &site.generations);
    let accepts: Vec<Accepts> = entry.claims.iter().map(|claim| claim.accepts(&site.generations)).collect();
    assert_eq!(accepts, [Accepts::Yes]);
    site.begin(&[], false);
    let stragglers = site.stragglers(Step::Switch);
    assert!(matches!(&stragglers[..], [one] if !one.certain && one.stranger), "{stragglers:?}");
    let all_strangers = GivenUp { strangers: true, ..GivenUp::default() };
    assert!(!all_strangers.spares(&stragglers[0]));
    site.world.device(MAC).chip = Some(Chip::Esp32);
    assert!(
        all_strangers.spares(&site.stragglers(Step::Switch)[0]),
        "it is the operator's, so it has a name"
    );
}

#[test]
fn steps_out_of_turn_are_refused_in_so_many_words() {
    let mut site = Site::new();
    let now = site.world.now;
    for step in [Step::Switch, Step::Finish, Step::Abort] {
        assert_eq!(site.generations.after(step, now), Err(Misstep::None));
    }
    site.begin(&[], true);
    let refused = site.generations.after(Step::Finish, now).unwrap_err();
    assert_eq!(refused.to_string(), "generation 1 is still in charge");
    site.step(Step::Switch);
    let refused = site.generations.after(Step::Switch, now).unwrap_err();
    assert_eq!(refused.to_string(), "generation 2 is in charge already");
    site.step(Step::Abort);
    assert_eq!(site.generations.current.0, 1);
    assert_eq!(site.generations.next.name, "second", "the new root waits again");
    site.begin(&[], true);
    assert_eq!(site.generations.rollover.unwrap().to.0, 3, "a number is never given twice");
}

#[test]
fn what_is_due_is_said_years_before() {
    let mut site = Site::new();
    let start = site.world.now;
    let next = |site: &Site, key| due(&site.generations, key, Patience::default())[0];
    assert_eq!(next(&site, true).act, Act::ExportNextKey);
    assert_eq!((next(&site, false).act, next(&site, false).by), (Act::Begin, start + YEAR * 21));
    site.begin(&[], true);
    assert_eq!(next(&site, true).act, Act::Switch, "the next key is made anew, and waits until this is over");
    site.step(Step::Switch);
    assert_eq!(next(&site, false).act, Act::Finish);
    assert!(next(&site, false).by < start + YEAR * 25);
}

#[test]
fn a_next_root_that_ends_early_hastens_the_rollover() {
    let mut site = Site::new();
    let start = site.world.now;
    let next = |site: &Site| due(&site.generations, false, Patience::default())[0];
    site.generations.next.not_after = start + YEAR * 14;
    assert_eq!((next(&site).act, next(&site).by), (Act::Begin, start + YEAR * 10));
    site.begin(&[], true);
    assert_eq!(next(&site).by, start + YEAR * 10, "the rollover after this one must begin then");
    site.step(Step::Switch);
    assert_eq!((next(&site).act, next(&site).by), (Act::Finish, start + YEAR * 10));
}
