//! The trial boot: what a start means, and how otadata is changed.
//!
//! Bootloaders that are built without rollback start a selected image for ever, so the agent counts the starts itself. Those
//! with rollback give an unconfirmed image up at its second start; the agent takes that as its own decision.

use embedded_storage::nor_flash::NorFlash;
use otary_image::{Entry, OTADATA_ENTRY, Otadata, Rollback, Sector, State, Write};

use crate::flash::{self, Fault};
use crate::layout::Region;
use crate::store::{Attempt, Log};

/// So often a slot is selected in vain before the bootloader is taken at its word.
const MAX_SELECTIONS: u8 = 3;
const SLOTS: u8 = 2;

/// What a start means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing is on trial.
    Steady,
    /// This app is on trial: a boot has to be marked before anything else.
    Trial,
    /// This app was on trial for too long: mark it, go back.
    Spent,
    /// This app was given up, but still is the selected one: go back.
    GoBack,
    /// The other slot is whole, and its selection was never completed.
    SelectAgain,
    /// The other slot was selected, and the bootloader does not start it.
    Refused,
}

impl Start {
    /// Judges a start in slot `running`.
    pub fn judge(running: u8, last: Option<(&Attempt, &Log)>, otadata: &Otadata, boots: u8) -> Self {
        let Some((attempt, log)) = last else { return Self::Steady };
        match (running == attempt.slot, log.is_on_trial()) {
            (true, true) if log.boots >= boots => Self::Spent,
            (true, true) => Self::Trial,
            // Where otadata already names the other slot, its image cannot be started, and this one is better than none.
            (true, false) if log.ended.is_some() && selected(otadata) == Some(running) => Self::GoBack,
            (false, true) if log.selections == 0 => Self::SelectAgain,
            (false, true) if is_refused(otadata, attempt.slot) => Self::Refused,
            (false, true) if log.selections >= MAX_SELECTIONS => Self::Refused,
            (false, true) => Self::SelectAgain,
            _ => Self::Steady,
        }
    }
}

/// Whether the bootloader knows of the selection of `slot` and started another one.
fn is_refused(otadata: &Otadata, slot: u8) -> bool {
    selected(otadata) == Some(slot)
        || [otadata.first, otadata.second].iter().any(|entry| is_rolled_back(entry, slot))
}

fn is_rolled_back(entry: &Entry, slot: u8) -> bool {
    entry.is_written()
        && entry.slot(SLOTS) == Some(slot)
        && matches!(entry.state, State::Aborted | State::Invalid)
}

/// The slot that otadata names.
pub(crate) fn selected(otadata: &Otadata) -> Option<u8> {
    otadata.entry(otadata.active()?).slot(SLOTS)
}

/// Reads both entries.
pub(crate) fn read<F: NorFlash>(flash: &mut F, at: Region) -> Result<Otadata, Fault> {
    let mut entry = |sector: Sector| {
        let mut bytes = [0; OTADATA_ENTRY];
        flash::read(flash, at.offset.saturating_add(sector.offset()), &mut bytes)?;
        Ok(Entry::read(bytes))
    };
    Ok(Otadata { first: entry(Sector::First)?, second: entry(Sector::Second)? })
}

/// Selects `slot`, as new where it is on trial, so that a bootloader with rollback watches it too. Nothing is written if
/// otadata names it already.
pub(crate) fn select<F: NorFlash>(flash: &mut F, at: Region, slot: u8, trial: bool) -> Result<bool, Fault> {
    let otadata = read(flash, at)?;
    if selected(&otadata) == Some(slot) {
        return Ok(false);
    }
    let rollback = if trial { Rollback::Enabled } else { Rollback::Disabled };
    let write = otadata.select(slot, SLOTS, rollback).map_err(|_| Fault::Write { at: at.offset })?;
    put(flash, at, write).map(|()| true)
}

/// Takes away what an earlier attempt left in the sector that the next selection of `slot` goes to: a rolled-back entry there
/// would be taken for the bootloader's word on this one. Whether there was something.
pub(crate) fn clear_rolled_back<F: NorFlash>(flash: &mut F, at: Region, slot: u8) -> Result<bool, Fault> {
    let otadata = read(flash, at)?;
    let stale = [Sector::First, Sector::Second]
        .into_iter()
        .find(|sector| is_rolled_back(&otadata.entry(*sector), slot) && otadata.active() != Some(*sector));
    let Some(sector) = stale else { return Ok(false) };
    flash::erase(flash, at.offset.saturating_add(sector.offset()))?;
    Ok(true)
}

/// Says that the selected slot works, if it was not said before.
pub(crate) fn confirm<F: NorFlash>(flash: &mut F, at: Region) -> Result<(), Fault> {
    match read(flash, at)?.confirm() {
        Some(write) => put(flash, at, write),
        None => Ok(()),
    }
}

fn put<F: NorFlash>(flash: &mut F, at: Region, write: Write) -> Result<(), Fault> {
    let at = at.offset.saturating_add(write.sector.offset());
    flash::erase(flash, at)?;
    flash::write(flash, at, &write.entry.to_bytes())
}
