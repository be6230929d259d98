//! What a check-in or a transfer says of the releases that are on trial on a device. An outcome that was not known before is
//! an event; a poll that only confirms one is none.

use crate::{Catalogue, CheckIn, Decision, Device, Ended, EventKind, Report, Time, Trial};

/// Folds a poll into the trials that it says something of.
pub fn hear(device: &mut Device, check_in: &CheckIn, catalogue: &Catalogue, now: Time) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    for trial in &mut device.trials {
        let said = check_in.report.filter(|report| concerns(report, trial, catalogue));
        let reported = said.and_then(|report| trial.report(check_in, report.ending, now));
        let inferred = trial.poll(check_in, catalogue.artifact(&trial.artifact), now);
        kinds.extend(reported.or(inferred).map(|ended| event(trial, ended)));
    }
    kinds
}

fn event(trial: &Trial, ended: Ended) -> EventKind {
    let (campaign, release) = (trial.campaign, trial.release.clone());
    EventKind::Outcome { campaign, release, outcome: ended.outcome, source: ended.source }
}

/// Whether a report is about a trial's image: it names the bytes, or the number under which they were signed.
fn concerns(report: &Report, trial: &Trial, catalogue: &Catalogue) -> bool {
    if let Some(payload) = report.payload {
        return payload == trial.artifact;
    }
    let release = catalogue.release(&trial.release);
    let signed = release.and_then(|release| release.manifest_of(&trial.artifact));
    signed.is_some_and(|manifest| manifest.number == report.release)
}

/// Notes that an image goes out under a campaign: the device's first offer of what is on trial there begins a trial.
pub fn offer(device: &mut Device, check_in: &CheckIn, decision: &Decision, catalogue: &Catalogue, now: Time) {
    let Some(campaign) = decision.campaign.and_then(|id| catalogue.campaign(id)) else { return };
    let (Some(artifact), Some(release)) = (decision.artifact, decision.release.clone()) else { return };
    if !campaign.tries(check_in, Some(&release)) {
        return;
    }
    let place = device.trials.iter().position(|trial| trial.campaign == campaign.id);
    let mut trial = if let Some(place) = place {
        device.trials.remove(place)
    } else {
        let of = (campaign.id, campaign.rules.on_proof);
        Trial::begin(of, release, artifact, check_in, &device.rhythm, now)
    };
    trial.offer(check_in);
    device.trials.insert(0, trial);
    device.trials.truncate(Device::MAX_TRIALS);
}
