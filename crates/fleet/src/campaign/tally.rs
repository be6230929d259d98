//! What is known of a campaign at a moment: how many devices were offered the release, what became of them, and how that weighs
//! beside what the controls did in the same time.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::roster::{Roster, Row};
use super::witness::Witnesses;
use super::{Campaign, Rules, Test, Weight};
use crate::{Course, Mac, Outcome, Time, TrialState};

/// Who is missed for longer is not waited for.
const AWAY: Duration = Duration::from_hours(7 * 24);

/// What is known of a campaign at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Devices that were offered the release.
    pub offered: u32,
    /// Those that run it.
    pub installed: u32,
    /// Of those, how many were watched to the end.
    pub watched: u32,
    /// Those that refused it, rolled back or loop.
    pub failed: u32,
    /// Those that are silent, and whose silence counts.
    pub silent: u32,
    /// Those that are missed, while it cannot be told from an outage of their site.
    pub excused: u32,
    /// Those that asked again and have taken nothing whole.
    pub not_taken: u32,
    /// Those that count neither way: rhythm unknown, moved, or contested.
    pub uncounted: u32,
    /// Those of which nothing is known yet: they may be lost.
    pub at_risk: u32,
    /// Those that were offered it within the last minute, and when the first of them was.
    pub last_minute: (u32, Option<Time>),
    /// Members in the open waves that ask and were not offered it yet.
    pub waiting: u32,
    /// Of those in the open waves with a rhythm that is unknown yet.
    pub strange: u32,
    /// Members in the open waves that are missed, and asked within the last week.
    pub away: u32,
    /// Devices of the product that it does not mean, or that have nothing to get from it.
    pub beyond: u32,
    /// Members in the next wave that ask and were not offered it yet.
    pub next: u32,
    /// Members in the waves after that one that ask.
    pub later: u32,
    /// Devices that speak against the release: those that failed, and those whose silence counts; by address.
    pub against: Vec<(Mac, Outcome)>,
    /// How it weighs.
    pub weight: Weight,
    /// Controls that fell silent in the time that was looked at.
    pub control_silences: u32,
    /// For how long the controls were looked at, all together.
    pub control_time: Duration,
    /// The same wave by wave, in the order in which they open.
    pub waves: Vec<WaveTally>,
}

/// What is known of one wave of a campaign: numbers of devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaveTally {
    /// Its members: those that the release is meant for, and those that were offered it.
    pub members: u32,
    /// Those that were offered it.
    pub offered: u32,
    /// Of those, the ones that run it.
    pub installed: u32,
    /// Those that refused it, rolled back or loop.
    pub failed: u32,
    /// Those that are missed, whether or not that counts.
    pub silent: u32,
}

impl Tally {
    /// Devices of which it is known what became of them.
    pub const fn resolved(&self) -> u32 {
        self.installed + self.failed + self.silent
    }

