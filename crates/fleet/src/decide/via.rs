//! Versions that must be passed through: whoever runs something older than a release's `via` gets that one first.

use thiserror::Error;

use super::Asked;
use super::meant::note;
use crate::{Catalogue, Decision, Order, Reason, Release, ReleaseId, Target, Version, compare};

/// How many versions may have to be passed through one after the other.
pub const MAX_STEPS: usize = 8;

/// Why a release cannot ask for a version to be passed through.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ViaError {
    /// There is no such release.
    #[error("{release} asks for {via} to be passed through, which is no release of the product")]
    Unknown {
        /// The release that asks.
        release: ReleaseId,
        /// What it asks for.
        via: Version,
    },
    /// It was withdrawn.
    #[error("{release} asks for {via} to be passed through, which is withdrawn")]
    Withdrawn {
        /// The release that asks.
        release: ReleaseId,
        /// What it asks for.
        via: Version,
    },
    /// It is not older than the release itself.
    #[error("{release} asks for {via} to be passed through, which is not older")]
    NotOlder {
        /// The release that asks.
        release: ReleaseId,
        /// What it asks for.
        via: Version,
    },
    /// The versions lead back to where they began.
    #[error("the versions to be passed through go round in a circle: {}", through(path))]
    Circle {
        /// The versions, from the release on; the last is one of those before it.
        path: Vec<Version>,
    },
    /// There are too many.
    #[error("{} versions would have to be passed through, and {MAX_STEPS} may be: {}", path.len() - 1, through(path))]
    TooMany {
        /// The versions, from the release on.
        path: Vec<Version>,
    },
}

fn through(path: &[Version]) -> String {
    path.iter().map(Version::as_str).collect::<Vec<_>>().join(", then ")
}

/// Whether the version that a release wants passed through can be, and those before it.
pub fn check_via(release: &Release, catalogue: &Catalogue) -> Result<(), ViaError> {
    let mut path = vec![release.id.version.clone()];
    let mut at = release;
    while let Some(via) = &at.via {
        let (asks, via) = (at.id.clone(), via.clone());
        let is_back = path.contains(&via);
        path.push(via.clone());
        if is_back {
            return Err(ViaError::Circle { path });
        }
        if path.len() > MAX_STEPS + 1 {
            return Err(ViaError::TooMany { path });
        }
        let next = catalogue.release_called(&release.id.product, &via);
        let Some(next) = next else { return Err(ViaError::Unknown { release: asks, via }) };
        if next.withdrawn.is_some() {
            return Err(ViaError::Withdrawn { release: asks, via });
        }
        if matches!(compare(&via, &at.id.version), Order::Newer | Order::Same) {
            return Err(ViaError::NotOlder { release: asks, via });
        }
        at = next;
    }
    Ok(())
}

impl<'a> Asked<'a> {
    /// Offers the target for the reason given, or what has to be passed through on the way to it.
    pub(super) fn through(
        &self,
        target: Target<'a>,
        found: &mut Decision,
        why: Reason,
    ) -> Result<Reason, Reason> {
        let first = self.first_on_the_way(target, found.campaign)?;
        note(first, found);
        self.in_order(first)?;
        self.send(first, found)?;
        if first.release.id == target.release.id {
            return Ok(why);
        }
        let (via, then) = (first.release.id.version.clone(), target.release.id.version.clone());
        Ok(Reason::MustPassThrough { runs: self.runs(), via, then })
    }

    /// The oldest version on the way to a target that the device has not passed yet. None is left out: where one is gone,
    /// the device stays.
    fn first_on_the_way(
        &self,
        target: Target<'a>,
        campaign: Option<crate::CampaignId>,
    ) -> Result<Target<'a>, Reason> {
        let mut first = target;
        for _ in 0..MAX_STEPS {
            let Some(via) = &first.release.via else { break };
            let product = &first.release.id.product;
            let release = self.view.catalogue.release_called(product, via);
            let live = release.filter(|release| release.withdrawn.is_none());
            let step =
                live.and_then(|live| self.view.catalogue.target_of(live, self.chip, self.check_in.wanted()));
            if !self.is_before(via, release, step) {
                break;
            }
            first = step.ok_or_else(|| {
                let release = ReleaseId { product: product.clone(), version: via.clone() };
                Reason::ReleaseGone { release, campaign }
            })?;
        }
        Ok(first)
    }

    /// Whether what runs is older than a version that must be passed through, or may be: of an unknown build without a
    /// version nothing says that it is not, until it has taken that version whole.
    fn is_before(&self, via: &Version, release: Option<&Release>, step: Option<Target<'_>>) -> bool {
        let order = match (self.released, release, &self.check_in.version) {
            (Some(runs), Some(release), _) => Catalogue::order(runs, release),
            (Some(runs), None, _) => compare(&runs.id.version, via),
            (None, _, Some(reports)) => compare(reports, via),
            (None, _, None) => return !step.is_some_and(|step| self.took(step)),
        };
        matches!(order, Order::Older | Order::Different)
    }
}
