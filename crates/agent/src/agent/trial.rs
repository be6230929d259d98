//! The trial of a new app: counted, tested, confirmed only after the server has been reached; given up otherwise.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{Cause, Outcome};

use super::exchange::Errand;
use super::{Agent, Phase, Work};
use crate::boot;
use crate::flash::Fault;
use crate::store::Mark;

impl Agent<'_> {
    /// Counts the boot before anything else runs. Where that cannot be noted, the app is given up: an uncounted start could
    /// be one of endlessly many.
    pub(super) fn begin_trial<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        if self.mark(flash, Mark::Boot).is_err() {
            return self.give_up(flash, Cause::Flash);
        }
        self.trial_until = Some(self.now.plus(self.config.policy.confirm_within));
        self.phase = Phase::Testing;
        Ok(())
    }

    /// Gives this app up. The mark comes before the selection: after a power cut between them, the next start goes on here.
    pub(super) fn give_up<F: NorFlash>(&mut self, flash: &mut F, cause: Cause) -> Result<(), Fault> {
        // Where the way back fails it is tried again, and nothing else: an answer of the server would confirm this app.
        self.trial_until = self.trial_until.map(|until| until.min(self.now));
        if self.journal.as_ref().is_some_and(|journal| journal.log.ended.is_none()) {
            // Where the journal takes no mark, going back is worth more than knowing why.
            let _ = self.mark(flash, Mark::Ended(Outcome::RolledBack, cause));
        }
        self.go_back(flash)
    }

    /// Selects the other slot and restarts.
    pub(super) fn go_back<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        boot::select(flash, self.config.layout.otadata, self.other_slot(), false)?;
        self.phase = Phase::Restarting;
        Ok(())
    }

    /// The server has been reached: this app stays.
    pub(super) fn confirm_otadata<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        boot::confirm(flash, self.config.layout.otadata)?;
        self.working(Work::ConfirmJournal);
        Ok(())
    }

    pub(super) fn confirm_journal<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        self.mark(flash, Mark::Confirmed)?;
        self.trial_until = None;
        self.working(Work::ConfirmState);
        Ok(())
    }

    /// Release, image and floor are kept only now, so that a release that fails shuts out no other.
    pub(super) fn confirm_state<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        if let Some(journal) = &self.journal {
            let attempt = &journal.attempt;
            self.state.release = attempt.release;
            self.state.image = Some(attempt.digest);
            self.state.floor = self.state.floor.max(attempt.floor);
        }
        self.save(flash)?;
        // At once again: the server is to know it.
        self.sleep(self.now, Errand::CheckIn);
        Ok(())
    }

    /// Writes a mark to the journal, if there is one.
    pub(super) fn mark<F: NorFlash>(&mut self, flash: &mut F, mark: Mark) -> Result<(), Fault> {
        let store = self.config.layout.store;
        match &mut self.journal {
            Some(journal) => journal.mark(flash, store, mark),
            None => Ok(()),
        }
    }
}