    /// How probable it is that a device falls silent by itself within `time`, in parts per million: as the controls did, and
    /// one more, so that a few of them prove little.
    fn background(&self, time: Duration) -> u32 {
        let silences = u128::from(self.control_silences) + 1;
        let share = silences * time.as_millis() * 1_000_000 / self.control_time.as_millis().max(1);
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    fn look_at_control(&mut self, roster: &Roster, campaign: &Campaign, row: &Row, now: Time) {
        let since = row.looked_at_since(campaign);
        // What happened in the last stretch of its patience is not known yet: neither its silence nor its presence counts.
        let known_until = now - row.patience() - roster.deaf_since(row.last_seen);
        let until = row.course.as_ref().map_or(known_until, |course| course.offered.min(known_until));
        self.control_time += until.min(row.last_seen).since(since);
        let lapsed = row.lapse.0 >= since && row.lapse.0 < until;
        let silent = row.course.is_none() && row.last_seen >= since && roster.is_missed(row, now);
        self.control_silences += u32::from(lapsed) + u32::from(silent);
    }

    fn look_at_member(&mut self, roster: &Roster, campaign: &Campaign, mac: Mac, row: &Row, now: Time) {
        if !row.member {
            self.beyond += 1;
            return;
        }
        if row.contested || roster.is_missed(row, now) {
            let lately = now.since(row.last_seen) <= AWAY;
            self.away += u32::from(lately && campaign.wave_of(mac) <= campaign.wave);
            return;
        }
        match campaign.wave_of(mac).checked_sub(campaign.wave) {
            None | Some(0) if row.known => self.waiting += 1,
            None | Some(0) => self.strange += 1,
            Some(1) if row.known => self.next += 1,
            Some(_) => self.later += 1,
        }
    }

    fn look_at_offered(&mut self, course: &Course, now: Time) {
        self.offered += 1;
        if now.since(course.offered) < Duration::from_mins(1) {
            let (count, first) = self.last_minute;
            self.last_minute = (count + 1, Some(first.map_or(course.offered, |at| at.min(course.offered))));
        }
    }
}

impl Roster {
    /// What is known of the campaign at `now`.
    pub fn tally(&self, campaign: &Campaign, now: Time) -> Tally {
        let mut tally = Tally { waves: self.by_wave(campaign, now), ..Tally::default() };
        for (mac, row) in &self.rows {
            if row.known {
                tally.look_at_control(self, campaign, row, now);
            }
            match &row.course {
                Some(course) => tally.look_at_offered(course, now),
                None => tally.look_at_member(self, campaign, *mac, row, now),
            }
        }
        self.weigh(&mut Scales::of(campaign, now), &mut tally);
        tally.against.sort_unstable_by_key(|(mac, _)| *mac);
        tally
    }

    /// What is known of each wave.
    fn by_wave(&self, campaign: &Campaign, now: Time) -> Vec<WaveTally> {
        let mut waves = vec![WaveTally::default(); campaign.waves.len()];
        for (mac, row) in &self.rows {
            let Some(wave) = waves.get_mut(campaign.wave_of(*mac)) else { continue };
            wave.members += u32::from(row.member || row.course.is_some());
            let Some(course) = &row.course else { continue };
            wave.offered += 1;
            match course.state(campaign.rules.watch, self.deaf_since(course.heard), now) {
                TrialState::Installed { .. } => wave.installed += 1,
                TrialState::Failed(_) => wave.failed += 1,
                TrialState::Silent { .. } => wave.silent += 1,
                TrialState::Pending | TrialState::NotTaken | TrialState::Unknown => {}
            }
        }
        waves
    }

    /// Weighs what became of those that were offered the release; the silent ones last, since only of them others are asked.
    fn weigh(&self, scales: &mut Scales, tally: &mut Tally) {
        let mut silences = Vec::new();
        for (mac, row) in &self.rows {
            let Some(course) = &row.course else { continue };
            let state = course.state(scales.watch, self.deaf_since(course.heard), scales.now);
            match state {
                _ if row.contested => tally.uncounted += 1,
                TrialState::Unknown => tally.strange(course, scales.now),
                TrialState::NotTaken => tally.not_taken += 1,
                TrialState::Pending => tally.at_risk += 1,
                TrialState::Failed(outcome) => {
                    tally.failed += 1;
                    tally.against.push((*mac, outcome));
                    scales.fail(tally, course, 0);
                }
                TrialState::Installed { since } => scales.install(tally, course, since),
                TrialState::Silent { since, ran } => silences.push((*mac, row, course, since, ran)),
            }
        }
        if silences.is_empty() {
            return;
        }
        let sites = silences.iter().map(|(_, row, ..)| row.site);
        let mut witnesses = Witnesses::of(self, sites, scales.now);
        for (mac, row, course, since, ran) in silences {
            match (witnesses.background(row, since, course.patience()), ran) {
                (None, None) => {
                    tally.excused += 1;
                    tally.at_risk += 1;
                }
                (None, Some(ran)) => {
                    tally.excused += 1;
                    scales.install(tally, course, ran);
                }
                (Some(share), ran) => {
                    tally.silent += 1;
                    tally.against.push((mac, Outcome::Silent));
                    scales.silence(tally, course, share, ran);
                }
            }
        }
    }
}

impl Tally {
    /// A device of unknown rhythm counts neither way, and all the same may be lost until it asks again.
    fn strange(&mut self, course: &Course, now: Time) {
        self.uncounted += 1;
        let heard_again = course.heard > course.offered || course.elsewhere.is_some();
        self.at_risk += u32::from(!heard_again && now.since(course.offered) < Duration::from_hours(26));
    }
}

/// How the outcomes of one campaign are weighed at a moment.
struct Scales {
    test: Test,
    fine: Test,
    watch: Duration,
    now: Time,
    /// The first contacts that were weighed, by the seconds that they took: devices of one program ask alike.
    first: HashMap<u64, FirstContact>,
}

/// What a first contact weighs.
#[derive(Debug, Clone, Copy)]
struct FirstContact {
    /// How probable it is that it fails by itself, in parts per million.
    background: u32,
    /// What it weighs that it succeeded.
    success: (i64, i64),
}

impl Scales {
    fn of(campaign: &Campaign, now: Time) -> Self {
        let (Rules { tolerated_ppm, watch, .. }, first) = (campaign.rules, HashMap::new());
        Self { test: Test::new(tolerated_ppm), fine: Test::fine(tolerated_ppm), watch, now, first }
    }

