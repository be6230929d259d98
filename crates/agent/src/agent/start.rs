//! The start: the trial counter first, then everything else.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{Cause, Outcome, Root, RootRecord};

use super::change::Change;
use super::exchange::Errand;
use super::{Agent, Phase, Sent, Work};
use crate::backoff;
use crate::boot::{self, Start};
use crate::config::Config;
use crate::flash::{self, Fault};
use crate::moment::Moment;
use crate::slot;
use crate::step::Step;
use crate::store::{Journal, Mark, Place, State, StateStore, TrustSet};
use crate::timekeeper::Timekeeper;

impl<'a> Agent<'a> {
    /// Takes over at a start of the chip, and says what comes first.
    ///
    /// To be called before anything that may crash: where this app is on trial, the start is counted in flash before
    /// `start` returns, and an app that was started too often is replaced by the one before it ([`Step::Restart`]).
    pub fn start<F: NorFlash>(
        config: Config<'a>,
        moment: Moment,
        flash: &mut F,
    ) -> Result<(Self, Step), Fault> {
        flash::check_units::<F>()?;
        if config.running > 1 {
            return Err(Fault::Slot { found: config.running });
        }
        let mut agent = Self::new(config, &moment);
        agent.take_over(&moment, flash)?;
        let step = agent.next();
        Ok((agent, step))
    }

    /// As it is before anything was read from flash.
    const fn new(config: Config<'a>, moment: &Moment) -> Self {
        Self {
            config,
            store: StateStore::empty(config.layout.store),
            state: State::FIRST,
            root_version: 0,
            root_is_stored: false,
            journal: None,
            image: None,
            time: Timekeeper::new(None),
            now: moment.uptime,
            random: moment.random,
            nonce: moment.random,
            phase: Phase::Restarting,
            writer: None,
            trial_until: None,
            change: Change::Nothing,
            doubts_set: false,
            failures: 0,
            refusal: None,
            said: None,
            sent: Sent::Nothing,
            is_unsaved: false,
            ended_at: moment.uptime,
        }
    }

    fn take_over<F: NorFlash>(&mut self, moment: &Moment, flash: &mut F) -> Result<(), Fault> {
        let store = self.config.layout.store;
        if let Some(state) = self.store.load(flash)? {
            self.state = state;
        }
        self.journal = Journal::load(flash, store)?;
        self.time = Timekeeper::new(self.state.time);
        self.pass(moment);
        self.judge_start(flash)?;
        if matches!(self.phase, Phase::Restarting) {
            return Ok(());
        }
        if let Err(fault) = self.load_root(flash) {
            // On trial this is what a trial is for; else the app goes on without updates.
            return if self.is_on_trial() { self.give_up(flash, Cause::Root) } else { Err(fault) };
        }
        self.image = slot::appended_digest(flash, self.config.layout.slot(self.config.running))?;
        Ok(())
    }

    fn judge_start<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        let otadata = boot::read(flash, self.config.layout.otadata)?;
        let last = self.journal.as_ref().map(|journal| (&journal.attempt, &journal.log));
        match Start::judge(self.config.running, last, &otadata, self.config.policy.boots) {
            Start::Trial => return self.begin_trial(flash),
            Start::Spent => return self.give_up(flash, Cause::BootsSpent),
            Start::GoBack => return self.go_back(flash),
            Start::SelectAgain => self.working(Work::Clear),
            Start::Refused => {
                self.mark(flash, Mark::Ended(Outcome::RolledBack, Cause::Bootloader))?;
                boot::select(flash, self.config.layout.otadata, self.config.running, false)?;
                self.first_check_in();
            }
            Start::Steady if self.is_unsettled() => self.working(Work::ConfirmState),
            Start::Steady => self.first_check_in(),
        }
        Ok(())
    }

    /// Soon, but not every board of a site at once when the power comes back.
    fn first_check_in(&mut self) {
        let wait = backoff::at_most(self.config.policy.backoff_min, &self.random);
        self.sleep(self.now.plus(wait), Errand::CheckIn);
    }

    /// Whether the journal says that this app is confirmed, and the state does not know it yet.
    fn is_unsettled(&self) -> bool {
        self.journal.as_ref().is_some_and(|Journal { attempt, log, .. }| {
            let is_known = self.state.release == attempt.release && self.state.image == Some(attempt.digest);
            log.confirmed && attempt.slot == self.config.running && !is_known
        })
    }

    /// Finds the root record in force, the newer of the compiled-in and the stored one, and the trust set in use.
    fn load_root<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        let compiled_in =
            Root::compiled_in(self.config.root).map_err(|refusal| Fault::Root(refusal.cause()))?;
        let mut buffer = [0; RootRecord::MAX_LEN];
        let stored = self.store.root(flash, &mut buffer)?.and_then(|root| Root::compiled_in(root).ok());
        let newer = stored.filter(|stored| stored.version > compiled_in.version);
        self.root_is_stored = newer.is_some();
        self.root_version = newer.map_or(compiled_in.version, |root| root.version);
        let names_set = newer.is_some_and(|root| !root.trust_set.is_empty());
        self.load_set(flash, compiled_in.version)?;
        let names_built_in = newer.is_some_and(|root| root.trust_set == compiled_in.trust_set);
        if names_built_in && self.state.trust_place == Place::CompiledIn {
            self.state.trust_version = self.root_version;
        }
        self.load_change(flash, names_set)
    }

    /// The set that worked last, unless it is gone or the firmware brings a newer one.
    fn load_set<F: NorFlash>(&mut self, flash: &mut F, compiled_in: u32) -> Result<(), Fault> {
        let usable = match self.state.trust_place {
            Place::Stored(half) if self.state.trust_version > compiled_in => {
                TrustSet::of(self.config.layout.store, half).header(flash)?.is_some()
            }
            _ => false,
        };
        if !usable {
            (self.state.trust_version, self.state.trust_place) = (compiled_in, Place::CompiledIn);
        }
        Ok(())
    }
}
