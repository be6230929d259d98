//! One request and its answer: what is asked, how long it may take, and when to ask again.

use embedded_storage::nor_flash::NorFlash;

use super::{Agent, Phase, Sent, Work};
use crate::backoff;
use crate::flash::Fault;
use crate::moment::Millis;
use crate::pace::Pace;
use crate::step::{Fetch, Input, Lost, MAX_ANSWER, Step};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    CheckIn,
    Payload,
    Anchor,
}

/// A request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exchange {
    pub errand: Errand,
    pub since: Millis,
    /// Whether the driver was told to ask.
    pub asked: bool,
    /// Whether the head of an answer that is wanted has come.
    pub answered: bool,
    /// How fast the body comes in.
    pub pace: Pace,
    /// Bytes of the body that the agent has already.
    pub skip: u32,
    /// Bytes of the payload that came in this exchange.
    pub gained: u32,
}

impl Exchange {
    const fn new(errand: Errand, now: Millis) -> Self {
        let pace = Pace::new(now);
        Self { errand, since: now, asked: false, answered: false, pace, skip: 0, gained: 0 }
    }
}

/// So many failures in a row the same is asked for, then the server is asked whether it still is the right thing.
const MAX_FAILURES_IN_A_ROW: u8 = 4;

impl Agent<'_> {
    /// Sends for something.
    pub(super) fn begin<F: NorFlash>(&mut self, errand: Errand, flash: &mut F) -> Result<(), Fault> {
        let errand = self.due_errand(errand);
        let before = match errand {
            Errand::CheckIn => {
                self.nonce = self.random;
                self.sent = self.next_report();
                None
            }
            Errand::Payload => self.before_payload(flash)?,
            Errand::Anchor => self.before_anchor(flash)?,
        };
        self.phase = match before {
            Some(work) => Phase::Working(work),
            None => Phase::Exchanging(Exchange::new(errand, self.now)),
        };
        Ok(())
    }

    /// What the driver is to ask for.
    pub(super) fn request(&self, errand: Errand) -> Step {
        match errand {
            Errand::CheckIn => Step::CheckIn,
            Errand::Payload => self.payload_request(),
            Errand::Anchor => Step::Fetch { what: Fetch::Anchor { digest: self.wanted_anchor() }, from: 0 },
        }
    }

    /// Takes an input of the exchange.
    pub(super) fn exchange<F: NorFlash>(
        &mut self,
        mut exchange: Exchange,
        input: Input<'_>,
        flash: &mut F,
    ) -> Result<(), Fault> {
        exchange.asked = true;
        match input {
            Input::Head { status, from, length, retry_after } => {
                self.head(exchange, status, (from, length), retry_after, flash)
            }
            Input::Body(body) if exchange.answered => match exchange.errand {
                Errand::CheckIn => self.answer(body, flash),
                Errand::Payload => self.take_piece(exchange, body, flash),
                Errand::Anchor => self.take_anchor(body, flash),
            },
            Input::Body(_) | Input::Ended => self.lost(exchange, Lost::Closed, flash),
            Input::Lost(lost) => self.lost(exchange, lost, flash),
            Input::Tick | Input::SelfTest(_) => self.wait_for_peer(exchange, flash),
        }
    }

    fn head<F: NorFlash>(
        &mut self,
        exchange: Exchange,
        status: u16,
        (from, length): (u32, Option<u32>),
        retry_after: Option<u32>,
        flash: &mut F,
    ) -> Result<(), Fault> {
        match (exchange.errand, status) {
            (Errand::Payload, 200 | 206) => self.take_payload_head(exchange, from, length, flash),
            (_, 200) | (Errand::Anchor, 206) => {
                let most = u32::try_from(MAX_ANSWER).unwrap_or(u32::MAX);
                if length.is_some_and(|length| length > most) {
                    return self.lost(exchange, Lost::Closed, flash);
                }
                self.phase = Phase::Exchanging(Exchange { answered: true, ..exchange });
                Ok(())
            }
            (Errand::Anchor, 400..=499) if retry_after.is_none() => self.fail_anchor(flash),
            // What is gone, or never was, is not asked for again before the server has been.
            (Errand::Payload, 400..=499) if retry_after.is_none() => {
                self.back_off(Errand::CheckIn);
                Ok(())
            }
            (errand, _) => {
                self.try_again(errand, retry_after);
                Ok(())
            }
        }
    }

    /// The exchange has failed.
    pub(super) fn lost<F: NorFlash>(
        &mut self,
        exchange: Exchange,
        lost: Lost,
        flash: &mut F,
    ) -> Result<(), Fault> {
        if let Lost::Handshake { dates_only } = lost {
            if dates_only && self.time.put_aside() {
                let soon = self.now.plus(self.config.policy.backoff_min);
                self.sleep(soon, exchange.errand);
                return Ok(());
            }
            if self.is_trying_set() {
                return self.fail_set(flash);
            }
        }
        if exchange.gained >= self.config.policy.slowest_bytes {
            self.failures = 0;
        }
        self.try_again(exchange.errand, None);
        Ok(())
    }

    /// An exchange came to nothing. The peer may have said for how many seconds.
    pub(super) fn try_again(&mut self, errand: Errand, retry_after: Option<u32>) {
        let again_and_again = self.failures >= MAX_FAILURES_IN_A_ROW;
        let is_of_new_set = errand == Errand::Anchor || self.is_trying_set();
        self.doubts_set = again_and_again && is_of_new_set;
        let then = if again_and_again && errand == Errand::Payload { Errand::CheckIn } else { errand };
        match retry_after {
            Some(seconds) => self.stay_away(seconds, then),
            None => self.back_off(then),
        }
    }

    /// Nothing came. A peer that says nothing for too long is given up.
    fn wait_for_peer<F: NorFlash>(&mut self, mut exchange: Exchange, flash: &mut F) -> Result<(), Fault> {
        let policy = self.config.policy;
        let stalled = match exchange.errand {
            Errand::Payload => exchange.pace.is_too_slow(self.now, &policy),
            Errand::CheckIn | Errand::Anchor => self.now.since(exchange.since) > policy.answer_within,
        };
        if stalled {
            return self.lost(exchange, Lost::Stalled, flash);
        }
        self.phase = Phase::Exchanging(exchange);
        Ok(())
    }

    /// Waits after a failure.
    pub(super) fn back_off(&mut self, then: Errand) {
        let policy = &self.config.policy;
        // A trial has time for several tries.
        let most = match self.trial_until {
            Some(_) => policy.backoff_max.min(Millis(policy.confirm_within.0 / 8)),
            None => policy.backoff_max,
        };
        let wait = backoff::after_failures(self.failures, policy.backoff_min, most, &self.random);
        self.failures = self.failures.saturating_add(1);
        self.sleep(self.now.plus(wait), then);
    }

    /// Waits as long as the server asked. A trial stands still for so long: whoever asks for patience was reached, so a good
    /// app is not given up for it; and nothing of the answer is signed, so it is not confirmed by it either.
    pub(super) fn stay_away(&mut self, seconds: u32, then: Errand) {
        let wait = backoff::at_least(Millis::from_secs(seconds.into()), &self.random);
        let wait = wait.max(self.config.policy.backoff_min);
        self.trial_until = self.trial_until.map(|end| end.plus(wait));
        self.failures = self.failures.saturating_add(1);
        self.sleep(self.now.plus(wait), then);
    }

    /// What the next check-in reports: the journal's outcome before what was refused since.
    pub(super) fn next_report(&self) -> Sent {
        let unreported =
            |journal: &crate::store::Journal| !journal.log.reported && journal.log.outcome().is_some();
        match (&self.journal, &self.refusal) {
            (Some(journal), _) if unreported(journal) => Sent::OfJournal,
            (_, Some(_)) => Sent::OfMemory,
            _ => Sent::Nothing,
        }
    }

    /// Goes on after the next piece, or to the work that ends the payload.
    pub(super) fn continue_with(&mut self, exchange: Exchange) {
        let length = self.journal.as_ref().map_or(0, |journal| journal.attempt.length);
        let is_whole = self.writer.as_ref().is_some_and(|writer| writer.position() >= length);
        self.phase = if is_whole { Phase::Working(Work::Finish) } else { Phase::Exchanging(exchange) };
    }
}