    /// The first contact of a device: until the second poll of the new build, two gaps pass.
    fn first_contact(&mut self, tally: &Tally, course: &Course) -> FirstContact {
        let seconds = u64::from(course.typical) * if course.per_boot { 1 } else { 2 };
        let (test, fine) = (self.test, self.fine);
        *self.first.entry(seconds).or_insert_with(|| {
            let background = tally.background(Duration::from_secs(seconds));
            FirstContact { background, success: (test.success(background), fine.success(background)) }
        })
    }

    /// It did not come to run the release, where `share` of others were missed as well.
    fn fail(&mut self, tally: &mut Tally, course: &Course, share: u32) {
        let background = self.first_contact(tally, course).background.max(share);
        tally.weight.first += self.test.failure(background);
        tally.weight.fine += self.fine.failure(background);
    }

    /// It came to run the release.
    fn succeed(&mut self, tally: &mut Tally, course: &Course) {
        let (first, fine) = self.first_contact(tally, course).success;
        tally.weight.first += first;
        tally.weight.fine += fine;
    }

    /// It runs the release since `since`, and was watched for a while.
    fn install(&mut self, tally: &mut Tally, course: &Course, since: Time) {
        tally.installed += 1;
        tally.watched += u32::from(course.heard >= since + self.watch);
        self.succeed(tally, course);
        self.watch(tally, course, since);
    }

    fn watch(&self, tally: &mut Tally, course: &Course, since: Time) {
        let heard = course.heard.min(since + self.watch).since(since);
        tally.weight.watch += Test::heard(heard.as_secs(), self.watch.as_secs());
    }

    /// It is silent, and that counts: from the start, or after it was seen to run the release.
    fn silence(&mut self, tally: &mut Tally, course: &Course, share: u32, ran: Option<Time>) {
        let Some(since) = ran else {
            self.fail(tally, course, share);
            return;
        };
        self.succeed(tally, course);
        self.watch(tally, course, since);
        let within = self.watch + Duration::from_secs(course.typical.into());
        tally.weight.watch += self.test.failure(tally.background(within).max(share));
    }
}

impl fmt::Display for Tally {
    /// One line for people: `9 offered: 6 installed, 3 silent; evidence against it: 40 % of what stops`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} offered: {} installed", self.offered, self.installed)?;
        let others = [
            (self.failed, "failed"),
            (self.silent, "silent"),
            (self.at_risk, "not heard since"),
            (self.excused, "missed, maybe with their site"),
            (self.not_taken, "that took nothing whole"),
            (self.uncounted, "that count neither way"),
        ];
        for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        write!(f, "; evidence against it: {} % of what stops", self.weight.percent())
    }
}
