//! What may go: the rules of [`Store::prune`](crate::Store::prune), the same for every backend.
//!
//! Never a release that is pinned, offered to anybody, by a campaign or on its own, passed through on the way to one that
//! is, or run by a device or meant for it; never an artifact that a release or a
//! device holds. A device holds what it may run and what its slots may hold ([`Device::may_run`],
//! [`Device::may_hold`]). That a stranger can say so too costs room on the disk and nothing else.

use std::collections::{BTreeSet, HashMap, HashSet};

use otary_fleet::{Artifact, Catalogue, Device, Md5, Release, ReleaseId, Sha256, State, Time};

use crate::Retention;

/// What devices run.
#[derive(Debug, Default)]
pub(crate) struct Running {
    md5s: HashSet<Md5>,
    digests: HashSet<Sha256>,
    artifacts: HashSet<Sha256>,
    /// What the operator wants of single devices.
    wanted: HashSet<ReleaseId>,
}

impl Running {
    /// Notes what a device's record says.
    pub(crate) fn note(&mut self, device: &Device) {
        self.md5s.extend(device.may_run().filter_map(|build| build.md5));
        self.digests.extend(device.may_run().filter_map(|build| build.sha256));
        self.artifacts.extend(device.may_hold());
        let forced = device.forced.as_ref().map(|forced| &forced.release);
        self.wanted.extend(device.pin.iter().chain(forced).cloned());
    }

    fn holds(&self, artifact: &Artifact) -> bool {
        self.artifacts.contains(&artifact.id)
            || artifact.md5s.iter().any(|md5| self.md5s.contains(md5))
            || artifact.digests.iter().any(|digest| self.digests.contains(digest))
    }
}

/// What goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Releases.
    pub(crate) releases: Vec<ReleaseId>,
    /// Artifacts that nothing holds once these releases are gone.
    pub(crate) artifacts: Vec<Sha256>,
}

/// What goes of a catalogue. `placed` is when an artifact's bytes were last put in place: a push that is under way
/// may count on them although they have been known for long.
pub(crate) fn plan(
    catalogue: &Catalogue,
    running: &Running,
    retention: &Retention,
    now: Time,
    placed: impl Fn(&Sha256) -> Time,
) -> Plan {
    let run: HashSet<Sha256> = catalogue.artifacts().filter(|a| running.holds(a)).map(|a| a.id).collect();
    let offered = offered(catalogue);
    let may_go = |release: &Release| {
        !release.pinned
            && !offered.contains(&release.id)
            && !running.wanted.contains(&release.id)
            && !release.artifacts.iter().any(|artifact| run.contains(artifact))
    };
    let expired = |release: &Release| release.withdrawn.is_some_and(|at| now.since(at) > retention.withdrawn);
    let (mut gone, kept): (Vec<_>, Vec<_>) =
        catalogue.all_releases().partition(|release| may_go(release) && expired(release));
    let mut holdings = Holdings::new(catalogue, &run, &kept);
    gone.extend(holdings.make_room(kept, may_go, retention.max_artifact_bytes));
    let loose = |artifact: &&Artifact| {
        !holdings.holds(&artifact.id)
            && now.since(artifact.added.max(placed(&artifact.id))) > retention.unreferenced
    };
    Plan {
        releases: gone.into_iter().map(|release| release.id.clone()).collect(),
        artifacts: catalogue.artifacts().filter(loose).map(|artifact| artifact.id).collect(),
    }
}

/// The releases that some device would be offered: the target of any channel, chip and kind.
fn offered(catalogue: &Catalogue) -> HashSet<&ReleaseId> {
    let mut offered = HashSet::new();
    for product in catalogue.products() {
        let releases = catalogue.releases(&product.name);
        let artifacts = releases.iter().flat_map(|release| &release.artifacts);
        let wants: BTreeSet<_> = artifacts
            .filter_map(|id| catalogue.artifact(id))
            .flat_map(|artifact| [(artifact.chip, artifact.kind), (None, artifact.kind)])
            .collect();
        let channels: BTreeSet<_> = releases.iter().map(|release| &release.channel).collect();
        for channel in channels {
            let targets = wants
                .iter()
                .filter_map(|(chip, kind)| catalogue.target(&product.name, Some(channel), *chip, *kind));
            offered.extend(targets.map(|target| &target.release.id));
        }
    }
    // A campaign to a whole channel that has finished leaves its release to the channel.
    let live = catalogue.all_campaigns().filter(|campaign| match campaign.state {
        State::Aborted { .. } => false,
        State::Finished { .. } => campaign.group.is_some() || campaign.rolls_back.is_some(),
        _ => true,
    });
    offered.extend(live.map(|campaign| &campaign.release));
    let on_the_way = passed_through(catalogue, &offered);
    offered.extend(on_the_way);
    offered
}

/// What has to be passed through on the way to these releases.
fn passed_through<'a>(catalogue: &'a Catalogue, to: &HashSet<&ReleaseId>) -> HashSet<&'a ReleaseId> {
    let mut found: HashSet<&ReleaseId> = HashSet::new();
    for id in to {
        let mut at = catalogue.release(id);
        while let Some(via) = at.and_then(|at| at.via.as_ref()) {
            at = catalogue.release_called(&id.product, via);
            // A circle, which publishing refuses, would have been gone round once.
            if !at.is_some_and(|at| found.insert(&at.id)) {
                break;
            }
        }
    }
    found
}

/// Who holds which artifact, and how many bytes are held.
struct Holdings<'a> {
    catalogue: &'a Catalogue,
    run: &'a HashSet<Sha256>,
    /// By how many releases.
    holders: HashMap<Sha256, usize>,
    bytes: u64,
}

impl<'a> Holdings<'a> {
    fn new(catalogue: &'a Catalogue, run: &'a HashSet<Sha256>, releases: &[&Release]) -> Self {
        let mut holders = HashMap::new();
        for artifact in releases.iter().flat_map(|release| &release.artifacts) {
            *holders.entry(*artifact).or_default() += 1;
        }
        let mut holdings = Self { catalogue, run, holders, bytes: 0 };
        let held = catalogue.artifacts().filter(|artifact| holdings.holds(&artifact.id));
        holdings.bytes = held.map(|artifact| artifact.size).sum();
        holdings
    }

    fn holds(&self, artifact: &Sha256) -> bool {
        self.run.contains(artifact) || self.holders.get(artifact).is_some_and(|holders| *holders > 0)
    }

    fn let_go(&mut self, release: &Release) {
        for artifact in &release.artifacts {
            if let Some(holders) = self.holders.get_mut(artifact) {
                *holders -= 1;
            }
            if !self.holds(artifact) {
                self.bytes -= self.catalogue.artifact(artifact).map_or(0, |artifact| artifact.size);
            }
        }
    }

    /// Lets go of the oldest releases that may go until no more than `room` bytes are held. Gives them.
    fn make_room<'r>(
        &mut self,
        mut releases: Vec<&'r Release>,
        may_go: impl Fn(&Release) -> bool,
        room: u64,
    ) -> Vec<&'r Release> {
        releases.retain(|release| may_go(release));
        releases.sort_by_key(|release| release.published);
        let mut gone = Vec::new();
        for release in releases {
            if self.bytes <= room {
                break;
            }
            self.let_go(release);
            gone.push(release);
        }
        gone
    }
}
