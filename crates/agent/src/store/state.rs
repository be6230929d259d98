//! What the device remembers for good: its release, its floor, the least time that it can be, its root record, and which
//! trust set it uses. Two copies; the older one is overwritten.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{Cause, Digest, RootRecord, UnixSeconds};

use super::trust::Place;
use super::{Half, STATE, checksum, length_of, newest, put, take, take_u32, take_u64, write_filled};
use crate::flash::{self, Fault, UNIT};
use crate::layout::Region;

const MAGIC: [u8; 4] = *b"OtS1";
const HEADER: usize = 3 * UNIT;
const CRC_AT: usize = HEADER - 4;
/// In place of a cause: the server knows it.
const SAID: u8 = 0xFF;
/// Bytes that are copied at once: on the stack.
const CHUNK: usize = 4 * UNIT;

/// The state without its root record, which stays in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// Number of the installed release; 0 before the first.
    pub release: u32,
    /// SHA-256 of its image, if it came over the air.
    pub image: Option<Digest>,
    /// The least release number that may follow.
    pub floor: u32,
    /// The highest signed time, at most a day behind.
    pub time: Option<UnixSeconds>,
    /// The root version whose trust set is in use; 0 while it is the compiled-in one.
    pub trust_version: u32,
    /// Where that set is.
    pub trust_place: Place,
    /// The highest root version whose trust set never worked; 0 for none.
    pub trust_refused: u32,
    /// Why that one was refused, until the server has heard it.
    pub trust_unsaid: Option<Cause>,
}

impl State {
    /// That of a device that was never updated.
    pub const FIRST: Self = Self {
        release: 0,
        image: None,
        floor: 0,
        time: None,
        trust_version: 0,
        trust_place: Place::CompiledIn,
        trust_refused: 0,
        trust_unsaid: None,
    };
}

/// Which root record a copy is written with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RootBytes<'a> {
    /// The one of the copy before.
    Kept,
    /// A new one.
    New(&'a [u8]),
}

/// The two copies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateStore {
    store: Region,
    newest: Option<(Half, u32)>,
    root_length: u16,
}

impl StateStore {
    /// Before anything was read.
    pub const fn empty(store: Region) -> Self {
        Self { store, newest: None, root_length: 0 }
    }

    /// Finds the newer copy.
    pub fn load<F: NorFlash>(&mut self, flash: &mut F) -> Result<Option<State>, Fault> {
        let first = read_copy(flash, Half::First.offset(self.store, STATE))?;
        let second = read_copy(flash, Half::Second.offset(self.store, STATE))?;
        let Some((half, sequence, (state, root_length))) = newest(first, second) else { return Ok(None) };
        *self = Self { newest: Some((half, sequence)), root_length, ..*self };
        Ok(Some(state))
    }

