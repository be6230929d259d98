//! Whether an image would be the last that a device takes from here: its anchors, held against what this server presents by
//! the name that the device asks for, as the ledger does with the image that runs.

use std::collections::BTreeSet;

use otary_image::Chip;

use super::{Candidate, Obstacle};
use crate::{
    Accepts, AnchorId, Artifact, CheckIn, Claim, Device, Dialect, Entry, Generations, Holds, Transport,
};

/// Anchors of an image that are named: it may bring a bundle of everybody's.
const NAMED: usize = 4;

impl Candidate<'_> {
    /// The obstacle, if the device accepts what it is shown today, and for certain would not with the release's image.
    pub(super) fn loses_trust(
        &self,
        device: &Device,
        check_in: &CheckIn,
        chip: Option<Chip>,
    ) -> Option<Obstacle> {
        // What an agent trusts is in its flash, beside the image.
        let is_concerned = check_in.transport == Transport::Https && check_in.dialect != Dialect::Agent;
        let generations = self.generations.filter(|_| is_concerned)?;
        let image = self.catalogue.target_of(self.release, chip, check_in.wanted())?.artifact;
        let asked = check_in.handshake.as_ref().and_then(|handshake| handshake.server_name.clone());
        let (holds, names) = (Holds::of(Some(image), None, generations), names(image, asked, generations));
        let accepts = |name: &Option<String>| holds.open(&leading(name.as_deref(), generations));
        if names.iter().any(|name| accepts(name) > Accepts::No) || !self.is_served(device, generations) {
            return None;
        }
        let asks_for = names.into_iter().next().flatten();
        let needed = leading(asks_for.as_deref(), generations);
        let shown = generations.shown.iter().map(|generation| &generation.anchor);
        let needs = shown.filter(|anchor| needed.contains(&anchor.id)).map(|anchor| anchor.name.clone());
        let trusts = image.embedded.certificates.iter().map(|found| found.anchor.name.clone());
        let (needs, trusts) = (needs.collect(), trusts.take(NAMED).collect());
        Some(Obstacle::LosesTrust { asks_for, trusts, needs })
    }

    /// Whether a device accepts what it is shown today because of what was found in its image. One that came here with
    /// certificates none of which leads here looks at something that the search did not see, or at nothing.
    fn is_served(&self, device: &Device, generations: &Generations) -> bool {
        let found_more = |claim: &Claim| {
            let image = claim.artifact.and_then(|id| self.catalogue.artifact(&id));
            image.is_some_and(|image| !image.embedded.certificates.is_empty())
        };
        let entry = Entry::of(device, self.catalogue, generations);
        entry.claims.iter().any(|claim| {
            let looks_elsewhere = matches!(claim.holds, Holds::OneOf(_)) && found_more(claim);
            claim.accepts(generations) > Accepts::No && !looks_elsewhere
        })
    }
}

/// The anchors of which a client must hold one that asks for `name`.
fn leading(name: Option<&str>, generations: &Generations) -> BTreeSet<AnchorId> {
    generations.opened_by(generations.presented(name))
}

/// The names that it will ask for: as it did last, unless the image has names of a generation's own and not that one.
fn names(image: &Artifact, asked: Option<String>, generations: &Generations) -> Vec<Option<String>> {
    let hosts = &image.embedded.hosts;
    let own = |host: &&String| generations.shown.iter().any(|generation| generation.hosts.contains(*host));
    let own: Vec<Option<String>> = hosts.iter().filter(own).cloned().map(Some).collect();
    let goes_on = asked.as_ref().is_some_and(|asked| hosts.contains(asked));
    if own.is_empty() || goes_on { vec![asked] } else { own }
}
