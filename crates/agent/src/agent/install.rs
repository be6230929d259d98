//! From a trusted manifest to an attempt, and from a whole payload to the restart.

use embedded_storage::nor_flash::NorFlash;
use otary_image::HEADER_LEN;
use otary_wire::{Cause, Kind, Manifest};

use super::exchange::Errand;
use super::{Agent, Phase, Work};
use crate::backoff;
use crate::boot;
use crate::flash::Fault;
use crate::moment::Millis;
use crate::store::{Attempt, Journal, Mark};

/// What becomes of an offered release.
enum Plan {
    /// Begin a new attempt, after so many tries of the same payload.
    Begin { tries: u8 },
    /// Go on with the payload that is half there.
    Resume,
    /// The payload is whole in its slot: select it.
    Select,
    /// It runs already.
    Nothing,
    /// It came to nothing before: not before this uptime.
    Later(Millis),
}

impl Agent<'_> {
    /// Installs what the manifest says, or says why not.
    pub(super) fn install<F: NorFlash>(
        &mut self,
        manifest: &Manifest<'_>,
        poll: Millis,
        flash: &mut F,
    ) -> Result<(), Fault> {
        let mut attempt = match self.attempt(manifest) {
            Ok(attempt) => attempt,
            Err(cause) => {
                self.refuse_release(manifest.release, cause, poll);
                return Ok(());
            }
        };
        match self.plan(&attempt) {
            Plan::Begin { tries } => {
                attempt.tries = tries;
                self.writer = None;
                let last = self.journal.as_ref();
                self.journal = Some(Journal::begin(flash, self.config.layout.store, last, attempt)?);
                self.failures = 0;
                return self.begin(Errand::Payload, flash);
            }
            Plan::Resume => return self.begin(Errand::Payload, flash),
            Plan::Select => self.working(Work::Clear),
            Plan::Nothing => self.rest(poll),
            Plan::Later(due) => {
                self.note_put_off(flash);
                self.rest(poll.min(due));
            }
        }
        Ok(())
    }

    /// What the manifest asks for, in terms of this device. Only app images are installed: half a release is none.
    fn attempt(&self, manifest: &Manifest<'_>) -> Result<Attempt, Cause> {
        let app =
            manifest.app().filter(|_| manifest.payloads.iter().all(|payload| payload.kind == Kind::App));
        let app = app.filter(|_| manifest.payloads.len() == 1).ok_or(Cause::EncodingUnknown)?;
        if app.final_length < HEADER_LEN {
            return Err(Cause::Image);
        }
        Ok(Attempt {
            release: manifest.release,
            floor: manifest.floor,
            length: app.final_length,
            slot: self.other_slot(),
            tries: 0,
            digest: *app.final_digest,
            coded: *app.sent(),
        })
    }

    fn plan(&self, attempt: &Attempt) -> Plan {
        let first = Plan::Begin { tries: 0 };
        let Some(last) = &self.journal else { return first };
        let is_same_file = last.attempt.digest == attempt.digest;
        if last.log.confirmed {
            let runs = last.attempt.slot == self.config.running && is_same_file;
            return if runs { Plan::Nothing } else { first };
        }
        if last.log.ended.is_some() && is_same_file {
            let penalty = backoff::penalty(last.attempt.tries);
            let due = self.ended_at.plus(penalty);
            if self.now < due && !self.was_put_off_for(penalty) {
                return Plan::Later(due);
            }
            return Plan::Begin { tries: last.attempt.tries.saturating_add(1) };
        }
        match (last.attempt.is_same(attempt), last.log.is_loading(), last.log.is_on_trial()) {
            (true, true, _) => Plan::Resume,
            (true, _, true) => Plan::Select,
            _ => first,
        }
    }

    /// Notes since when the payload waits, once: a device that sleeps is never up for as long as that.
    fn note_put_off<F: NorFlash>(&mut self, flash: &mut F) {
        let is_noted = self.journal.as_ref().is_none_or(|journal| journal.log.put_off.is_some());
        if let (false, Some(now)) = (is_noted, self.time.clock().earliest()) {
            // Where it cannot be noted, uptime alone counts.
            let _ = self.mark(flash, Mark::PutOff(now));
        }
    }

    /// Whether the payload that came to nothing has waited for so long, restarts or not.
    fn was_put_off_for(&self, wait: Millis) -> bool {
        let since = self.journal.as_ref().and_then(|journal| journal.log.put_off);
        let (Some(since), Some(now)) = (since, self.time.clock().earliest()) else { return false };
        now.0.saturating_sub(since.0) >= wait.as_secs()
    }

    /// Takes away what would be mistaken for the bootloader's word on the selection that follows.
    pub(super) fn clear_otadata<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        boot::clear_rolled_back(flash, self.config.layout.otadata, self.other_slot())?;
        self.working(Work::Select);
        Ok(())
    }

    /// Selects the new slot, noting it first.
    pub(super) fn select<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        self.mark(flash, Mark::Selecting)?;
        boot::select(flash, self.config.layout.otadata, self.other_slot(), true)?;
        self.phase = Phase::Restarting;
        Ok(())
    }
}
