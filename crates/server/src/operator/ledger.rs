//! The ledger for people: the fleet by anchor, and whom a step of a rollover would cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use otary_fleet::{
    Anchor, AnchorId, Catalogue, Claim, Device, Entry, GenerationId, Generations, Holds, Proof, Step,
    Straggler, cut_off,
};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::site::Operator;

/// The fleet by anchor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ledger {
    /// The anchors of this server and those that devices hold besides, at most [`Ledger::MAX_ANCHORS`].
    pub anchors: Vec<AnchorLine>,
    /// Devices on record.
    pub devices: u64,
    /// Of those, devices of which nothing shows what they hold.
    pub unknown: u64,
    /// Of those, devices that come by plain HTTP, so that no certificate concerns them.
    pub plain: u64,
    /// Of those, devices that never asked.
    pub never_asked: u64,
}

/// An anchor, and how many devices hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AnchorLine {
    /// The anchor.
    pub anchor: Anchor,
    /// What it is to this server.
    pub role: Role,
    /// Devices that hold it by the image that they run, and showed a proof with it.
    pub proven: u64,
    /// Devices that hold it by the image that they say they run.
    pub claimed: u64,
    /// Devices that may hold it: they accepted a chain that it leads to, or only some of what is said of them has it.
    pub perhaps: u64,
}

/// What an anchor is to this server.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The anchor of a generation that is shown.
    Shown(GenerationId),
    /// The root that devices are given in advance.
    Next,
    /// The anchor of a generation that has ended.
    Ended(GenerationId),
    /// None of this server's.
    Foreign,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(id) => write!(f, "generation {id}"),
            Self::Next => f.write_str("next root"),
            Self::Ended(id) => write!(f, "generation {id}, ended"),
            Self::Foreign => f.write_str("not ours"),
        }
    }
}

/// The anchors that one build of a device holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "HeldAnchors")]
pub struct Held {
    /// What is known of the build.
    #[serde(flatten)]
    pub claim: Claim,
    /// The anchors by name, and what each is to this server; those that nobody knows here have their digest for a name.
    pub anchors: Vec<(String, Role)>,
}

/// How sure it is that a device holds an anchor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sureness {
    Perhaps,
    Claimed,
    Proven,
}

impl Ledger {
    /// Anchors that are listed: firmware may bring a bundle of others'.
    pub const MAX_ANCHORS: usize = 200;

    fn of(generations: &Generations, catalogue: &Catalogue) -> BTreeMap<AnchorId, AnchorLine> {
        let line = |role, anchor: &Anchor| {
            (anchor.id, AnchorLine { anchor: anchor.clone(), role, proven: 0, claimed: 0, perhaps: 0 })
        };
        let embedded = catalogue.artifacts().flat_map(|artifact| &artifact.embedded.certificates);
        let mut lines: BTreeMap<_, _> = embedded.map(|found| line(Role::Foreign, &found.anchor)).collect();
        lines.extend(generations.ended.iter().map(|ended| line(Role::Ended(ended.id), &ended.anchor)));
        lines.extend([line(Role::Next, &generations.next)]);
        lines.extend(generations.shown.iter().map(|shown| line(Role::Shown(shown.id), &shown.anchor)));
        lines
    }

    fn count(&mut self, lines: &mut BTreeMap<AnchorId, AnchorLine>, entry: &Entry) {
        self.devices += 1;
        if entry.claims.is_empty() {
            self.never_asked += 1;
        } else if entry.claims.iter().all(|claim| claim.plain) {
            self.plain += 1;
        } else if entry.claims.iter().any(|claim| claim.holds == Holds::Unknown) {
            self.unknown += 1;
        }
        let anchors: BTreeSet<AnchorId> =
            entry.claims.iter().flat_map(|claim| claim.holds.anchors()).collect();
        for id in anchors {
            if let Some(line) = lines.get_mut(&id) {
                line.count(sureness(&entry.claims, id));
            }
        }
    }
}