    /// The stored root record, read into `buffer`; nothing, if the compiled-in one is in force.
    pub fn root<'b, F: NorFlash>(
        &self,
        flash: &mut F,
        buffer: &'b mut [u8; RootRecord::MAX_LEN],
    ) -> Result<Option<&'b [u8]>, Fault> {
        let Some((half, _)) = self.newest.filter(|_| self.root_length > 0) else { return Ok(None) };
        let at = half.offset(self.store, STATE).saturating_add(length_of(&[0; HEADER]));
        let filled = usize::from(self.root_length).next_multiple_of(UNIT);
        let Some(filled) = buffer.get_mut(..filled) else { return Ok(None) };
        flash::read(flash, at, filled)?;
        Ok(filled.get(..usize::from(self.root_length)))
    }

    /// Writes a copy over the older one: its root record, then its head.
    pub fn save<F: NorFlash>(
        &mut self,
        flash: &mut F,
        state: &State,
        root: RootBytes<'_>,
    ) -> Result<(), Fault> {
        let sequence = self.newest.map_or(1, |(_, sequence)| sequence.saturating_add(1));
        let half = self.newest.map_or(Half::First, |(half, _)| half.other());
        let at = half.offset(self.store, STATE);
        let root_length = match root {
            RootBytes::Kept => self.root_length,
            RootBytes::New(bytes) => u16::try_from(bytes.len()).unwrap_or_default(),
        };
        let mut header = encode(state, sequence, root_length);
        flash::erase(flash, at)?;
        let crc = match root {
            RootBytes::New(bytes) => {
                write_filled(flash, at.saturating_add(length_of(&header)), bytes)?;
                let mut crc = covered(&header);
                crc.update(bytes);
                crc.finalize()
            }
            RootBytes::Kept => self.copy_root(flash, &header, at, root_length)?,
        };
        put(&mut header, CRC_AT, &crc.to_le_bytes());
        flash::write(flash, at, &header)?;
        *self = Self { newest: Some((half, sequence)), root_length, ..*self };
        Ok(())
    }

    fn copy_root<F: NorFlash>(
        &self,
        flash: &mut F,
        header: &[u8; HEADER],
        to: u32,
        root_length: u16,
    ) -> Result<u32, Fault> {
        let from = self.newest.map_or(to, |(half, _)| half.offset(self.store, STATE));
        let mut crc = covered(header);
        let mut done = 0_u16;
        let mut chunk = [0; CHUNK];
        while done < root_length {
            let length = usize::from(root_length.saturating_sub(done)).min(CHUNK);
            let skip = length_of(header).saturating_add(u32::from(done));
            let filled = chunk.get_mut(..length.next_multiple_of(UNIT)).unwrap_or_default();
            flash::read(flash, from.saturating_add(skip), filled)?;
            flash::write(flash, to.saturating_add(skip), filled)?;
            crc.update(filled.get(..length).unwrap_or_default());
            done = done.saturating_add(u16::try_from(length).unwrap_or(u16::MAX));
        }
        Ok(crc.finalize())
    }
}

fn encode(state: &State, sequence: u32, root_length: u16) -> [u8; HEADER] {
    let mut header = [0xFF; HEADER];
    put(&mut header, 0, &MAGIC);
    put(&mut header, 4, &sequence.to_le_bytes());
    put(&mut header, 8, &state.release.to_le_bytes());
    put(&mut header, 12, &state.floor.to_le_bytes());
    put(&mut header, 16, &state.time.map_or(0, |time| time.0).to_le_bytes());
    put(&mut header, 24, &state.trust_version.to_le_bytes());
    put(&mut header, 28, &state.trust_refused.to_le_bytes());
    put(&mut header, 32, &[state.trust_place.code(), state.trust_unsaid.map_or(SAID, Cause::code)]);
    put(&mut header, 34, &root_length.to_le_bytes());
    put(&mut header, 36, &state.image.unwrap_or_default());
    header
}

/// A checksum over what lies before it in the head.
fn covered(header: &[u8; HEADER]) -> super::Checksum {
    let mut crc = checksum();
    crc.update(header.get(..CRC_AT).unwrap_or_default());
    crc
}

type Copy = (u32, (State, u16));

fn read_copy<F: NorFlash>(flash: &mut F, at: u32) -> Result<Option<Copy>, Fault> {
    let mut header = [0; HEADER];
    flash::read(flash, at, &mut header)?;
    let root_length = u16::from_le_bytes(take(&header, 34));
    if take(&header, 0) != MAGIC || usize::from(root_length) > RootRecord::MAX_LEN {
        return Ok(None);
    }
    let mut crc = covered(&header);
    let mut chunk = [0; UNIT];
    let mut left = usize::from(root_length);
    let mut from = at.saturating_add(length_of(&header));
    while left > 0 {
        flash::read(flash, from, &mut chunk)?;
        crc.update(chunk.get(..left.min(UNIT)).unwrap_or_default());
        from = from.saturating_add(length_of(&chunk));
        left = left.saturating_sub(UNIT);
    }
    if crc.finalize() != take_u32(&header, CRC_AT) {
        return Ok(None);
    }
    let [place, cause] = take(&header, 32);
    let state = State {
        release: take_u32(&header, 8),
        image: Some(take(&header, 36)).filter(|image| *image != [0; 32]),
        floor: take_u32(&header, 12),
        time: Some(UnixSeconds(take_u64(&header, 16))).filter(|time| time.0 > 0),
        trust_version: take_u32(&header, 24),
        trust_place: Place::from_code(place),
        trust_refused: take_u32(&header, 28),
        trust_unsaid: Some(cause).filter(|cause| *cause != SAID).map(Cause::from_code),
    };
    Ok(Some((take_u32(&header, 4), (state, root_length))))
}
