//! The agent: one value that is told what happened and says what to do next.

mod answer;
mod change;
mod exchange;
mod install;
mod payload;
mod start;
mod trial;

use embedded_storage::nor_flash::NorFlash;
use otary_wire::{Cause, CheckIn, Clock, Digest, Outcome, Report, Root, RootRecord};

use crate::config::Config;
use crate::flash::Fault;
use crate::moment::{Millis, Moment};
use crate::slot::SlotWriter;
use crate::step::{Input, Step};
use crate::store::{Journal, Place, RootBytes, State, StateStore, TrustSet};
use crate::timekeeper::{Dates, Timekeeper};
use change::Change;
use exchange::{Errand, Exchange};

/// The device's update logic. See the crate's front page.
pub struct Agent<'a> {
    config: Config<'a>,
    store: StateStore,
    state: State,
    /// The version of the root record in force, and whether it is the stored one.
    root_version: u32,
    root_is_stored: bool,
    journal: Option<Journal>,
    /// The SHA-256 that is appended to the running image.
    image: Option<Digest>,
    time: Timekeeper,
    now: Millis,
    random: [u8; 16],
    nonce: [u8; 16],
    phase: Phase,
    /// The payload on its way into the slot.
    writer: Option<SlotWriter>,
    /// Where this app is on trial: the uptime at which it is given up.
    trial_until: Option<Millis>,
    change: Change,
    /// Whether the server is asked over the set in use, because the new one came to nothing again and again.
    doubts_set: bool,
    /// Failures in a row.
    failures: u8,
    /// What was refused and is not in the journal, to be said at the next check-in.
    refusal: Option<Refused>,
    /// What was refused and said last.
    said: Option<Refused>,
    sent: Sent,
    /// Whether the server has heard what the state in flash still has to tell it.
    is_unsaved: bool,
    /// Uptime at which the last attempt came to nothing.
    ended_at: Millis,
}

/// What the agent is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The application tests itself.
    Testing,
    /// Nothing to do before `until`.
    Asleep { until: Millis, then: Errand },
    /// A request is on its way, or its answer.
    Exchanging(Exchange),
    /// One thing after the other in flash.
    Working(Work),
    /// The driver is to restart.
    Restarting,
}

/// The next thing to do in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Select this app's own slot before the other one is written to.
    Hold,
    /// Read the slot's prefix back after a restart.
    ReadBack,
    /// Program what is held and compare the digest.
    Finish,
    /// Take an earlier attempt's leftovers from otadata.
    Clear,
    /// Select the slot.
    Select,
    /// Confirm this app: in otadata, in the journal, in the state.
    ConfirmOtadata,
    ConfirmJournal,
    ConfirmState,
    /// Write the state, then sleep.
    Remember {
        until: Millis,
    },
    /// Empty the sector for a new trust set.
    EmptySet,
    /// Write the head of the new trust set.
    SealSet,
}

/// A report that is kept in RAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refused {
    release: u32,
    outcome: Outcome,
    cause: Cause,
}

/// Which report the check-in on its way carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Nothing,
    OfJournal,
    OfMemory,
}

/// Which anchors the TLS connection is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchors {
    /// Those that are built into the firmware.
    CompiledIn,
    /// Those that were handed to the visitor, and no others.
    Stored,
}

impl<'a> Agent<'a> {
    /// What comes next, after `input` at `moment`. At most one sector is erased and one piece written.
    ///
    /// A fault of the flash ends what the agent was at; it is reported and tried again after a wait.
    pub fn step<F: NorFlash>(&mut self, moment: Moment, input: Input<'_>, flash: &mut F) -> Step {
        self.pass(&moment);
        if let Err(fault) = self.advance(input, flash) {
            self.survive(fault);
        }
        self.next()
    }