impl AnchorLine {
    const fn count(&mut self, sureness: Sureness) {
        match sureness {
            Sureness::Proven => self.proven += 1,
            Sureness::Claimed => self.claimed += 1,
            Sureness::Perhaps => self.perhaps += 1,
        }
    }

    /// Devices that hold it or may.
    pub const fn devices(&self) -> u64 {
        self.proven + self.claimed + self.perhaps
    }
}

/// The worst of what the claims say.
fn sureness(claims: &[Claim], anchor: AnchorId) -> Sureness {
    let of = |claim: &Claim| match &claim.holds {
        Holds::These(anchors) if anchors.contains(&anchor) && claim.proof > Proof::None => Sureness::Proven,
        Holds::These(anchors) if anchors.contains(&anchor) => Sureness::Claimed,
        _ => Sureness::Perhaps,
    };
    claims.iter().map(of).min().unwrap_or(Sureness::Perhaps)
}

impl Operator {
    /// The fleet by anchor: this server's anchors first, those that most devices hold before others.
    pub(super) fn ledger(&self, generations: &Generations) -> Result<Ledger, Problem> {
        let catalogue = self.store.catalogue();
        let mut lines = Ledger::of(generations, &catalogue);
        let mut ledger = Ledger::default();
        self.each_device(|device| {
            ledger.count(&mut lines, &Entry::of(device, &catalogue, generations));
        })?;
        let mut anchors: Vec<AnchorLine> = lines.into_values().collect();
        anchors.retain(|line| line.role != Role::Foreign || line.devices() > 0);
        anchors.sort_by_key(|line| (line.role, std::cmp::Reverse(line.devices())));
        anchors.truncate(Ledger::MAX_ANCHORS);
        ledger.anchors = anchors;
        Ok(ledger)
    }

    /// What a device holds by each of the builds that it may run, the one said last first. Empty without an authority.
    pub(super) fn held(&self, device: &Device) -> Vec<Held> {
        let Some(custody) = &self.custody else { return Vec::new() };
        let (generations, catalogue) = (custody.generations(), self.store.catalogue());
        let lines = Ledger::of(&generations, &catalogue);
        let named = |id: AnchorId| {
            let line = lines.get(&id);
            line.map_or_else(|| (id.to_string(), Role::Foreign), |line| (line.anchor.name.clone(), line.role))
        };
        let entry = Entry::of(device, &catalogue, &generations);
        let held = |claim: Claim| {
            let mut anchors: Vec<_> = claim.holds.anchors().map(named).collect();
            anchors.sort_by_key(|(_, role)| *role);
            Held { claim, anchors }
        };
        entry.claims.into_iter().map(held).collect()
    }

    /// Whom `then` would cut off, those not heard of for the longest time first.
    pub(super) fn stragglers(
        &self,
        now: &Generations,
        then: &Generations,
    ) -> Result<Vec<Straggler>, Problem> {
        let catalogue = self.store.catalogue();
        let mut stragglers = Vec::new();
        self.each_device(|device: &Device| {
            stragglers.extend(cut_off(&Entry::of(device, &catalogue, now), now, then));
        })?;
        stragglers.sort_by_key(|straggler| (straggler.stranger, straggler.last_seen, straggler.device));
        Ok(stragglers)
    }
}

/// Who would be cut off by a step of a rollover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Losses {
    /// The step.
    pub step: Step,
    /// How many devices that otary knows.
    pub devices: u64,
    /// How many that otary never updated and nobody spoke of.
    pub strangers: u64,
    /// Some of them, those not heard of for the longest time first: at most [`Losses::MAX_NAMED`].
    pub named: Vec<Straggler>,
}

impl Losses {
    /// Devices that are named.
    pub const MAX_NAMED: usize = 1000;

    /// The losses of a step that makes these stragglers.
    pub(super) fn of(step: Step, mut stragglers: Vec<Straggler>) -> Self {
        let strangers = stragglers.iter().filter(|straggler| straggler.stranger).count() as u64;
        let devices = stragglers.len() as u64 - strangers;
        stragglers.truncate(Self::MAX_NAMED);
        Self { step, devices, strangers, named: stragglers }
    }
}
