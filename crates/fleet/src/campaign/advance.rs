//! How a campaign moves on by itself: it stops on evidence, opens its next wave when the last one has shown what it could, and
//! ends when there is nothing left to see. A pure function of the record, what is known, and the time.
//!
//! The test needs time to tell, and what is offered meanwhile may be lost. So the number of devices **at risk** (offered, and
//! not heard since) is kept small: [`Rules::at_a_time`] of them at first, and later no more than a part of those that came
//! back. While the evidence speaks against the release, it is [`WHILE_IN_DOUBT`]; if the open waves are used up by then, that
//! budget reaches into the next wave until the test can tell.

use super::{Campaign, Opening, Rules, Share, State, Stop, Tally};
use crate::Time;

/// Devices at risk while the evidence speaks against the release.
const WHILE_IN_DOUBT: u32 = 4;
/// For one device at risk, so many came back.
const CAME_BACK: u32 = 4;

/// Moves a campaign on, as far as what is known allows.
#[must_use]
pub fn advance(campaign: &Campaign, tally: &Tally, now: Time) -> Campaign {
    let mut next = campaign.clone();
    match campaign.state {
        State::Running | State::AwaitsApproval | State::Paused { .. } if tally.weight.stops() => {
            next.state = State::Stopped(Stop::on(tally, now));
        }
        State::Running if campaign.is_all_open() && tally.has_seen_all() => {
            next.state = State::Finished { finished_at: now };
        }
        State::Running if campaign.is_all_open() => {}
        State::Running if tally.lets_go_on(campaign, now) && campaign.gate.approval => {
            next.state = State::AwaitsApproval;
        }
        State::Running if tally.lets_go_on(campaign, now) || tally.is_short_of_devices(campaign, now) => {
            next.open_next(now);
        }
        _ => {}
    }
    next
}

impl Campaign {
    /// Opens the next wave.
    pub fn open_next(&mut self, now: Time) {
        self.wave = (self.wave + 1).min(self.waves.len().saturating_sub(1));
        (self.wave_since, self.state) = (now, State::Running);
    }

    /// Whether the open wave was open for as long as the gate asks.
    fn has_soaked(&self, now: Time) -> bool {
        now.since(self.wave_since) >= self.gate.soak
    }

    /// Whether devices of the next wave may be asked for more evidence: never past a person's approval.
    fn may_probe(&self, now: Time) -> bool {
        !self.is_all_open() && !self.gate.approval && self.has_soaked(now)
    }
}

impl Tally {
    /// Members in the open waves that count.
    const fn members(&self) -> u32 {
        self.resolved() + self.at_risk + self.waiting
    }

    /// Whether the open waves have shown what they could, and it does not speak against the release: of the devices that were
    /// offered it nine in ten are known, and so is half of all in these waves.
    fn lets_go_on(&self, campaign: &Campaign, now: Time) -> bool {
        let enough = self.resolved() >= self.needed() && !self.is_unseen();
        self.knows_most() && enough && campaign.has_soaked(now) && !self.weight.is_against()
    }

    /// Whether nine in ten of those that were offered it are known.
    const fn knows_most(&self) -> bool {
        let resolved = self.resolved();
        resolved * 10 >= (resolved + self.at_risk) * 9
    }

    /// Devices of the open waves that have to be known before the next one opens: half of them, and no fewer than a first wave
    /// has. Where all are away, one of them.
    fn needed(&self) -> u32 {
        let all = self.members() + self.strange;
        let least = u32::try_from(Share::FIRST_AT_LEAST).unwrap_or(u32::MAX).min(all);
        self.members().div_ceil(2).max(least).max(self.away.min(1))
    }

    /// Whether nobody is there whom it could be offered to, in whatever wave.
    const fn is_unseen(&self) -> bool {
        self.members() + self.strange + self.away + self.next + self.later == 0
    }

    /// Whether the test cannot tell, and the open waves and the next one have nobody left to ask. The next one is open then,
    /// in truth; in doubt, few devices are at risk in whatever wave.
    fn is_short_of_devices(&self, campaign: &Campaign, now: Time) -> bool {
        let used_up = self.waiting == 0 && self.next == 0;
        used_up && self.weight.is_against() && campaign.may_probe(now)
    }