    /// The check-in as the text of the header field [`CheckIn::HEADER`], for [`Step::CheckIn`]. `out` takes at most
    /// [`CheckIn::MAX_TEXT`] bytes.
    pub fn check_in<'w>(&self, out: &'w mut [u8]) -> Result<&'w str, otary_wire::Error> {
        let identity = &self.config.identity;
        let slot = self.config.layout.slot(self.other_slot());
        let check_in = CheckIn {
            device: identity.device,
            product: identity.product,
            hardware: identity.hardware,
            chip: identity.chip,
            release: self.running_release(),
            image: self.image.as_ref(),
            version: self.config.version,
            root: self.root_version,
            trust_set: self.set_version(),
            nonce: self.nonce,
            slot: slot.size,
            clock: self.time.clock().state(),
            report: self.report(),
        };
        check_in.to_text(out)
    }

    /// Whether the handshake looks at validity dates.
    pub fn dates(&self) -> Dates {
        self.time.dates()
    }

    /// What time it is. Where dates are enforced, TLS has to judge them by this clock and not by SNTP's.
    pub fn clock(&self) -> Clock {
        self.time.clock()
    }

    /// The number of the release that runs; 0 for a firmware that was not released.
    pub fn running_release(&self) -> u32 {
        match &self.journal {
            Some(journal) if journal.attempt.slot == self.config.running && journal.log.verified => {
                journal.attempt.release
            }
            _ => self.installed_release(),
        }
    }

    /// What the next check-in will report: for a serial monitor, nothing depends on it.
    pub fn news(&self) -> Option<Report<'_>> {
        self.report_of(self.next_report())
    }

    /// Whether this app has not proved itself yet.
    pub const fn is_on_trial(&self) -> bool {
        self.trial_until.is_some()
    }

    /// The anchors for the next connection: each in DER, read into `buffer` and handed to `visit`. A buffer of
    /// [`MAX_ANSWER`](crate::MAX_ANSWER) bytes is enough: the one that takes answers does.
    pub fn anchors<F: NorFlash>(
        &self,
        flash: &mut F,
        buffer: &mut [u8],
        visit: impl FnMut(&[u8]),
    ) -> Result<Anchors, Fault> {
        match self.set_place() {
            Place::CompiledIn => Ok(Anchors::CompiledIn),
            Place::Stored(half) => {
                TrustSet::of(self.config.layout.store, half).visit(flash, buffer, visit)?;
                Ok(Anchors::Stored)
            }
        }
    }

    fn pass(&mut self, moment: &Moment) {
        self.now = self.now.max(moment.uptime);
        self.random = moment.random;
        self.time.pass(moment);
    }

    /// What the driver does next: the phase says it.
    fn next(&self) -> Step {
        match &self.phase {
            Phase::Testing => Step::SelfTest,
            Phase::Asleep { until, .. } => Step::Sleep { until: self.awake_at(*until) },
            Phase::Exchanging(Exchange { asked: false, errand, .. }) => self.request(*errand),
            Phase::Exchanging(_) => Step::Read,
            Phase::Working(_) => Step::Working,
            Phase::Restarting => Step::Restart,
        }
    }

    fn advance<F: NorFlash>(&mut self, input: Input<'_>, flash: &mut F) -> Result<(), Fault> {
        let is_overdue = self.trial_until.is_some_and(|until| self.now >= until);
        match (self.phase, input) {
            (Phase::Restarting, _) => Ok(()),
            (Phase::Working(work), _) => self.work(work, flash),
            _ if is_overdue => self.give_up(flash, Cause::Unreachable),
            (Phase::Testing, Input::SelfTest(true)) => self.begin(Errand::CheckIn, flash),
            (Phase::Testing, Input::SelfTest(false)) => self.give_up(flash, Cause::SelfTest),
            (Phase::Asleep { until, then }, _) if self.now >= until => self.begin(then, flash),
            (Phase::Testing | Phase::Asleep { .. }, _) => Ok(()),
            (Phase::Exchanging(exchange), input) => self.exchange(exchange, input, flash),
        }
    }

    fn work<F: NorFlash>(&mut self, work: Work, flash: &mut F) -> Result<(), Fault> {
        match work {
            Work::Hold => self.hold(flash),
            Work::ReadBack => self.read_back(flash),
            Work::Finish => self.finish_payload(flash),
            Work::Clear => self.clear_otadata(flash),
            Work::Select => self.select(flash),
            Work::ConfirmOtadata => self.confirm_otadata(flash),
            Work::ConfirmJournal => self.confirm_journal(flash),
            Work::ConfirmState => self.confirm_state(flash),
            Work::Remember { until } => {
                self.save(flash)?;
                self.fall_asleep(until);
                Ok(())
            }
            Work::EmptySet => self.empty_set(flash),
            Work::SealSet => self.seal_set(flash),
        }
    }

    fn working(&mut self, work: Work) {
        self.phase = Phase::Working(work);
    }

    fn sleep(&mut self, until: Millis, then: Errand) {
        self.phase = Phase::Asleep { until, then };
    }

    /// A trial ends on time, whatever the wait.
    fn awake_at(&self, until: Millis) -> Millis {
        let end = self.trial_until.filter(|end| *end > self.now);
        end.map_or(until, |end| end.min(until))
    }

    /// The flash failed: what is in RAM of it is not to be relied on.
    fn survive(&mut self, _: Fault) {
        self.writer = None;
        self.refuse(self.journal.as_ref().map_or(0, |journal| journal.attempt.release), Cause::Flash);
        let errand = self.due_errand(Errand::CheckIn);
        self.begin_set_anew();
        self.try_again(errand, None);
    }

    const fn other_slot(&self) -> u8 {
        self.config.running ^ 1
    }

    fn installed_release(&self) -> u32 {
        self.state.release.max(self.config.release)
    }

    /// Writes the state with the root record in force.
    fn save<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), Fault> {
        self.state.time = self.time.bound();
        let root = if self.root_is_stored { RootBytes::Kept } else { RootBytes::New(self.config.root) };
        self.store.save(flash, &self.state, root)?;
        self.root_is_stored = true;
        self.is_unsaved = false;
        Ok(())
    }

    /// The root record in force, read into `buffer` where it is the stored one.
    fn root<'b, F: NorFlash>(
        &self,
        flash: &mut F,
        buffer: &'b mut [u8; RootRecord::MAX_LEN],
    ) -> Result<Root<'b>, Fault>
    where
        'a: 'b,
    {
        let stored = if self.root_is_stored { self.store.root(flash, buffer)? } else { None };
        Root::compiled_in(stored.unwrap_or(self.config.root)).map_err(|refusal| Fault::Root(refusal.cause()))
    }

    /// Keeps a refusal to be said at the next check-in.
    fn refuse(&mut self, release: u32, cause: Cause) {
        self.refusal = Some(Refused { release, outcome: Outcome::Refused, cause });
    }

    /// The outcome of the last attempt until the server has heard it; else what was refused since.
    fn report(&self) -> Option<Report<'_>> {
        self.report_of(self.sent)
    }

    fn report_of(&self, sent: Sent) -> Option<Report<'_>> {
        match (sent, &self.journal, self.refusal) {
            (Sent::OfJournal, Some(journal), _) => {
                let (outcome, cause) = journal.log.outcome()?;
                let attempt = &journal.attempt;
                Some(Report {
                    release: attempt.release,
                    payload: Some(&attempt.digest),
                    outcome,
                    cause,
                    tries: attempt.tries.saturating_add(1),
                })
            }
            (Sent::OfMemory, _, Some(Refused { release, outcome, cause })) => {
                Some(Report { release, payload: None, outcome, cause: Some(cause), tries: 1 })
            }
            _ => None,
        }
    }
}
