//! What an operator wants of one device, whatever is meant for the others.
//!
//! A release that a device is forced to goes out **once**. Whether it did is told by network, as every brake is: what a stranger
//! elsewhere takes under the device's address does not use it up for the device. The operator's word is let go
//! ([`settle`]) when it was given where the device asked from when it was said, or to who showed the device's own
//! credential; and in any case after [`Forced::LAPSES_AFTER`], so that no old word surprises a device that moved.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Attempt, Catalogue, CheckIn, Device, Dialect, Kind, Network, Proof, Release, ReleaseId, Sha256, Time,
};

/// An operator's hold: the device is offered nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Held {
    /// Since when.
    pub at: Time,
    /// By whom.
    pub by: String,
}

/// A release that an operator wants a device to get, whatever it runs, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Forced {
    /// The release.
    pub release: ReleaseId,
    /// Since when.
    pub at: Time,
    /// By whom.
    pub by: String,
    /// Where the device had last asked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

impl Forced {
    /// After this it says nothing any more.
    pub const LAPSES_AFTER: Duration = Duration::from_hours(90 * 24);

    /// Whether it is too old to say anything.
    pub(crate) fn has_lapsed(&self, now: Time) -> bool {
        now.since(self.at) >= Self::LAPSES_AFTER
    }
}

impl Device {
    /// The operator wants it to get a release once. What it took of that release before does not count, and holds it back no
    /// longer.
    pub fn force(&mut self, release: &Release, by: impl Into<String>, now: Time) {
        let of_release = |attempt: &Attempt| {
            attempt.kind != Kind::Filesystem && release.artifacts.contains(&attempt.artifact)
        };
        self.attempts.retain(|attempt| !of_release(attempt));
        let network = self.last.as_ref().map(|last| Network::of(last.source));
        self.forced = Some(Forced { release: release.id.clone(), at: now, by: by.into(), network });
    }

    /// Whether an artifact that it is forced to was given since, as far as whoever asks is concerned: in the same network every
    /// byte of it. A controller's action ends by its report, so that is waited for.
    pub(crate) fn was_given(&self, forced: &Forced, artifact: &Sha256, check_in: &CheckIn) -> bool {
        if check_in.dialect == Dialect::Hawkbit {
            let mut actions = self.controller.iter().flat_map(|controller| &controller.actions);
            return actions.any(|action| {
                action.artifact == *artifact && action.began >= forced.at && !action.state.is_open()
            });
        }
        let network = Network::of(check_in.source);
        let mut attempts = self.attempts.iter();
        attempts
            .any(|attempt| attempt.artifact == *artifact && attempt.network == network && attempt.whole > 0)
    }
}

/// Lets go of the release that a device was forced to, once it was given or is too old.
pub(crate) fn settle(device: &mut Device, check_in: &CheckIn, catalogue: &Catalogue, now: Time) {
    let Some(forced) = &device.forced else { return };
    let network = Network::of(check_in.source);
    let is_own = check_in.proof == Proof::DeviceCredential || forced.network == Some(network);
    let given = || {
        let artifacts = catalogue.release(&forced.release).map_or(&[][..], |release| &release.artifacts);
        artifacts.iter().any(|artifact| {
            device.was_given(forced, artifact, check_in) || is_started(device, artifact, check_in, catalogue)
        })
    };
    if forced.has_lapsed(now) || (is_own && given()) {
        device.forced = None;
    }
}

/// Whether who asks runs an artifact that was offered in its network to something else: it came by a way that nobody counted.
fn is_started(device: &Device, artifact: &Sha256, check_in: &CheckIn, catalogue: &Catalogue) -> bool {
    let Some(artifact) = catalogue.artifact(artifact) else { return false };
    let network = Network::of(check_in.source);
    artifact.is_run_by(&check_in.build)
        && device.attempts.iter().any(|attempt| {
            let here = attempt.artifact == artifact.id && attempt.network == network;
            here && !artifact.is_run_by(&attempt.build)
        })
}
