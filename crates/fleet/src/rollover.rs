//! The rollover: how one generation takes the place of another, and when a step is refused because it would cut a
//! device off.
//!
//! ```text
//! begin     the next root becomes a generation, cross-signed by the old one where that is possible,
//!           shown under host names of its own if it has some; devices move by ordinary updates
//! switch    it is in charge; the old generation is shown only under the names that it had
//! finish    the old generation is gone, and with it the bridge
//! abort     as before the beginning
//! ```
//!
//! All of it is pure: [`Generations`] in, [`Generations`] out. Whether a device survives a step follows from the ledger
//! by comparing what it is shown before and after; the device, not the operator, is given the benefit of the doubt.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ledger::{Accepts, Entry};
use crate::{
    Anchor, Generation, GenerationId, Generations, Holds, Mac, Patience, Phase, Proof, Rollover, Time,
};

/// A step of a rollover that takes something away from somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Put the new generation in charge.
    Switch,
    /// Let the old generation go.
    Finish,
    /// Go back to the old generation.
    Abort,
}

impl Step {
    /// The step's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Finish => "finish",
            Self::Abort => "abort",
        }
    }
}

/// What a rollover begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Host names of the new generation's own; it shares the server's if there are none.
    pub hosts: BTreeSet<String>,
    /// The host names that the server has today.
    pub server_hosts: BTreeSet<String>,
    /// Whether the old root's key cross-signs the new root.
    pub bridge: bool,
    /// The root after the new one.
    pub next: Anchor,
}

/// Why a step cannot be taken at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misstep {
    /// Two rollovers at once.
    #[error("a rollover from generation {from} to {to} is under way")]
    UnderWay {
        /// The old generation.
        from: GenerationId,
        /// The new one.
        to: GenerationId,
    },
    /// There is none.
    #[error("no rollover is under way")]
    None,
    /// It was done before.
    #[error("generation {to} is in charge already")]
    Switched {
        /// The new generation.
        to: GenerationId,
    },
    /// The old generation cannot go while it is in charge.
    #[error("generation {from} is still in charge")]
    NotSwitched {
        /// The old generation.
        from: GenerationId,
    },
    /// An adopted certificate has nothing to sign with, so the authority needs a name that the certificate has not.
    #[error("the authority has no host name besides those of the adopted certificate")]
    NoOwnHost,
}

impl Generations {
    /// The generations of a new authority.
    pub fn first(root: Anchor, next: Anchor, now: Time) -> Self {
        Self::of_one(GenerationId(1), root, next, now)
    }

    /// One generation alone, with this number.
    pub fn of_one(id: GenerationId, root: Anchor, next: Anchor, now: Time) -> Self {
        let hosts = BTreeSet::new();
        let first = Generation { id, anchor: root, adopted: false, hosts, bridged_from: None, began: now };
        Self { shown: vec![first], current: id, rollover: None, next, ended: Vec::new() }
    }

    /// Begins a rollover to the next root.
    pub fn begin(&self, beginning: Beginning, now: Time) -> Result<Self, Misstep> {
        let from = self.steady()?.clone();
        let Beginning { hosts, server_hosts, bridge, next } = beginning;
        let to = Generation {
            id: self.unused(),
            anchor: self.next.clone(),
            adopted: false,
            bridged_from: bridge.then_some(from.anchor.id),
            began: now,
            hosts,
        };
        // Without names of its own the new generation takes over every name at the switch.
        let old_hosts = if to.hosts.is_empty() { BTreeSet::new() } else { &server_hosts - &to.hosts };
        let from = Generation { hosts: old_hosts, ..from };
        Ok(Self { next, ..self.rolling(from, to, now) })
    }

    /// The number of a certificate that is adopted now: 0, if none was before.
    pub fn adopted_id(&self) -> GenerationId {
        let zero = GenerationId(0);
        let had_one = self.shown.iter().chain(&self.ended).any(|generation| generation.id == zero);
        if had_one { self.unused() } else { zero }
    }

    /// Adopts a certificate that devices trust and the authority has not made: it becomes generation 0 (see
    /// [`Self::adopted_id`]), and a rollover from it to the authority begins. `hosts` are its names, `server_hosts` all that the server has.
    pub fn adopt(
        &self,
        certificate: Anchor,
        hosts: BTreeSet<String>,
        server_hosts: &BTreeSet<String>,
        now: Time,
    ) -> Result<Self, Misstep> {
        let to = self.steady()?.clone();
        let to = Generation { hosts: server_hosts - &hosts, ..to };
        if to.hosts.is_empty() {
            return Err(Misstep::NoOwnHost);
        }
        let id = self.adopted_id();
        let from =
            Generation { id, anchor: certificate, adopted: true, hosts, bridged_from: None, began: now };
        Ok(self.rolling(from, to, now))
    }

    fn rolling(&self, from: Generation, to: Generation, now: Time) -> Self {
        let (current, phase) = (from.id, Phase::Begun);
        let rollover = Rollover { from: from.id, to: to.id, phase, began: now, switched: None };
        let (next, ended) = (self.next.clone(), self.ended.clone());
        Self { shown: vec![from, to], current, rollover: Some(rollover), next, ended }
    }

