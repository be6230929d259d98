//! Whether a release is to replace what a device runs.

use super::Asked;
use crate::controller::gave_up;
use crate::{
    Catalogue, Dialect, Mode, Network, Order, Reason, Release, Target, Time, Variant, Version, compare,
};

impl Asked<'_> {
    /// Whether the target is to replace what runs, also something newer if `back`; `Ok` is the reason to offer it.
    pub(super) fn replaces(&self, target: Target<'_>, back: bool) -> Result<Reason, Reason> {
        let offered = || target.release.id.version.clone();
        // What a device says of its program says nothing of its file system, nor of the image that stands by.
        match self.check_in.mode {
            Mode::Filesystem => return self.by_version(target, back),
            Mode::Safeboot => return Ok(Reason::AskedFor { offered: offered() }),
            Mode::Sketch | Mode::Minimal | Mode::Version => {}
        }
        if target.artifact.is_run_by(&self.check_in.build) {
            return Err(Reason::UpToDate { version: offered() });
        }
        if let Some(reason) = gave_up(self.view, target).filter(|_| self.reports()) {
            return Err(reason);
        }
        if let Some(variant) = self.running.map(|runs| runs.variant).filter(|v| *v != Variant::Whole) {
            return Ok(Reason::NotWhole { variant, offered: offered() });
        }
        if let Some(release) = self.released {
            return by_release(release, target, back);
        }
        if let Some(reason) = self.reflashed() {
            return Err(reason);
        }
        self.by_version(target, back)
    }

    /// The version that runs: by the digest, else by its own word.
    pub(super) fn runs(&self) -> Option<Version> {
        let released = self.released.map(|release| release.id.version.clone());
        released.or_else(|| self.check_in.version.clone())
    }

    /// Of an unknown build only the version text is left, and where there is none, one complete download.
    fn by_version(&self, target: Target<'_>, back: bool) -> Result<Reason, Reason> {
        let published = target.release.id.version.clone();
        let Some(reports) = self.check_in.version.clone() else {
            if self.is_left_to_the_client() {
                return Ok(Reason::ComparesItself { offered: published });
            }
            self.view.device.ok_or(Reason::NotRecorded)?;
            return if self.took(target) && !self.reports() {
                Err(Reason::TakenOnce { version: published })
            } else {
                Ok(Reason::FirstTry { offered: published })
            };
        };
        match compare(&reports, &published) {
            Order::Older => Ok(Reason::OlderVersion { reports, offered: published }),
            Order::Different => Ok(Reason::OtherVersion { reports, offered: published }),
            Order::Newer if back => Ok(Reason::OtherVersion { reports, offered: published }),
            Order::Same | Order::Newer => Err(Reason::NotOlder { reports, published }),
        }
    }

    /// Whether the client compares, or whoever wrote its program: nothing here could tell what it has.
    fn is_left_to_the_client(&self) -> bool {
        let dialect = self.check_in.dialect;
        dialect.compares() || (self.check_in.device.is_none() && dialect.may_say_nothing())
    }

    /// Whether the client says itself what became of what it took.
    fn reports(&self) -> bool {
        self.check_in.dialect == Dialect::Hawkbit
    }

    /// Whether whoever asks took the target whole.
    pub(super) fn took(&self, target: Target<'_>) -> bool {
        let Some(device) = self.view.device else { return false };
        // Who asks is a digest of all that it says: only if it matters.
        let taken = |artifact| artifact == target.artifact.id;
        device.attempts.iter().any(|attempt| taken(attempt.artifact) && attempt.whole > 0)
            && device
                .attempt(device.claimant(self.check_in), &target.artifact.id)
                .is_some_and(|attempt| attempt.whole > 0)
    }

    /// A build that otary does not know, on a device that otary has updated, was flashed by a person: what it is now is
    /// for a person to say (`resume`, or a URL that names the product together with a version).
    ///
    /// Only a build first seen after the update and on the network of the update counts, so that no stranger can put a
    /// device into this state by telling of an update that never was, nor out of it by telling of another one.
    fn reflashed(&self) -> Option<Reason> {
        let (device, check_in) = (self.view.device?, self.check_in);
        let installed = device.installed_in(Network::of(check_in.source))?;
        let build = check_in.build;
        let says_so_itself = check_in.product.is_some() && check_in.version.is_some();
        let is_old = |first: Time| first < installed.at || device.resumed_at.is_some_and(|at| first <= at);
        let seen_before = build == installed.before
            || device.builds.iter().any(|seen| seen.build == build && is_old(seen.first));
        (build.is_known() && self.running.is_none() && !says_so_itself && !seen_before)
            .then_some(Reason::Reflashed { installed: installed.artifact, build })
    }
}

/// A known digest wins over any version text.
fn by_release(runs: &Release, target: Target<'_>, back: bool) -> Result<Reason, Reason> {
    let (version, published) = (runs.id.version.clone(), target.release.id.version.clone());
    match Catalogue::order(runs, target.release) {
        Order::Older | Order::Different => Ok(Reason::OlderRelease { runs: version, offered: published }),
        Order::Newer if back => Ok(Reason::OlderRelease { runs: version, offered: published }),
        Order::Same => Err(Reason::UpToDate { version }),
        Order::Newer => Err(Reason::NewerRelease { runs: version, published }),
    }
}
