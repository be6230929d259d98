//! How far an image reaches this server: by which of its names, and with which anchors.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Expected, Risk, list};
use crate::{AnchorId, Embedded, FoundCertificate, Generations, Phase, Step};

/// The ways of an image to this server.
pub(super) struct Reach<'a> {
    embedded: &'a Embedded,
    expected: &'a Expected<'a>,
    /// The names and addresses in the image that are this server's.
    pub hosts: Vec<String>,
}

impl<'a> Reach<'a> {
    pub fn of(embedded: &'a Embedded, expected: &'a Expected<'a>) -> Self {
        Self { embedded, expected, hosts: own_hosts(embedded, expected) }
    }

    /// Refuses an image that trusts nothing that leads here.
    pub fn cuts_off(&self, generations: &Generations) -> Option<Risk> {
        let needed = self.needed(generations);
        if self.trusts_one_of(&needed) {
            return None;
        }
        let certificates = &self.embedded.certificates;
        let leaf = certificates.iter().map(|found| &found.anchor);
        let leaf = leaf.filter(|anchor| !anchor.authority).find(|anchor| self.is_own(&anchor.name));
        Some(Risk::CutsOff {
            trusts: names(certificates),
            needs: anchor_names(generations, &needed),
            hosts: self.hosts.clone(),
            leaf: leaf.map(|leaf| leaf.name.clone()),
        })
    }

    /// Refuses an image whose anchors end too soon: of those that lead here today or will lead here next; where there is
    /// none, of all.
    pub fn ends_soon(&self, generations: &Generations) -> Option<Risk> {
        let mut leading = self.needed(generations);
        leading.extend(generations.shown.iter().map(|generation| generation.anchor.id));
        leading.insert(generations.next.id);
        let none_leads = !self.trusts_one_of(&leading);
        let counts = |found: &&FoundCertificate| {
            if none_leads { found.anchor.authority } else { leading.contains(&found.anchor.id) }
        };
        let counting: Vec<FoundCertificate> =
            self.embedded.certificates.iter().filter(counts).cloned().collect();
        let end = counting.iter().map(|found| found.anchor.not_after).max()?;
        let Expected { horizon, now, .. } = *self.expected;
        (end < now + horizon).then(|| Risk::EndsSoon {
            trusts: names(&counting),
            // A certificate is valid in its last second, too (RFC 5280, section 4.1.2.5).
            days: (now <= end).then(|| end.since(now).as_secs() / DAY),
            horizon: horizon.as_secs() / DAY,
        })
    }

    /// Refuses an image without a name of this server if there was one before.
    pub fn no_name(&self) -> Option<Risk> {
        let newest_first = self.expected.earlier.iter().rev();
        let mut earlier = newest_first.map(|artifact| own_hosts(&artifact.embedded, self.expected));
        let earlier = earlier.find(|hosts| !hosts.is_empty()).filter(|_| self.hosts.is_empty())?;
        Some(Risk::NoName { earlier })
    }

    /// What is no reason to refuse an image that this server can be reached with, and worth a look all the same.
    pub fn notes(&self, generations: &Generations) -> Vec<String> {
        let mut notes: Vec<String> = self
            .closed(generations)
            .map(|host| format!("as {host} this server is verified by what it does not trust"))
            .collect();
        match generations.rollover {
            Some(rollover) => notes.extend(self.after_next_step(generations, rollover.phase)),
            None if !self.trusts(generations.next.id) => notes.push(format!(
                "it does not trust the next root, {}: devices that do outlive the loss of the current one",
                generations.next.name
            )),
            None => {}
        }
        notes
    }

    /// What the next step of the rollover takes away.
    fn after_next_step(&self, generations: &Generations, phase: Phase) -> Option<String> {
        let step = if phase == Phase::Begun { Step::Switch } else { Step::Finish };
        let then = generations.after(step, self.expected.now).ok()?;
        let needed = self.needed(&then);
        (!self.trusts_one_of(&needed)).then(|| {
            let needs = list(&anchor_names(&then, &needed));
            format!(
                "after `otary trust rollover {}` devices that run it are cut off: they need {needs}",
                step.name()
            )
        })
    }

    /// The names in the image under which this server presents what the image does not trust.
    fn closed<'b>(&'b self, generations: &'b Generations) -> impl Iterator<Item = &'b String> {
        self.hosts.iter().filter(move |host| {
            let presented = generations.presented(server_name(host));
            !self.trusts_one_of(&generations.opened_by(presented))
        })
    }

    /// The anchors of which one is needed to get here by a name in the image; without such a name, by any at all.
    fn needed(&self, generations: &Generations) -> BTreeSet<AnchorId> {
        let own = generations.shown.iter().flat_map(|generation| &generation.hosts);
        let asked: Vec<Option<&str>> = match self.hosts.as_slice() {
            [] => own.map(|host| Some(host.as_str())).chain([None]).collect(),
            hosts => hosts.iter().map(|host| server_name(host)).collect(),
        };
        let presented = asked.into_iter().map(|name| generations.presented(name));
        presented.flat_map(|presented| generations.opened_by(presented)).collect()
    }

    fn trusts_one_of(&self, anchors: &BTreeSet<AnchorId>) -> bool {
        anchors.iter().any(|anchor| self.trusts(*anchor))
    }

    fn trusts(&self, anchor: AnchorId) -> bool {
        self.embedded.certificates.iter().any(|found| found.anchor.id == anchor)
    }

    fn is_own(&self, name: &str) -> bool {
        is_own(&name.to_ascii_lowercase(), self.expected)
    }
}

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

fn own_hosts(embedded: &Embedded, expected: &Expected<'_>) -> Vec<String> {
    embedded.hosts.iter().filter(|host| is_own(host, expected)).cloned().collect()
}

/// Whether devices reach this server by `host`. What means this machine to every machine does not count.
fn is_own(host: &str, expected: &Expected<'_>) -> bool {
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let given = || expected.names.iter().any(|name| covers(name, host));
    let of_a_generation = || {
        let shown = expected.generations.into_iter().flat_map(|generations| &generations.shown);
        shown.into_iter().any(|generation| generation.hosts.contains(host))
    };
    !loopback && (given() || of_a_generation())
}

/// Whether `name` is `host`, or a wildcard for it (RFC 9525, section 6.3: for one label).
fn covers(name: &str, host: &str) -> bool {
    let wildcard = || name.strip_prefix('*').zip(host.find('.').and_then(|dot| host.get(dot..)));
    name == host || wildcard().is_some_and(|(parent, rest)| parent == rest)
}

/// What a client asks for in its handshake: no name for an address (RFC 6066, section 3).
fn server_name(host: &str) -> Option<&str> {
    host.parse::<IpAddr>().is_err().then_some(host)
}

/// The names of certificates, each once.
fn names(certificates: &[FoundCertificate]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for found in certificates {
        if !names.contains(&found.anchor.name) {
            names.push(found.anchor.name.clone());
        }
    }
    names
}

/// The names of those `anchors` that are a shown generation's. A bridge leads from an anchor that may be gone.
fn anchor_names(generations: &Generations, anchors: &BTreeSet<AnchorId>) -> Vec<String> {
    let shown = generations.shown.iter().map(|generation| &generation.anchor);
    shown.filter(|anchor| anchors.contains(&anchor.id)).map(|anchor| anchor.name.clone()).collect()
}
