//! Turns that are of otary's own making: a device that takes a release, runs it, goes back and takes it again shows two builds in
//! turns as two boards would, or a stranger. What tells them apart are its downloads.

use crate::{Catalogue, CheckIn, Device};

/// Whether another build than the last one is what the device's trial lets expect: the release, taken whole since the old build was
/// last heard; or the old build after the release.
pub fn are_expected(device: &Device, check_in: &CheckIn, catalogue: &Catalogue) -> bool {
    let Some(last) = device.builds.first() else { return false };
    let mut trials = device.trials.iter().filter(|trial| trial.counts(check_in));
    trials.any(|trial| {
        let Some(artifact) = catalogue.artifact(&trial.artifact) else { return false };
        let taken = trial.course.downloaded.is_some_and(|at| at >= last.last);
        let goes_on = trial.before == last.build && artifact.is_run_by(&check_in.build) && taken;
        let goes_back = trial.before == check_in.build && artifact.is_run_by(&last.build);
        goes_on || goes_back
    })
}
