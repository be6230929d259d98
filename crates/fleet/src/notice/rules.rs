//! The rules: from how things stand and what was told to what is told now.

use std::time::Duration;

use super::told::Told;
use super::{Missing, Notice, Roll, Subject};
use crate::{Campaign, Due, State, Time};

const DAY: Duration = Duration::from_hours(24);
/// What happened longer ago is no news, whatever was not told.
const STALE: Duration = Duration::from_hours(7 * 24);
/// A disk is nearly full with less than one part in so many left.
const DISK_PART: u64 = 20;
/// And, however large it is, not with more than this: 5 GiB.
const DISK_ROOM: u64 = 5 << 30;
/// And in any case with less than this: 128 MiB.
const DISK_LEAST: u64 = 128 << 20;

/// How things stand.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    /// The campaigns that there are.
    pub campaigns: Vec<Campaign>,
    /// The devices by site, with those that are missed.
    pub silent: Roll,
    /// The devices by product, with those that loop.
    pub looping: Roll,
    /// What a person has to do for the trust.
    pub due: Vec<Due>,
    /// When the first of the certificates ends that devices are shown.
    pub certificate: Option<Time>,
    /// The disk of the data directory.
    pub disk: Option<Space>,
}

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What can still be written.
    pub free: u64,
    /// All of it.
    pub size: u64,
}

/// What is worth telling now. It is noted in `told` as told.
pub fn notices(situation: &Situation, told: &mut Told, now: Time) -> Vec<Notice> {
    let since = *told.since.get_or_insert(now);
    let mut subjects = told.campaigns(&situation.campaigns, since.max(now - STALE));
    let missing = [
        (told.silent.news(situation.silent.wrong(), now), Subject::DevicesSilent as fn(Missing) -> Subject),
        (told.looping.news(situation.looping.wrong(), now), Subject::DevicesLooping),
    ];
    for (places, subject) in missing {
        if !places.is_empty() {
            subjects.push(subject(Missing::of(places)));
        }
    }
    subjects.extend(told.due(&situation.due, now));
    subjects.extend(told.certificate(situation.certificate, now));
    subjects.extend(situation.disk.and_then(|disk| told.disk(disk, now)));
    subjects.extend(told.audit(now));
    subjects.into_iter().map(|subject| Notice { at: now, subject }).collect()
}

impl Told {
    /// The campaigns that stopped or finished since.
    fn campaigns(&mut self, campaigns: &[Campaign], since: Time) -> Vec<Subject> {
        self.campaigns.retain(|_, at| *at >= since);
        let mut news = Vec::new();
        for campaign in campaigns {
            let Some((at, subject)) = ending(campaign).filter(|(at, _)| *at >= since) else { continue };
            if self.campaigns.insert(campaign.id, at) != Some(at) {
                news.push(subject);
            }
        }
        news
    }

    /// What waits for a person, when it becomes more urgent.
    fn due(&mut self, due: &[Due], now: Time) -> Vec<Subject> {
        self.due.retain(|act, (by, _)| due.iter().any(|due| due.act == *act && due.by == *by));
        let mut news = Vec::new();
        for Due { act, by } in due.iter().copied() {
            let urgency = urgency(by, now, [90, 30, 7, 1]);
            let before = self.due.get(&act).map_or(0, |(_, before)| *before);
            if urgency > before {
                self.due.insert(act, (by, urgency));
                news.push(Subject::TrustDue { act, by, command: act.command().to_owned() });
            }
        }
        news
    }

    /// The certificate that ends first, when that comes nearer. Those of the authority are renewed long before.
    fn certificate(&mut self, ends: Option<Time>, now: Time) -> Option<Subject> {
        let not_after = ends?;
        let before = self.certificate.filter(|(of, _)| *of == not_after).map_or(0, |(_, before)| before);
        let urgency = urgency(not_after, now, [14, 7, 3, 1]);
        self.certificate = Some((not_after, urgency.max(before)));
        (urgency > before).then_some(Subject::CertificateEnds { not_after })
    }

    /// A disk that fills; again after a day, and when there was twice the room in between.
    fn disk(&mut self, disk: Space, now: Time) -> Option<Subject> {
        let little = (disk.size / DISK_PART).clamp(DISK_LEAST, DISK_ROOM);
        if disk.free >= little {
            self.disk = self.disk.filter(|_| disk.free < little.saturating_mul(2));
            return None;
        }
        if self.disk.is_some_and(|told| now.since(told) < DAY) {
            return None;
        }
        self.disk = Some(now);
        Some(Subject::DiskNearlyFull { free: disk.free, size: disk.size })
    }

    fn audit(&mut self, now: Time) -> Option<Subject> {
        if self.audit.is_some_and(|told| now.since(told) < DAY) {
            return None;
        }
        self.audit = Some(now);
        Some(Subject::AuditHead {})
    }
}

/// When a campaign came to its end, by the evidence or with success; a person who ends one knows it.
fn ending(campaign: &Campaign) -> Option<(Time, Subject)> {
    let (id, product, release) = (campaign.id, campaign.product.clone(), campaign.release.clone());
    match &campaign.state {
        State::Stopped(stop) => {
            let stop = stop.clone();
            Some((stop.at, Subject::CampaignStopped { campaign: id, product, release, stop }))
        }
        State::Finished { finished_at } => {
            Some((*finished_at, Subject::CampaignFinished { campaign: id, product, release }))
        }
        _ => None,
    }
}

/// How urgent a deadline is: 0 while it is far, one more at each of these numbers of days before it, and with each week after.
fn urgency(by: Time, now: Time, days: [u64; 4]) -> u64 {
    let left = by.since(now);
    let stages = days.into_iter().filter(|days| left <= Duration::from_hours(days * 24)).count() as u64;
    stages + now.since(by).as_secs() / STALE.as_secs()
}
