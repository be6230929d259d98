//! Generations: one anchor's era each, and which of them a client is shown.
//!
//! A server presents by the name that a client asks for (SNI), and by nothing else that it could know before it has to
//! decide. So a generation may have host names of its own; whoever asks for one of them is shown its chain, and
//! everybody else (an unknown name, an address, no name at all) is shown the chain of the generation in charge.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Anchor, AnchorId, Time};

/// Which generation. The first adopted certificate is number 0, the authority's first root number 1, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct GenerationId(pub u32);

impl GenerationId {
    /// That of a certificate from elsewhere: none of the authority's, so that no device is taken to hold a root of the
    /// authority because it accepted that certificate.
    pub const ELSEWHERE: Self = Self(u32::MAX);
}

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ELSEWHERE { f.write_str("elsewhere") } else { self.0.fmt(f) }
    }
}

/// One anchor's era: the anchor, and the host names that serve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Generation {
    /// Which it is.
    pub id: GenerationId,
    /// Its anchor: a root of the authority, or an adopted certificate.
    pub anchor: Anchor,
    /// Whether the anchor was adopted: the server presents it itself, and nothing is issued from it.
    pub adopted: bool,
    /// Host names of its own, in lower case. Empty: it shares those of the server.
    pub hosts: BTreeSet<String>,
    /// The anchor whose key has cross-signed this generation's root; whoever holds it can be shown the way here.
    pub bridged_from: Option<AnchorId>,
    /// When it began.
    pub began: Time,
}

/// The chain that a client is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presented {
    /// Whose leaf it is.
    pub generation: GenerationId,
    /// Whether the root, cross-signed by the former one, follows the leaf.
    pub bridged: bool,
}

/// What passed between a client and the server before its request: the client went on, so it accepted this chain, or
/// looks at none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Handshake {
    /// The host name that the client asked for (SNI), in lower case; none with an address in the URL.
    pub server_name: Option<String>,
    /// What it was shown.
    pub presented: Presented,
}

/// How far a rollover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The new generation is there, and shown under its own host names. Devices move by ordinary updates.
    Begun,
    /// The new generation is in charge; the old one is shown only under its own host names.
    Switched,
}

/// A change from one generation to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rollover {
    /// The old generation.
    pub from: GenerationId,
    /// The new one.
    pub to: GenerationId,
    /// How far it is.
    pub phase: Phase,
    /// When it began.
    pub began: Time,
    /// When the new generation was put in charge.
    pub switched: Option<Time>,
}

/// Every generation that is shown to anybody, and the root that comes after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Generations {
    /// Those that are shown: one, or the two of a rollover.
    pub shown: Vec<Generation>,
    /// The one in charge outside a rollover, and the old one in it.
    pub current: GenerationId,
    /// The rollover that is under way.
    pub rollover: Option<Rollover>,
    /// The root that devices are given in advance; during a rollover the one after the new generation's.
    pub next: Anchor,
    /// Those that are shown to nobody any more, the oldest first: devices may still hold their anchors.
    #[serde(default)]
    pub ended: Vec<Generation>,
}

impl Generations {
    /// The generation called `id`, if it is shown.
    pub fn get(&self, id: GenerationId) -> Option<&Generation> {
        self.shown.iter().find(|generation| generation.id == id)
    }

    /// As they are presented at `now`. An old generation whose anchor has ended has nothing to show but an ended leaf, so
    /// where a bridge leads from it to the new one, its names go over to that: who looks at no dates comes over the
    /// bridge, and who looks at them is not kept waiting for [`Step::Finish`](crate::Step::Finish).
    #[must_use]
    pub fn at(&self, now: Time) -> Self {
        let mut then = self.clone();
        let Some(Rollover { from, to, phase: Phase::Switched, .. }) = self.rollover else { return then };
        let bridge = self.get(to).and_then(|new| new.bridged_from);
        let outlived =
            |old: &Generation| old.id == from && old.anchor.not_after < now && bridge == Some(old.anchor.id);
        then.shown.iter_mut().filter(|old| outlived(old)).for_each(|old| old.hosts.clear());
        then
    }