    /// As things are after a step.
    pub fn after(&self, step: Step, now: Time) -> Result<Self, Misstep> {
        let rollover = self.rollover.ok_or(Misstep::None)?;
        let Rollover { from, to, phase, .. } = rollover;
        match (step, phase) {
            (Step::Switch, Phase::Switched) => Err(Misstep::Switched { to }),
            (Step::Finish, Phase::Begun) => Err(Misstep::NotSwitched { from }),
            (Step::Switch, Phase::Begun) => {
                let rollover = Rollover { phase: Phase::Switched, switched: Some(now), ..rollover };
                Ok(Self { rollover: Some(rollover), ..self.clone() })
            }
            (Step::Finish, Phase::Switched) => Ok(self.left_with(to, from)),
            (Step::Abort, _) => Ok(self.aborted(from, to)),
        }
    }

    /// The new root goes back to be the next one. An adopted certificate is simply let go: the authority stays.
    fn aborted(&self, from: GenerationId, to: GenerationId) -> Self {
        if self.get(from).is_some_and(|from| from.adopted) {
            return self.left_with(to, from);
        }
        let next = self.get(to).map_or_else(|| self.next.clone(), |to| to.anchor.clone());
        Self { next, ..self.left_with(from, to) }
    }

    fn left_with(&self, stays: GenerationId, goes: GenerationId) -> Self {
        // Its bridge stays on record: a device that accepted it may hold the old root alone.
        let alone = |generation: &Generation| Generation { hosts: BTreeSet::new(), ..generation.clone() };
        let mut ended = self.ended.clone();
        ended.extend(self.get(goes).cloned());
        Self {
            shown: self.get(stays).map(alone).into_iter().collect(),
            current: stays,
            rollover: None,
            next: self.next.clone(),
            ended,
        }
    }

    fn steady(&self) -> Result<&Generation, Misstep> {
        match self.rollover {
            Some(Rollover { from, to, .. }) => Err(Misstep::UnderWay { from, to }),
            None => self.get(self.current).ok_or(Misstep::None),
        }
    }

    /// A number that no generation ever had.
    fn unused(&self) -> GenerationId {
        let newest = self.shown.iter().chain(&self.ended).map(|generation| generation.id.0).max();
        GenerationId(newest.unwrap_or(0).saturating_add(1))
    }
}

/// A device that a step would cut off, or might.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Straggler {
    /// Which device.
    pub device: Mac,
    /// When it last asked.
    pub last_seen: Time,
    /// Whether otary never updated it and the operator never spoke of it: it may not exist.
    pub stranger: bool,
    /// What it showed with the claim that makes it one.
    pub proof: Proof,
    /// The anchors of that claim.
    pub holds: Holds,
    /// Whether it is cut off for certain, or nothing shows that it is not.
    pub certain: bool,
}

impl Straggler {
    /// Whether it was not heard of for longer than any device is promised to be waited for: it may be in a drawer, or in
    /// a bin, or never have been. To give it up is still for a person to say.
    pub fn is_overdue(&self, now: Time, patience: Patience) -> bool {
        now.since(self.last_seen) > patience.sleep + patience.margin
    }
}

impl fmt::Display for Straggler {
    /// A few words for people, without the device's address: what it is known to trust, and "perhaps" where nothing is
    /// certain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.holds {
            Holds::These(_) => "trusts none of what it would be shown",
            Holds::OneOf(_) => "perhaps: it took today's chain, no more is known",
            Holds::Unknown => "perhaps: nothing shows what it trusts",
        })
    }
}

/// Whether what `then` presents cuts off a device that is served `now`.
///
/// A device to which nothing changes, or that does not accept what it is shown today, loses nothing.
pub fn cut_off(entry: &Entry, now: &Generations, then: &Generations) -> Option<Straggler> {
    let loses = |claim: &&crate::Claim| {
        let lost = |name: &Option<String>| {
            let by_name = |generations| claim.accepts_as(name.as_deref(), generations);
            changes(name.as_deref(), now, then) && by_name(now) > Accepts::No && by_name(then) < Accepts::Yes
        };
        !claim.plain && claim.asks_for.iter().any(lost)
    };
    let worst = entry.claims.iter().filter(loses).min_by_key(|claim| claim.accepts(then))?;
    Some(Straggler {
        device: entry.device,
        last_seen: entry.last_seen,
        stranger: entry.stranger,
        proof: worst.proof,
        holds: worst.holds.clone(),
        certain: worst.accepts(then) == Accepts::No,
    })
}

/// Whether something leads to what is presented `now` as `name` and not to what `then` presents.
fn changes(name: Option<&str>, now: &Generations, then: &Generations) -> bool {
    let opened = |generations: &Generations| generations.opened_by(generations.presented(name));
    !opened(now).is_subset(&opened(then))
}

/// Whom the operator gives up, in so many words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GivenUp {
    /// Devices, by their addresses.
    pub devices: BTreeSet<Mac>,
    /// All that otary never updated and nobody spoke of: anybody can invent such devices, so they need not be typed.
    pub strangers: bool,
}

impl GivenUp {
    /// Whether a step that makes this straggler is refused.
    pub fn spares(&self, straggler: &Straggler) -> bool {
        let stranger = straggler.stranger && self.strangers;
        !stranger && !self.devices.contains(&straggler.device)
    }
}
