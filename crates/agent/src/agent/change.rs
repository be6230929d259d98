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
use crate::step::Step;
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
            _ if errand == Errand::Payload && self.loading().is_none() => Errand::CheckIn,
            _ => errand,
        }
    }

    /// Which anchor to ask for; nothing where there is something to do in flash before.
    pub(super) fn anchor_request<F: NorFlash>(&mut self, flash: &mut F) -> Result<Option<Digest>, Fault> {
        let Change::Fetching { header, failures, .. } = self.change else { return Ok(None) };
        let Some(header) = header else {
            self.working(Work::EmptySet);
            return Ok(None);
        };
        let there = header.lengths.iter().filter(|length| **length > 0).count();
        let mut buffer = [0; RootRecord::MAX_LEN];
        let next = self.root(flash, &mut buffer)?.trust_set.iter().nth(there).copied();
        if let Some(wanted) = next {
            self.change = Change::Fetching { header: Some(header), wanted, failures };
        } else {
            self.working(Work::SealSet);
        }
        Ok(next)
    }

    pub(super) fn empty_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<Step, Fault> {
        self.new_set().erase(flash)?;
        if let Change::Fetching { header, .. } = &mut self.change {
            *header = Some(SetHeader { version: self.root_version, lengths: [0; 4] });
        }
        self.begin(Errand::Anchor, flash)
    }

    /// Takes a whole anchor.
    pub(super) fn take_anchor<F: NorFlash>(&mut self, der: &[u8], flash: &mut F) -> Result<Step, Fault> {
        let Change::Fetching { header: Some(mut header), wanted, failures } = self.change else {
            return self.begin(Errand::CheckIn, flash);
        };
        if Digest::from(Sha256::digest(der)) != wanted {
            return self.fail_anchor(flash);
        }
        if !self.new_set().write_anchor(flash, &mut header, der)? {
            return self.fail_anchor(flash);
        }
        self.change = Change::Fetching { header: Some(header), wanted, failures };
        self.begin(Errand::Anchor, flash)
    }

    pub(super) fn seal_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<Step, Fault> {
        if let Change::Fetching { header: Some(header), .. } = self.change {
            self.new_set().seal(flash, &header)?;
        }
        self.failures = 0;
        self.change = Change::Trying;
        self.begin(Errand::CheckIn, flash)
    }

    /// The server has answered over the set in use, and nothing came of the new one before.
    pub(super) fn fail_doubted<F: NorFlash>(&mut self, flash: &mut F) -> Result<Step, Fault> {
        (self.doubts_set, self.failures) = (false, 0);
        if self.change == Change::Trying { self.fail_set(flash) } else { self.fail_anchor(flash) }
    }

    /// An anchor could not be had, or was another one.
    pub(super) fn fail_anchor<F: NorFlash>(&mut self, flash: &mut F) -> Result<Step, Fault> {
        if let Change::Fetching { failures, .. } = &mut self.change {
            *failures = failures.saturating_add(1);
            if *failures < MAX_FAILURES {
                return Ok(self.back_off(Errand::Anchor));
            }
        }
        self.leave_set(flash, Cause::TrustAnchor)
    }

    /// A handshake over the new set failed, or nobody answered over it.
    pub(super) fn fail_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<Step, Fault> {
        if self.new_set().fail(flash)? {
            return Ok(self.back_off(Errand::CheckIn));
        }
        self.leave_set(flash, Cause::TrustHandshake)
    }

    /// Stays with the former set.
    fn leave_set<F: NorFlash>(&mut self, flash: &mut F, cause: Cause) -> Result<Step, Fault> {
        self.change = Change::Nothing;
        self.state.trust_refused = self.root_version;
        self.state.trust_unsaid = Some(cause);
        self.save(flash)?;
        self.refuse_set(cause);
        Ok(self.back_off(Errand::CheckIn))
    }

    fn refuse_set(&mut self, cause: Cause) {
        let outcome = Outcome::TrustSetRefused;
        self.refusal = Some(Refused { release: self.root_version, outcome, cause });
    }

    /// The server has answered over the new set.
    pub(super) fn keep_set<F: NorFlash>(&mut self, flash: &mut F) -> Result<Step, Fault> {
        self.state.trust_place = Place::Stored(self.state.trust_place.idle());
        self.state.trust_version = self.root_version;
        self.change = Change::Nothing;
        self.save(flash)?;
        Ok(self.fall_asleep(self.now))
    }
}
