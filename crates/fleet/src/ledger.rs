//! The ledger: which anchors each device holds, how that is known, and whether it is certain.
//!
//! Two things tell. The **image** that a device runs was searched at upload, so its certificates are known. And the
//! **handshake** of its last check-in: a client that went on after it accepted the chain that it was shown, so it
//! holds one of the anchors that lead there (or looks at none, which is why a handshake alone is never certain).
//!
//! A check-in without proof may be anybody's, so of such check-ins the *worst* claim counts: a stranger who claims a
//! newer build under a device's address hides nothing. An old claim stops counting when
//!
//! - the device itself says otherwise with a proof: a credential of its own, or the secret of its product, which ends no
//!   claim of another product's build; or
//! - it was not repeated for 30 days, or for three times the device's own rhythm if that is longer, while another build
//!   was claimed that first came from the one network where the old one was. If there was more than one, as with strangers,
//!   it takes longer than any device sleeps (three years, as [`Patience`](crate::Patience) has it, and a month), and so
//!   long it takes at most.
//!
//! The same holds of the names that a build asks for and the chains that it accepts: a stranger who claims the device's
//! own build and asks for another name adds a claim, and takes none away.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::due::LONGEST_SLEEP;
use crate::{
    AnchorId, Artifact, Build, Catalogue, Device, Generations, Handshake, Mac, Network, Presented, Proof,
    SeenBuild, SeenHandshake, Sha256, Time, Transport,
};

/// How long a claim without proof counts at least, once another took its place.
const MONTH: Duration = Duration::from_hours(30 * 24);
/// The same where the other claim came from another network, which is how strangers speak: the device itself must have
/// had its turn in between.
const UNHEARD: Duration = Duration::from_hours(LONGEST_SLEEP.as_secs() / 3600 + 30 * 24);
/// Polls that a device may leave out before its silence means anything.
const RHYTHM: u32 = 3;

/// The anchors that a build holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Exactly these: its image was searched, and it never accepted what they do not lead to.
    These(BTreeSet<AnchorId>),
    /// At least one of these, since it accepted a chain that each of them leads to; or it looks at no certificate.
    OneOf(BTreeSet<AnchorId>),
    /// Nothing shows it.
    Unknown,
}

/// One build that a device may run, and what follows for its trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Claim {
    /// What it says that it runs.
    pub build: Build,
    /// The artifact that this is, if it is known.
    pub artifact: Option<Sha256>,
    /// What it showed with it.
    pub proof: Proof,
    /// When it last said so.
    pub last: Time,
    /// The anchors.
    pub holds: Holds,
    /// The host names that it asks for; `None` stands for an address or no name.
    pub asks_for: BTreeSet<Option<String>>,
    /// Whether it comes by plain HTTP, so that no certificate concerns it.
    pub plain: bool,
}

/// A device in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Which device.
    pub device: Mac,
    /// When it last asked.
    pub last_seen: Time,
    /// Whether otary never updated it and the operator never spoke of it: it may not exist.
    pub stranger: bool,
    /// The builds that count, the one said last first. Empty: it never asked.
    pub claims: Vec<Claim>,
}

/// Whether a client accepts a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Accepts {
    /// It does not: it holds other anchors.
    No,
    /// What is known allows both.
    CannotTell,
    /// It does.
    Yes,
}

impl Entry {
    /// What is known of a device's anchors.
    pub fn of(device: &Device, catalogue: &Catalogue, generations: &Generations) -> Self {
        let plain = device.last.as_ref().is_some_and(|last| last.transport == Transport::Http);
        let mut claims: Vec<Claim> = Vec::new();
        for seen in counting(device, catalogue) {
            let of = |handshake| Claim::of(seen, handshake, catalogue, generations, plain);
            for claim in counting_handshakes(seen).map(of) {
                if !claims.iter().any(|other| other.says_the_same_as(&claim)) {
                    claims.push(claim);
                }
            }
        }
        Self { device: device.mac, last_seen: device.last_seen, stranger: !device.is_known(), claims }
    }
}

impl Claim {
    fn of(
        seen: &SeenBuild,
        handshake: Option<&Handshake>,
        catalogue: &Catalogue,
        generations: &Generations,
        plain: bool,
    ) -> Self {
        let artifact = catalogue.running(&seen.build);
        let presented = handshake.map(|handshake| handshake.presented);
        Self {
            build: seen.build,
            artifact: artifact.map(|artifact| artifact.id),
            proof: seen.proof,
            last: seen.last,
            holds: Holds::of(artifact, presented, generations),
            asks_for: asks_for(handshake, artifact, generations),
            plain: plain && handshake.is_none(),
        }
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        self.build == other.build && self.holds == other.holds && self.asks_for == other.asks_for
    }

    /// Whether a device that runs this build accepts what `generations` present to it.
    pub fn accepts(&self, generations: &Generations) -> Accepts {
        if self.plain {
            return Accepts::Yes;
        }
        let verdicts = self.asks_for.iter().map(|name| self.accepts_as(name.as_deref(), generations));
        verdicts.min().unwrap_or(Accepts::CannotTell)
    }

    /// The same if it asks for `name`.
    pub fn accepts_as(&self, name: Option<&str>, generations: &Generations) -> Accepts {
        self.holds.open(&generations.opened_by(generations.presented(name)))
    }
}

