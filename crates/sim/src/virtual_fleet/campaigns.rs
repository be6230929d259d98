//! The server's job: which campaigns there are, what is known of the last one, and what may be begun under it. Every step is
//! `advance`'s, from `Roster::tally`; nothing here decides.

use std::collections::BTreeSet;

use otary_fleet::{
    Campaign, CampaignId, Device, Mac, Openings, Outcome, Roster, State, StopNotice, Tally, Time, advance,
    opening,
};

use super::report::{Course, Seen, What, seconds};

/// The campaigns, in the order in which they began. At most the last is under way: they are all for the same devices.
#[derive(Debug, Default)]
pub(super) struct Campaigns {
    /// The records.
    pub(super) records: Vec<Campaign>,
    /// What may be begun now.
    pub(super) openings: Openings,
    /// What is known of the last.
    pub(super) tally: Tally,
    roster: Roster,
    endings: Vec<Ending>,
}

/// What is kept of a campaign for the report.
#[derive(Debug, Default)]
struct Ending {
    stopped: Option<Time>,
    finished: Option<Time>,
    taken_for_silent: BTreeSet<Mac>,
    seen: Option<Seen>,
}

impl Campaigns {
    /// The last one.
    pub(super) fn last(&self) -> Option<&Campaign> {
        self.records.last()
    }

    /// The number of the next one.
    pub(super) fn next_id(&self) -> CampaignId {
        CampaignId(u32::try_from(self.records.len()).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// Begins another one. The devices have to be noted after that.
    pub(super) fn begin(&mut self, campaign: Campaign) {
        self.roster = Roster::default();
        self.endings.push(Ending::default());
        self.records.push(campaign);
    }

    /// Puts another record in the place of the last.
    pub(super) fn replace(&mut self, campaign: Campaign) {
        if let Some(last) = self.records.last_mut() {
            *last = campaign;
        }
    }

    /// Notes how a device stands.
    pub(super) fn note(&mut self, device: &Device) {
        if let Some(campaign) = self.records.last() {
            self.roster.note(campaign, device, true);
        }
    }

    /// The server is started again, after it was off: what it had in memory is gone. The devices have to be noted after that.
    pub(super) fn restart(&mut self, from: Time, to: Time) {
        self.roster = Roster::default();
        self.roster.was_deaf(from, to);
    }

    /// Looks at the last campaign. Whether its record has changed, and what there is to say of that.
    pub(super) fn look<'a>(
        &mut self,
        devices: impl Iterator<Item = &'a Device> + Clone,
        now: Time,
    ) -> Option<What> {
        let before = self.records.last().cloned()?;
        self.tally = self.roster.tally(&before, now);
        let after = advance(&before, &self.tally, now);
        let said = self.say(&before, &after, devices);
        if after != before {
            self.tally = self.roster.tally(&after, now);
            self.replace(after.clone());
        }
        self.openings.set(after.id, opening(&after, &self.tally, now));
        self.remember(&after, now);
        said
    }

    fn remember(&mut self, campaign: &Campaign, now: Time) {
        let Some(ending) = self.endings.last_mut() else { return };
        let silent = self.tally.against.iter().filter(|(_, outcome)| *outcome == Outcome::Silent);
        ending.taken_for_silent.extend(silent.map(|(mac, _)| *mac));
        match &campaign.state {
            State::Stopped(_) => ending.stopped = ending.stopped.or(Some(now)),
            State::Finished { .. } => ending.finished = ending.finished.or(Some(now)),
            _ => {}
        }
        ending.seen = Some(Seen::of(&self.tally));
    }

    fn say<'a>(
        &self,
        before: &Campaign,
        after: &Campaign,
        devices: impl Iterator<Item = &'a Device> + Clone,
    ) -> Option<What> {
        let (campaign, seen) = (after.id, Seen::of(&self.tally));
        match &after.state {
            state if state.name() == before.state.name() => {
                let wave = after.wave.saturating_add(1);
                (after.wave != before.wave).then_some(What::Opened {
                    campaign,
                    wave,
                    of: after.waves.len(),
                    seen,
                })
            }
            State::Stopped(stop) => {
                let is_named = |device: &&Device| stop.devices.contains(&device.mac);
                let offered =
                    devices.filter(|device| device.trials.iter().any(|trial| trial.campaign == campaign));
                let (these, others): (Vec<&Device>, Vec<&Device>) = offered.partition(is_named);
                let notice = StopNotice::of(after, stop, &these, &others).to_string();
                Some(What::Stopped { campaign, notice, seen })
            }
            state => Some(What::Became { campaign, state: state.name(), seen }),
        }
    }

    /// What became of each. `lost` counts the boards that the release of a version ended, and `is_lost` says whether a board is
    /// one of any such.
    pub(super) fn courses(
        &self,
        begins: Time,
        lost: impl Fn(&Campaign) -> usize,
        is_lost: impl Fn(Mac) -> bool,
    ) -> Vec<Course> {
        let course = |(campaign, ending): (&Campaign, &Ending)| {
            let after = |at: Time| seconds(at.since(campaign.created));
            Course {
                campaign: campaign.id,
                version: campaign.release.version.clone(),
                state: campaign.state.name(),
                began: seconds(campaign.created.since(begins)),
                stopped_after: ending.stopped.map(after),
                finished_after: ending.finished.map(after),
                seen: ending.seen.clone().unwrap_or_else(|| Seen::of(&Tally::default())),
                false_silence: ending.taken_for_silent.iter().filter(|mac| !is_lost(**mac)).count(),
                lost: lost(campaign),
            }
        };
        self.records.iter().zip(&self.endings).map(course).collect()
    }
}
