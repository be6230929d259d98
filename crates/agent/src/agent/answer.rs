//! The answer to a check-in: believed by `otary_wire::verify` alone, and acted on in one step.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{
    Cause, Manifest, Offer, Outcome, Refusal, Root, RootRecord, Stored, Trusted, UnixSeconds, Verdict, hear,
    verify,
};

use super::exchange::Errand;
use super::{Agent, Sent, Work};
use crate::backoff;
use crate::flash::Fault;
use crate::moment::Millis;
use crate::store::{Mark, RootBytes};

/// How far the signed time may run ahead of the one in flash, in seconds: flash wears.
const TIME_STEP: u64 = 24 * 60 * 60;

/// What an answer comes to.
enum Judged<'b> {
    /// A root record to be kept, the least time that it can be then, and whether it names the trust set that is in use.
    NewRoot(Root<'b>, UnixSeconds, bool),
    /// The server itself has answered.
    Heard(Heard<'b>),
    /// Whoever answered, it is not to be believed.
    Unheard(Refusal),
}

struct Heard<'b> {
    time: Option<UnixSeconds>,
    poll_after: Option<u32>,
    manifest: Result<Option<Trusted<'b, Manifest<'b>>>, Refusal>,
}

impl Agent<'_> {
    /// Takes the whole body.
    pub(super) fn answer<F: NorFlash>(&mut self, body: &[u8], flash: &mut F) -> Result<(), Fault> {
        let Ok(mut offer) = Offer::decode(body) else {
            self.disbelieve(0, Cause::Offer);
            return Ok(());
        };
        if self.is_on_trial() || self.is_trying_set() {
            // Firmware, trust set and record are taken over one after the other: the next record can wait.
            offer.root = None;
        }
        match self.judge(&offer, flash)? {
            Judged::NewRoot(root, bound, same_set) => self.keep_root(&root, bound, same_set, flash),
            Judged::Heard(heard) => self.heard(&heard, offer.retry_after, flash),
            Judged::Unheard(refusal) => {
                self.disbelieve(release_of(refusal), refusal.cause());
                Ok(())
            }
        }
    }

    /// The signatures and rules. Its stack, with the root record on it, is free again before anything is written.
    #[inline(never)]
    fn judge<'b, F: NorFlash>(&self, offer: &Offer<'b>, flash: &mut F) -> Result<Judged<'b>, Fault> {
        let mut buffer = [0; RootRecord::MAX_LEN];
        let root = self.root(flash, &mut buffer)?;
        let release = self.installed_release();
        let stored = Stored {
            root,
            release,
            installed: self.state.image.filter(|_| self.state.release == release),
            floor: self.state.floor,
            time: self.time.bound(),
            slot: self.config.layout.slot(self.other_slot()).size,
        };
        let identity = &self.config.identity;
        let verdict = verify(&stored, identity, self.time.clock(), &self.nonce, offer);
        let (time, poll_after, manifest) = match verdict {
            Ok(Verdict::NewRoot(new)) => {
                let bound = new.time_after(&root, self.time.bound());
                let is_in_use = self.state.trust_version == root.version;
                return Ok(Judged::NewRoot(new, bound, is_in_use && new.trust_set == root.trust_set));
            }
            Ok(Verdict::Wait { time, poll_after }) => (time, poll_after, Ok(None)),
            Ok(Verdict::Install { manifest, time, poll_after }) => (time, poll_after, Ok(Some(manifest))),
            // A manifest may be refused and the order before it be good.
            Err(refusal) if offer.root.is_none_or(|root| root == stored.root.signed()) => {
                match hear(&stored, identity, &self.nonce, offer) {
                    Ok(order) => {
                        let order = order.as_deref();
                        (order.map(|order| order.time), order.map(|order| order.poll_after), Err(refusal))
                    }
                    Err(refusal) => return Ok(Judged::Unheard(refusal)),
                }
            }
            Err(refusal) => return Ok(Judged::Unheard(refusal)),
        };
        Ok(Judged::Heard(Heard { time, poll_after, manifest }))
    }

    /// Keeps a new root record. Its trust set is fetched next, and the rest of the answer is asked for anew.
    fn keep_root<F: NorFlash>(
        &mut self,
        root: &Root<'_>,
        bound: UnixSeconds,
        same_set: bool,
        flash: &mut F,
    ) -> Result<(), Fault> {
        self.time.reset(Some(bound));
        self.state.time = Some(bound);
        if same_set {
            self.state.trust_version = root.version;
        }
        self.store.save(flash, &self.state, RootBytes::New(root.signed()))?;
        (self.root_version, self.root_is_stored) = (root.version, true);
        self.failures = 0;
        self.plan_change(!same_set && !root.trust_set.is_empty());
        self.sleep(self.now, Errand::CheckIn);
        Ok(())
    }

    fn heard<F: NorFlash>(
        &mut self,
        heard: &Heard<'_>,
        retry_after: Option<u32>,
        flash: &mut F,
    ) -> Result<(), Fault> {
        if let Some(time) = heard.time {
            self.time.hear(time);
        }
        self.note_reported(flash)?;
        if self.is_on_trial() {
            self.working(Work::ConfirmOtadata);
            return Ok(());
        }
        if self.doubts_set {
            return self.fail_doubted(flash);
        }
        if self.is_trying_set() {
            return self.keep_set(flash);
        }
        if core::mem::take(&mut self.is_unsaved) {
            self.working(Work::Remember { until: self.now });
            return Ok(());
        }
        let poll = self.poll(heard.poll_after, retry_after);
        match &heard.manifest {
            Ok(Some(manifest)) => return self.install(manifest, poll, flash),
            Ok(None) => self.rest(poll),
            Err(refusal) => self.refuse_release(release_of(*refusal), refusal.cause(), poll),
        }
        Ok(())
    }

    /// The server has the report of this check-in.
    fn note_reported<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        match self.sent {
            Sent::Nothing => {}
            Sent::OfMemory => {
                self.said = self.refusal.take();
                if self.said.is_some_and(|said| said.outcome == Outcome::TrustSetRefused) {
                    self.state.trust_unsaid = None;
                    self.is_unsaved = true;
                }
            }
            Sent::OfJournal => self.mark(flash, Mark::Reported)?,
        }
        self.sent = Sent::Nothing;
        Ok(())
    }

    /// A release is refused. The server hears it soon; of the same refusal again, at the usual time.
    pub(super) fn refuse_release(&mut self, release: u32, cause: Cause, poll: Millis) {
        self.refuse(release, cause);
        if self.refusal == self.said {
            return self.rest(poll);
        }
        self.failures = 0;
        self.back_off(Errand::CheckIn);
    }

    /// An answer that is not the server's. The next that is will hear of it.
    fn disbelieve(&mut self, release: u32, cause: Cause) {
        self.refuse(release, cause);
        self.try_again(Errand::CheckIn, None);
    }

    /// Sleeps until the next check-in; before that the signed time goes to flash if it ran ahead far enough.
    pub(super) fn rest(&mut self, poll: Millis) {
        let kept = self.state.time.map_or(0, |time| time.0);
        let known = self.time.bound().map_or(0, |time| time.0);
        if known > kept.saturating_add(TIME_STEP) {
            self.working(Work::Remember { until: poll });
        } else {
            self.fall_asleep(poll);
        }
    }

    /// All went well. Only now, for a server that answers a check-in may still lack the payload, and the flash may fail.
    pub(super) fn fall_asleep(&mut self, until: Millis) {
        self.failures = 0;
        self.sleep(until, Errand::CheckIn);
    }

    /// Uptime of the next check-in: the latest of what the order and the answer ask for.
    fn poll(&self, poll_after: Option<u32>, retry_after: Option<u32>) -> Millis {
        let seconds = |seconds: u32| Millis::from_secs(seconds.into());
        let asked = poll_after.map_or(self.config.policy.poll, seconds);
        let asked = asked.max(retry_after.map_or(Millis(0), seconds));
        let wait = backoff::at_least(asked.max(self.config.policy.backoff_min), &self.random);
        self.now.plus(wait)
    }
}

/// The number of the refused release, where the refusal tells it.
fn release_of(refusal: Refusal) -> u32 {
    match refusal {
        Refusal::KeyOutOfRange { found }
        | Refusal::Minimum { found, .. }
        | Refusal::Floor { found, .. }
        | Refusal::ReleaseTooOld { found, .. }
        | Refusal::SameNumber { found } => found,
        _ => 0,
    }
}