    /// Whether there is nothing left to see: nine in ten of all members are known, and nine in ten of those that run the
    /// release were watched to the end; or nobody is left.
    const fn has_seen_all(&self) -> bool {
        let watched = self.watched * 10 >= self.installed * 9;
        let known = self.resolved() * 10 >= (self.members() + self.strange) * 9;
        let clear = !self.weight.is_against();
        let nobody_left = self.at_risk == 0 && self.waiting == 0 && self.strange == 0;
        // Not before it was offered to anybody, unless there is nobody who could take it.
        let begun = self.resolved() > 0 || self.away == 0 && (self.offered > 0 || self.beyond > 0);
        watched && begun && (known && clear || nobody_left)
    }
}

/// What has to come before a campaign moves on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// So many of the devices that were offered it are not heard since, which is more than one in ten.
    Heard {
        /// How many are not heard since.
        at_risk: u32,
    },
    /// So many devices have to be known.
    Known {
        /// How many are.
        known: u32,
        /// How many have to be.
        needed: u32,
    },
    /// It has to have been open until then.
    Soaked {
        /// Until when.
        until: Time,
    },
    /// What was seen speaks against the release.
    Clear {
        /// How far the test is on its way to a stop, in percent.
        percent: u32,
    },
    /// Installed devices are watched to the end.
    Watched {
        /// How many were.
        watched: u32,
        /// How many there are.
        installed: u32,
    },
    /// A person goes on with it.
    Person,
}

impl Campaign {
    /// What is missing before it opens its next wave or, where all are open, finishes. Of one that is over, nothing.
    pub fn needs(&self, tally: &Tally, now: Time) -> Vec<Need> {
        let against = tally.weight.is_against().then_some(Need::Clear { percent: tally.weight.percent() });
        let heard = (!tally.knows_most()).then_some(Need::Heard { at_risk: tally.at_risk });
        let (known, needed) = (tally.resolved(), tally.needed());
        match self.state {
            State::Finished { .. } | State::Aborted { .. } => Vec::new(),
            State::Paused { .. } | State::Stopped(_) | State::AwaitsApproval => vec![Need::Person],
            State::Running if self.is_all_open() => {
                let (watched, installed) = (tally.watched, tally.installed);
                let most = tally.members() - tally.members() / 10;
                let most = most.max(1);
                let known = (known < most).then_some(Need::Known { known, needed: most });
                let watched = (watched * 10 < installed * 9).then_some(Need::Watched { watched, installed });
                known.into_iter().chain(watched).chain(against).collect()
            }
            State::Running => {
                let known = (known < needed).then_some(Need::Known { known, needed });
                let until = self.wave_since + self.gate.soak;
                let soaked = (!self.has_soaked(now)).then_some(Need::Soaked { until });
                let person = self.gate.approval.then_some(Need::Person);
                heard.into_iter().chain(known).chain(soaked).chain(against).chain(person).collect()
            }
        }
    }
}

impl Stop {
    fn on(tally: &Tally, now: Time) -> Self {
        let devices = tally.against.iter().map(|(mac, _)| *mac).take(Self::MAX_DEVICES).collect();
        Self {
            at: now,
            offered: tally.offered,
            installed: tally.installed,
            failed: tally.failed,
            silent: tally.silent,
            devices,
        }
    }
}

impl Rules {
    /// How many devices may be at risk.
    fn allowed(&self, tally: &Tally) -> u32 {
        if tally.weight.is_against() {
            WHILE_IN_DOUBT.min(self.at_a_time)
        } else {
            self.at_a_time.max(tally.installed / CAME_BACK)
        }
    }
}

/// What may be begun under a campaign, as it stands.
pub fn opening(campaign: &Campaign, tally: &Tally, now: Time) -> Opening {
    let allowed = campaign.rules.allowed(tally);
    let served = matches!(campaign.state, State::Running | State::AwaitsApproval | State::Finished { .. });
    let room = if served { allowed.saturating_sub(tally.at_risk) } else { 0 };
    let minute =
        campaign.pace.offers_per_minute.map_or(u32::MAX, |most| most.saturating_sub(tally.last_minute.0));
    let paced = minute == 0;
    Opening {
        slots: room.min(minute),
        unresolved: tally.at_risk,
        allowed,
        paced_until: tally.last_minute.1.filter(|_| paced).map(|first| first.max(now - MINUTE) + MINUTE),
        probing: tally.weight.is_against() && tally.waiting == 0 && tally.next > 0 && campaign.may_probe(now),
    }
}

const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);
