//! The change of the trust set: a step of its own, never together with a firmware.
//!
//! A new root record is kept first. Then its anchors are fetched over the set in use and written to the idle sector; then the
//! next connections are made with them. One answer of the server over the new set makes it the set in use. Three failed
//! handshakes, or anchors that cannot be had, leave the former one in use, and the server is told.
//!
//! A link that is down says nothing of the set. So where anchors, or answers over the new set, stay away again and again, the
//! server is asked over the set in use; that counts against the new one if it answers there.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{Cause, Digest, Outcome, RootRecord};
use sha2::{Digest as _, Sha256};

use super::exchange::Errand;
use super::{Agent, Refused, Work};
use crate::flash::Fault;
use crate::store::{MAX_FAILURES, Place, SetHeader, TrustSet};

/// How far the change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The set in use is the one that the root record names, or the new one was refused.
    Nothing,
    /// The anchors are being fetched.
    Fetching {
        /// What is there already; nothing before the sector is empty.
        header: Option<SetHeader>,
        /// The anchor that is asked for.
        wanted: Digest,
        /// How often an anchor could not be had.
        failures: u8,
    },
    /// Connections are made with the new set.
    Trying,
}

impl Agent<'_> {
    pub(super) fn is_trying_set(&self) -> bool {
        self.change == Change::Trying && !self.doubts_set && !self.is_on_trial()
    }

    /// The sector that the set in use does not need.
    const fn new_set(&self) -> TrustSet {
        TrustSet::of(self.config.layout.store, self.state.trust_place.idle())
    }

    /// The place of the set for the next connection.
    pub(super) fn set_place(&self) -> Place {
        if self.is_trying_set() {
            Place::Stored(self.state.trust_place.idle())
        } else {
            self.state.trust_place
        }
    }

    /// The root version whose set the next connection is made with.
    pub(super) fn set_version(&self) -> u32 {
        if self.is_trying_set() { self.root_version } else { self.state.trust_version }
    }

    /// After a restart: where the change stood.
    pub(super) fn load_change<F: NorFlash>(&mut self, flash: &mut F, names_set: bool) -> Result<(), Fault> {
        self.plan_change(names_set && self.state.trust_version < self.root_version);
        if self.state.trust_refused == self.root_version {
            self.change = Change::Nothing;
            if let Some(cause) = self.state.trust_unsaid {
                self.refuse_set(cause);
            }
        }
        let whole = self.new_set().header(flash)?.is_some_and(|header| header.version == self.root_version);
        if self.change != Change::Nothing && whole {
            self.change = Change::Trying;
        }
        Ok(())
    }

    pub(super) fn plan_change(&mut self, changes: bool) {
        let fetching = Change::Fetching { header: None, wanted: [0; 32], failures: 0 };
        self.change = if changes { fetching } else { Change::Nothing };
        self.doubts_set = false;
    }

    /// Half an anchor may be there: the sector is emptied before it is written again.
    pub(super) const fn begin_set_anew(&mut self) {
        if let Change::Fetching { header, .. } = &mut self.change {
            *header = None;
        }
    }

    /// What to send for, where `errand` would be next: a new trust set's anchors come before anything else, and what is not
    /// wanted any more is not asked for.
    pub(super) fn due_errand(&self, errand: Errand) -> Errand {
        match self.change {
            Change::Fetching { .. } if !self.doubts_set && !self.is_on_trial() => Errand::Anchor,
            _ if errand == Errand::Anchor => Errand::CheckIn,
            _ if errand == Errand::Payload && !self.is_loading() => Errand::CheckIn,
            _ => errand,
        }
    }

    /// The anchor that is wanted.
    pub(super) fn wanted_anchor(&self) -> Digest {
        match self.change {
            Change::Fetching { wanted, .. } => wanted,
            Change::Nothing | Change::Trying => Digest::default(),
        }
    }

    /// Finds out which anchor is wanted next; gives what is to be done in flash before one can be asked for.
    pub(super) fn before_anchor<F: NorFlash>(&mut self, flash: &mut F) -> Result<Option<Work>, Fault> {
        let Change::Fetching { header: Some(header), .. } = &self.change else {
            return Ok(Some(Work::EmptySet));
        };
        let there = header.lengths.iter().filter(|length| **length > 0).count();
        let mut buffer = [0; RootRecord::MAX_LEN];
        let next = self.root(flash, &mut buffer)?.trust_set.iter().nth(there).copied();
        match (next, &mut self.change) {
            (Some(next), Change::Fetching { wanted, .. }) => {
                *wanted = next;
                Ok(None)
            }
            _ => Ok(Some(Work::SealSet)),
        }
    }

    pub(super) fn empty_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        self.new_set().erase(flash)?;
        if let Change::Fetching { header, .. } = &mut self.change {
            *header = Some(SetHeader { version: self.root_version, lengths: [0; 4] });
        }
        self.begin(Errand::Anchor, flash)
    }

    /// Takes a whole anchor.
    pub(super) fn take_anchor<F: NorFlash>(&mut self, der: &[u8], flash: &mut F) -> Result<(), Fault> {
        let set = self.new_set();
        let Change::Fetching { header: Some(header), wanted, .. } = &mut self.change else {
            return self.begin(Errand::CheckIn, flash);
        };
        let is_wanted = Digest::from(Sha256::digest(der)) == *wanted;
        if is_wanted && set.write_anchor(flash, header, der)? {
            self.begin(Errand::Anchor, flash)
        } else {
            self.fail_anchor(flash)
        }
    }

    pub(super) fn seal_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        if let Change::Fetching { header: Some(header), .. } = &self.change {
            self.new_set().seal(flash, header)?;
        }
        self.failures = 0;
        self.change = Change::Trying;
        self.begin(Errand::CheckIn, flash)
    }

    /// The server has answered over the set in use, and nothing came of the new one before.
    pub(super) fn fail_doubted<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        (self.doubts_set, self.failures) = (false, 0);
        if self.change == Change::Trying { self.fail_set(flash) } else { self.fail_anchor(flash) }
    }

    /// An anchor could not be had, or was another one.
    pub(super) fn fail_anchor<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        if let Change::Fetching { failures, .. } = &mut self.change {
            *failures = failures.saturating_add(1);
            if *failures < MAX_FAILURES {
                self.back_off(Errand::Anchor);
                return Ok(());
            }
        }
        self.leave_set(flash, Cause::TrustAnchor)
    }

    /// A handshake over the new set failed, or nobody answered over it.
    pub(super) fn fail_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        if self.new_set().fail(flash)? {
            self.back_off(Errand::CheckIn);
            return Ok(());
        }
        self.leave_set(flash, Cause::TrustHandshake)
    }

    /// Stays with the former set.
    fn leave_set<F: NorFlash>(&mut self, flash: &mut F, cause: Cause) -> Result<(), Fault> {
        self.change = Change::Nothing;
        self.state.trust_refused = self.root_version;
        self.state.trust_unsaid = Some(cause);
        self.save(flash)?;
        self.refuse_set(cause);
        self.back_off(Errand::CheckIn);
        Ok(())
    }

    fn refuse_set(&mut self, cause: Cause) {
        let outcome = Outcome::TrustSetRefused;
        self.refusal = Some(Refused { release: self.root_version, outcome, cause });
    }

    /// The server has answered over the new set.
    pub(super) fn keep_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        self.state.trust_place = Place::Stored(self.state.trust_place.idle());
        self.state.trust_version = self.root_version;
        self.change = Change::Nothing;
        self.save(flash)?;
        self.fall_asleep(self.now);
        Ok(())
    }
}
