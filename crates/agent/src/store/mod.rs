//! What the agent keeps in flash, in six sectors: two copies of its state, two journals, two trust sets.
//!
//! Each kind has two sectors and writes the one that is not in force, so a power cut at any byte leaves the record
//! before it whole. A record counts only when its CRC is right, and its head is written last.

mod journal;
mod log;
mod state;
mod trust;

pub(crate) use journal::{Attempt, Journal};
pub(crate) use log::{Log, Mark};
pub(crate) use state::{RootBytes, State, StateStore};
pub(crate) use trust::{MAX_FAILURES, Place, SetHeader, TrustSet};

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};
use embedded_storage::nor_flash::NorFlash;

use crate::flash::{self, Fault, SECTOR, UNIT};
use crate::layout::Region;

/// How many sectors the store has.
pub(crate) const SECTORS: u32 = 6;
const STATE: u32 = 0;
const JOURNAL: u32 = 2;
const TRUST: u32 = 4;

/// Without a table: the records are short, and flash is dear.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

type Checksum = Digest<'static, u32, NoTable>;

fn checksum() -> Checksum {
    const FIXED: &Crc<u32, NoTable> = &CRC;
    FIXED.digest()
}

/// The first or second sector of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    First,
    Second,
}

impl Half {
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Where the sector begins in flash.
    #[inline(never)]
    const fn offset(self, store: Region, kind: u32) -> u32 {
        let index = match self {
            Self::First => kind,
            Self::Second => kind.saturating_add(1),
        };
        store.offset.saturating_add(index.saturating_mul(SECTOR))
    }
}

/// The newer of two records, by their sequences.
fn newest<T>(first: Option<(u32, T)>, second: Option<(u32, T)>) -> Option<(Half, u32, T)> {
    match (first, second) {
        (Some((older, _)), Some((newer, record))) if newer > older => Some((Half::Second, newer, record)),
        (Some((sequence, record)), _) => Some((Half::First, sequence, record)),
        (None, Some((sequence, record))) => Some((Half::Second, sequence, record)),
        (None, None) => None,
    }
}

/// Writes bytes of any length, filled up to a unit with FF.
fn write_filled<F: NorFlash>(flash: &mut F, at: u32, bytes: &[u8]) -> Result<(), Fault> {
    let (units, rest) = bytes.as_chunks::<UNIT>();
    let units = units.as_flattened();
    if !units.is_empty() {
        flash::write(flash, at, units)?;
    }
    if !rest.is_empty() {
        let mut last = [0xFF; UNIT];
        put(&mut last, 0, rest);
        flash::write(flash, at.saturating_add(length_of(units)), &last)?;
    }
    Ok(())
}

/// Copies `bytes` into a record; what does not fit is left out.
fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    let places = record.get_mut(at..).unwrap_or_default();
    for (to, from) in places.iter_mut().zip(bytes) {
        *to = *from;
    }
}

/// The `N` bytes at `at` of a record, zeros where it ends.
fn take<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    record.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn take_u32(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(take(record, at))
}

fn take_u64(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(take(record, at))
}

fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
