//! What happens at its time: the operator's word, outages, strangers. What the rules refuse is said, and the run goes on.

use std::ops::RangeInclusive;
use std::time::Duration;

use otary_fleet::{Campaign, Kind, Mac, State, Version, check_via};

use super::report::What;
use super::run::Run;
use super::script::{Act, Begin, Word};

/// Who was not heard for longer is no member of a campaign that begins.
const LIVE: Duration = Duration::from_hours(30 * 24);

impl Run<'_> {
    /// Lets it happen.
    pub(super) fn act(&mut self, act: &Act) {
        let done = match act {
            Act::Publish(version) => self.publish(version),
            Act::Begin(begin) => self.begin(begin),
            Act::Say(word) => self.say(*word),
            Act::Withdraw(version) => self.withdraw(version),
            Act::SitesOff(sites, time) => Ok(self.switch_off(sites, *time)),
            Act::ServerOff(time) => {
                self.outages.stop_server(*time, self.now);
                Ok(What::ServerOff)
            }
            Act::Strangers(strangers) => Ok(self.send_strangers(strangers)),
        };
        let what = done.unwrap_or_else(|because| What::Refused { what: describe(act), because });
        self.tell(what);
        self.changed();
    }

    fn publish(&mut self, version: &Version) -> Result<What, String> {
        self.put_up(version)?;
        Ok(What::Published { version: version.clone() })
    }

    /// A release that is there, with what has to be passed through on the way to it.
    fn put_up(&mut self, version: &Version) -> Result<(), String> {
        let place = self.script.release(version).ok_or("there is no such release")?;
        let mut stocked = self.shelf.clone();
        stocked.publish(place, self.now);
        let catalogue = stocked.catalogue(&self.campaigns.records);
        let release = catalogue.release(&stocked.id(version)).ok_or("there is no such release")?;
        check_via(release, &catalogue).map_err(|error| error.to_string())?;
        self.shelf = stocked;
        Ok(())
    }

    fn withdraw(&mut self, version: &Version) -> Result<What, String> {
        let place = self.script.release(version).ok_or("there is no such release")?;
        let done = self.shelf.withdraw(place, self.now);
        done.then(|| What::Withdrawn { version: version.clone() })
            .ok_or_else(|| "it is not published".to_owned())
    }

    fn begin(&mut self, begin: &Begin) -> Result<What, String> {
        let last = self.campaigns.last();
        if let Some(last) = last.filter(|last| last.is_under_way()) {
            return Err(format!("campaign {} for the same boards is {}", last.id, last.state.name()));
        }
        let takes_back = last.map(|last| last.id).filter(|_| begin.back);
        self.put_up(&begin.version)?;
        let campaign = Campaign { rolls_back: takes_back, ..self.campaign(begin) };
        let (id, waves) = (campaign.id, campaign.waves.iter().map(|wave| wave.share.to_string()).collect());
        self.campaigns.begin(campaign);
        self.note_all();
        Ok(What::Began { campaign: id, version: begin.version.clone(), waves, takes_back })
    }

    fn campaign(&self, begin: &Begin) -> Campaign {
        let (id, seed) = (self.campaigns.next_id(), self.script.seed);
        let seed = seed.wrapping_add(id.0.into());
        Campaign {
            id,
            product: self.shelf.product().clone(),
            kind: Kind::App,
            release: self.shelf.id(&begin.version),
            channel: self.shelf.channel().clone(),
            group: None,
            waves: begin.plan.waves(seed, self.members()),
            gate: begin.gate,
            window: begin.window.clone(),
            pace: begin.pace,
            rules: begin.rules,
            rolls_back: None,
            state: State::Running,
            wave: 0,
            wave_since: self.now,
            created: self.now,
            by: "script".into(),
            seed,
        }
    }

    fn members(&self) -> Vec<Mac> {
        let heard = self.boards.iter().filter(|board| board.record.polls > 0).map(|board| &board.record);
        heard.filter(|record| self.now.since(record.last_seen) <= LIVE).map(|record| record.mac).collect()
    }

    /// What an operator says of the last campaign.
    fn say(&mut self, word: Word) -> Result<What, String> {
        let mut campaign = self.campaigns.last().cloned().ok_or("there is no campaign")?;
        if !campaign.is_under_way() {
            return Err(format!("campaign {} is {}", campaign.id, campaign.state.name()));
        }
        let (by, now) = ("script".to_owned(), self.now);
        match (word, &campaign.state) {
            (Word::Approve, State::AwaitsApproval) => campaign.open_next(now),
            (Word::Approve, _) => return Err(format!("campaign {} waits for no approval", campaign.id)),
            (Word::Pause, _) => campaign.state = State::Paused { paused_by: by, paused_at: now },
            (Word::Resume, _) => campaign.state = State::Running,
            (Word::Abort, _) => campaign.state = State::Aborted { aborted_by: by, aborted_at: now },
        }
        let id = campaign.id;
        self.campaigns.replace(campaign);
        Ok(What::Said { campaign: id, word: word.name() })
    }

    fn switch_off(&mut self, sites: &RangeInclusive<u32>, time: Duration) -> What {
        let (first, last) = (*sites.start(), *sites.end());
        let places = first.saturating_sub(1)..=last.saturating_sub(1);
        let boards = self.boards.iter().filter(|board| places.contains(&board.site)).count();
        self.outages.switch_off(places, time, self.now);
        What::SitesOff { first, last, boards }
    }
}

fn describe(act: &Act) -> String {
    match act {
        Act::Publish(version) => format!("publishing {version}"),
        Act::Begin(begin) => format!("a campaign with {}", begin.version),
        Act::Say(word) => word.name().into(),
        Act::Withdraw(version) => format!("withdrawing {version}"),
        Act::SitesOff(..) | Act::ServerOff(_) | Act::Strangers(_) => "an outage".into(),
    }
}
