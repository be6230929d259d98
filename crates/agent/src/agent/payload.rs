//! The payload's way into the slot: asked for from the exact byte, or after a restart from the last mark.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{Cause, Digest, Outcome};

use super::exchange::{Errand, Exchange};
use super::{Agent, Phase, Work};
use crate::boot;
use crate::flash::Fault;
use crate::slot::{SlotWriter, Stop};
use crate::step::{Fetch, Lost, Step};
use crate::store::{Journal, Mark};

impl Agent<'_> {
    /// Whether there is a payload to be asked for.
    pub(super) fn is_loading(&self) -> bool {
        let is_for_slot = |journal: &Journal| journal.attempt.slot == self.other_slot();
        self.journal.as_ref().is_some_and(|journal| journal.log.is_loading() && is_for_slot(journal))
    }

    /// The request for the rest of the payload.
    pub(super) fn payload_request(&self) -> Step {
        let digest = self.journal.as_ref().map_or_else(Digest::default, |journal| journal.attempt.coded);
        let from = self.writer.as_ref().map_or(0, SlotWriter::position);
        Step::Fetch { what: Fetch::Payload { digest }, from }
    }

    /// What is to be done in flash before the payload can be asked for.
    pub(super) fn before_payload<F: NorFlash>(&mut self, flash: &mut F) -> Result<Option<Work>, Fault> {
        // A slot that otadata names would be started as soon as it is whole, verified or not.
        let otadata = boot::read(flash, self.config.layout.otadata)?;
        if boot::selected(&otadata) != Some(self.config.running) {
            return Ok(Some(Work::Hold));
        }
        let slot = self.config.layout.slot(self.other_slot());
        let position = self.writer.get_or_insert_with(|| SlotWriter::new(slot)).position();
        Ok(match &self.journal {
            Some(journal) if position < journal.log.progress => Some(Work::ReadBack),
            // The power went when the last byte was there and not judged yet.
            Some(journal) if position >= journal.attempt.length => Some(Work::Finish),
            _ => None,
        })
    }

    /// Selects this app's own slot, where a bootloader has fallen back to it, before the other one is written to.
    pub(super) fn hold<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        boot::select(flash, self.config.layout.otadata, self.config.running, false)?;
        self.begin(Errand::Payload, flash)
    }

    /// Reads one sector of the prefix back; then the payload is asked for.
    pub(super) fn read_back<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        let progress = self.journal.as_ref().map_or(0, |journal| journal.log.progress);
        if let Some(writer) = &mut self.writer {
            writer.read_back(flash, progress)?;
            if writer.position() < progress {
                return Ok(());
            }
        }
        self.begin(Errand::Payload, flash)
    }

    /// Judges where the body begins and how long it is before any of it is read.
    pub(super) fn take_payload_head<F: NorFlash>(
        &mut self,
        exchange: Exchange,
        from: u32,
        length: Option<u32>,
        flash: &mut F,
    ) -> Result<(), Fault> {
        let (Some(journal), Some(writer)) = (&self.journal, &self.writer) else {
            return self.lost(exchange, Lost::Closed, flash);
        };
        let Some(skip) = writer.position().checked_sub(from) else {
            return self.lost(exchange, Lost::Closed, flash);
        };
        let expected = journal.attempt.length.saturating_sub(from);
        if length.is_some_and(|length| length != expected) {
            return self.refuse_payload(flash, Cause::Length);
        }
        self.phase = Phase::Exchanging(Exchange { answered: true, skip, ..exchange });
        Ok(())
    }

    /// Takes a piece of the body.
    pub(super) fn take_piece<F: NorFlash>(
        &mut self,
        mut exchange: Exchange,
        piece: &[u8],
        flash: &mut F,
    ) -> Result<(), Fault> {
        let (Some(journal), Some(writer)) = (&mut self.journal, &mut self.writer) else {
            return self.lost(exchange, Lost::Closed, flash);
        };
        let come = u32::try_from(piece.len()).unwrap_or(u32::MAX);
        let skipped = exchange.skip.min(come);
        exchange.skip = exchange.skip.saturating_sub(skipped);
        exchange.pace.note(come);
        let fresh =
            usize::try_from(skipped).ok().and_then(|skipped| piece.get(skipped..)).unwrap_or_default();
        exchange.gained = exchange.gained.saturating_add(come.saturating_sub(skipped));
        let room = journal.attempt.length.saturating_sub(writer.position());
        if come.saturating_sub(skipped) > room {
            return self.refuse_payload(flash, Cause::Length);
        }
        match writer.push(flash, self.config.identity.chip, fresh) {
            Ok(()) => {}
            Err(Stop::Refused(cause)) => return self.refuse_payload(flash, cause),
            Err(Stop::Failed(fault)) => return Err(fault),
        }
        journal.mark_progress(flash, self.config.layout.store, writer.programmed())?;
        if exchange.pace.is_too_slow(self.now, &self.config.policy) {
            return self.lost(exchange, Lost::Stalled, flash);
        }
        self.continue_with(exchange);
        Ok(())
    }

    /// The payload is whole: programs its last bytes, and believes it only with the signed digest.
    pub(super) fn finish_payload<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        let Some(writer) = &mut self.writer else { return self.begin(Errand::CheckIn, flash) };
        let digest = writer.finish(flash)?;
        self.writer = None;
        if self.journal.as_ref().is_none_or(|journal| journal.attempt.digest != digest) {
            return self.refuse_payload(flash, Cause::Digest);
        }
        self.mark(flash, Mark::Verified)?;
        self.working(Work::Clear);
        Ok(())
    }

    /// Ends the attempt. The same payload has to wait before it is tried again.
    fn refuse_payload<F: NorFlash>(&mut self, flash: &mut F, cause: Cause) -> Result<(), Fault> {
        self.writer = None;
        self.ended_at = self.now;
        self.mark(flash, Mark::Ended(Outcome::Refused, cause))?;
        self.back_off(Errand::CheckIn);
        Ok(())
    }
}