impl Holds {
    /// Those of an image, if it is known, whose device accepted a chain, if it did.
    pub(crate) fn of(
        artifact: Option<&Artifact>,
        accepted: Option<Presented>,
        generations: &Generations,
    ) -> Self {
        let found = artifact.into_iter().flat_map(|artifact| &artifact.embedded.certificates);
        let found: BTreeSet<AnchorId> = found.map(|found| found.anchor.id).collect();
        let led_there = accepted.map(|presented| generations.opened_by(presented)).unwrap_or_default();
        let explains = led_there.is_empty() || !found.is_disjoint(&led_there);
        match (found.is_empty(), led_there.is_empty()) {
            (false, _) if explains => Self::These(found),
            // It accepted what no certificate in its image leads to: there is something that the search did not see.
            (_, false) => Self::OneOf(led_there),
            _ => Self::Unknown,
        }
    }

    /// Whether they lead to a chain that the anchors in `leading` lead to.
    pub(crate) fn open(&self, leading: &BTreeSet<AnchorId>) -> Accepts {
        match self {
            Self::These(held) if held.is_disjoint(leading) => Accepts::No,
            Self::These(_) => Accepts::Yes,
            Self::OneOf(some) if some.is_subset(leading) => Accepts::Yes,
            Self::OneOf(_) | Self::Unknown => Accepts::CannotTell,
        }
    }

    /// The anchors, as far as they are known.
    pub fn anchors(&self) -> impl Iterator<Item = AnchorId> {
        let (Self::These(anchors) | Self::OneOf(anchors)) = self else { return None.into_iter().flatten() };
        Some(anchors.iter().copied()).into_iter().flatten()
    }
}

/// The names by which a build reaches this server: the one that it asked for, else those of a generation's own that
/// stand in its image, else none that would matter.
fn asks_for(
    handshake: Option<&Handshake>,
    artifact: Option<&Artifact>,
    generations: &Generations,
) -> BTreeSet<Option<String>> {
    if let Some(handshake) = handshake {
        return BTreeSet::from([handshake.server_name.clone()]);
    }
    let own = |host: &&String| generations.shown.iter().any(|generation| generation.hosts.contains(*host));
    let hosts = artifact.into_iter().flat_map(|artifact| &artifact.embedded.hosts).filter(own);
    let hosts: BTreeSet<_> = hosts.cloned().map(Some).collect();
    if hosts.is_empty() { BTreeSet::from([None]) } else { hosts }
}

/// The builds that a device may run, the one said last first.
fn counting<'a>(device: &'a Device, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a SeenBuild> {
    let proven = device.builds.iter().filter(|seen| seen.proven.is_some());
    let proven = proven.max_by_key(|seen| (seen.proof, seen.proven));
    device.builds.iter().filter(move |seen| match proven {
        Some(proven) if proven.build == seen.build => true,
        // Said after the last proof: perhaps the device fell back to a build that has no secret to show.
        Some(proven) if ends(proven, seen, catalogue) => {
            Some(seen.last) > proven.proven && still_counts(seen, device)
        }
        _ => still_counts(seen, device),
    })
}

/// Whether the proof that came with one build ends the claim of another: a credential of the device's own always does, a
/// product's secret unless that build is another product's.
fn ends(proven: &SeenBuild, seen: &SeenBuild, catalogue: &Catalogue) -> bool {
    let product = |seen: &SeenBuild| catalogue.product_of(&catalogue.running(&seen.build)?.id);
    let same = || product(seen).is_none_or(|other| product(proven).is_some_and(|one| one.name == other.name));
    proven.proof == Proof::DeviceCredential || same()
}

/// Whether no later claim took the place of this one. A device that restarts into another build does so where it was: its
/// address may change, but hardly then.
fn still_counts(seen: &SeenBuild, device: &Device) -> bool {
    let claim = Said::from(seen);
    !device.builds.iter().any(|other| claim.is_replaced_by(other.into()))
}

/// The handshakes of a build that count, the latest first; `None` alone if there was none.
fn counting_handshakes(seen: &SeenBuild) -> impl Iterator<Item = Option<&Handshake>> {
    let replaced = |claim: Said| seen.handshakes.iter().any(|other| claim.is_replaced_by(other.into()));
    let counts = move |one: &&SeenHandshake| one.proof > Proof::None || !replaced((*one).into());
    let none = seen.handshakes.is_empty().then_some(None);
    let counting = seen.handshakes.iter().filter(counts).map(|one| Some(&one.handshake));
    none.into_iter().chain(counting)
}

/// When and from where something was said.
#[derive(Debug, Clone, Copy)]
struct Said {
    network: Network,
    roams: bool,
    first: Time,
    last: Time,
    polls: u64,
}

impl Said {
    /// Whether another claim took the place of this one.
    fn is_replaced_by(self, other: Self) -> bool {
        let here = !self.roams && other.network == self.network;
        other.last.since(self.last) > if here { self.patience() } else { UNHEARD }
    }

    /// How long it counts once another claim took its place: by the mean time between two polls, if there were two.
    fn patience(self) -> Duration {
        let gaps = u32::try_from(self.polls.saturating_sub(1)).unwrap_or(u32::MAX);
        let rhythm = self.last.since(self.first).checked_div(gaps).unwrap_or_default();
        rhythm.saturating_mul(RHYTHM).clamp(MONTH, UNHEARD)
    }
}

impl From<&SeenBuild> for Said {
    fn from(seen: &SeenBuild) -> Self {
        let SeenBuild { network, roams, first, last, polls, .. } = *seen;
        Self { network, roams, first, last, polls }
    }
}

impl From<&SeenHandshake> for Said {
    fn from(seen: &SeenHandshake) -> Self {
        let SeenHandshake { network, roams, first, last, polls, .. } = *seen;
        Self { network, roams, first, last, polls }
    }
}