    /// The same behind a certificate from elsewhere, which everybody is shown and `anchor` leads to.
    #[must_use]
    pub fn behind(&self, anchor: &Anchor) -> Self {
        let elsewhere = Generation {
            id: GenerationId::ELSEWHERE,
            anchor: anchor.clone(),
            adopted: true,
            hosts: BTreeSet::new(),
            bridged_from: None,
            began: anchor.not_before,
        };
        let ended = self.ended.iter().chain(&self.shown).cloned().collect();
        let (current, next) = (elsewhere.id, self.next.clone());
        Self { shown: vec![elsewhere], current, rollover: None, next, ended }
    }

    /// The anchors that firmware made today has to hold: those that are shown, and the next.
    pub fn to_embed(&self) -> impl Iterator<Item = &Anchor> {
        self.shown.iter().map(|generation| &generation.anchor).chain([&self.next])
    }

    /// What a client is shown that asks for `server_name` (in lower case); none is an address, or no name.
    pub fn presented(&self, server_name: Option<&str>) -> Presented {
        let own = |id| {
            let generation: Option<&Generation> = self.get(id);
            server_name.zip(generation).is_some_and(|(name, generation)| generation.hosts.contains(name))
        };
        let Some(rollover) = self.rollover else {
            return Presented { generation: self.current, bridged: false };
        };
        let new = match rollover.phase {
            Phase::Begun => own(rollover.to),
            Phase::Switched => own(rollover.to) || !own(rollover.from),
        };
        let generation = if new { rollover.to } else { rollover.from };
        let bridge = self.get(generation).filter(|_| new).and_then(|new| new.bridged_from);
        // A bridge of an earlier rollover is on record, and not shown any more.
        let old = self.get(rollover.from).map(|old| old.anchor.id);
        Presented { generation, bridged: bridge.is_some() && bridge == old }
    }

    /// The anchors of which a client must hold one to accept what is presented, or was before its generation ended.
    pub fn opened_by(&self, presented: Presented) -> BTreeSet<AnchorId> {
        let mut known = self.shown.iter().chain(&self.ended);
        let generation = known.find(|generation| generation.id == presented.generation);
        let Some(generation) = generation else { return BTreeSet::new() };
        let bridge = generation.bridged_from.filter(|_| presented.bridged);
        [generation.anchor.id].into_iter().chain(bridge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha256;

    fn anchor(name: &str) -> Anchor {
        let digest = Sha256::of(name.as_bytes());
        Anchor {
            id: AnchorId(digest),
            fingerprint: digest,
            name: name.into(),
            not_before: Time::default(),
            not_after: Time::from_secs(2_500_000_000),
            authority: true,
        }
    }

    fn generation(number: u32, hosts: &[&str], bridged_from: Option<AnchorId>) -> Generation {
        Generation {
            id: GenerationId(number),
            anchor: anchor(&format!("root {number}")),
            adopted: false,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            bridged_from,
            began: Time::default(),
        }
    }

    fn in_rollover(phase: Phase, old: &[&str], new: &[&str], bridged: bool) -> Generations {
        let old = generation(1, old, None);
        let new = generation(2, new, bridged.then_some(old.anchor.id));
        let (from, to) = (old.id, new.id);
        let began = Time::default();
        Generations {
            shown: vec![old, new],
            current: from,
            rollover: Some(Rollover { from, to, phase, began, switched: None }),
            next: anchor("root 3"),
            ended: Vec::new(),
        }
    }

    fn shown(generations: &Generations, name: Option<&str>) -> (u32, usize) {
        let presented = generations.presented(name);
        (presented.generation.0, generations.opened_by(presented).len())
    }

    #[test]
    fn a_begun_generation_is_shown_under_its_own_names_alone() {
        let generations = in_rollover(Phase::Begun, &[], &["new.lan"], true);
        assert_eq!(shown(&generations, Some("new.lan")), (2, 2), "both roots lead there");
        for name in [Some("old.lan"), None] {
            assert_eq!(shown(&generations, name), (1, 1));
        }
    }

    #[test]
    fn after_the_switch_the_old_one_keeps_its_own_names() {
        let generations = in_rollover(Phase::Switched, &["old.lan"], &["new.lan"], false);
        assert_eq!(shown(&generations, Some("old.lan")), (1, 1));
        for name in [Some("new.lan"), Some("other.lan"), None] {
            assert_eq!(shown(&generations, name), (2, 1), "without a bridge the new root alone leads there");
        }
    }
}
