//! The firmware's loop between two restarts: does what the agent's step says and tells it what came of it.

use std::ops::ControlFlow;
use std::time::Duration;

use embedded_storage::nor_flash::NorFlash;
use otary_agent::wire::{Outcome, UnixSeconds};
use otary_agent::{Agent, Input, Lost, Millis, Moment, Step};

use super::app::{AgentApp, AgentPoll, AgentReport};
use super::uptime::Uptime;
use crate::board::{Power, with_sources};
use crate::http_update::Code;
use crate::link::ConnectError;
use crate::sketch::RESTART_DELAY;
use crate::url::Url;

/// A board that runs, with its power on.
pub(super) struct Device<'a, 'p, F> {
    pub(super) agent: Agent<'a>,
    pub(super) step: Step,
    pub(super) flash: &'a mut F,
    pub(super) app: &'a AgentApp,
    pub(super) url: &'a Url,
    pub(super) version: Option<&'a str>,
    pub(super) uptime: Uptime,
    pub(super) power: Power<'p>,
}

/// What came of asking the server.
pub(super) enum Heard {
    /// It answered as one hopes.
    Answer,
    /// It did not.
    Failure { code: Code, cause: Option<ConnectError> },
    /// It was told already, or nobody was asked.
    Nothing,
}

/// The present, as the agent is told it.
pub(super) fn moment(uptime: &Uptime, power: &Power<'_>) -> Moment {
    let wall = power.clock.is_set().then(|| UnixSeconds(power.clock.now().secs()));
    Moment { uptime: uptime.now(), wall, random: rand::random() }
}

impl<F: NorFlash> Device<'_, '_, F> {
    /// Goes on until the board restarts, or is turned off by `watch` or by its switch.
    pub(super) fn run(&mut self, watch: &mut impl FnMut(AgentPoll) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut heard = Heard::Nothing;
        while !self.power.pace.stop().is_stopped() {
            let input = match self.step {
                Step::CheckIn => {
                    self.check_in_begins();
                    heard = self.exchange();
                    continue;
                }
                Step::Fetch { .. } => {
                    heard = self.exchange();
                    continue;
                }
                Step::Sleep { until } => {
                    if let Some(poll) = self.result(std::mem::replace(&mut heard, Heard::Nothing), until) {
                        watch(poll)?;
                    }
                    self.delay(Duration::from_millis(until.since(self.uptime.now()).0));
                    Input::Tick
                }
                Step::SelfTest => Input::SelfTest(self.app.passes_self_test),
                Step::Working => Input::Tick,
                // Outside an exchange there is nothing to read.
                Step::Read => Input::Lost(Lost::Closed),
                Step::Restart => {
                    let poll = self.restarts();
                    watch(poll)?;
                    self.delay(RESTART_DELAY);
                    return ControlFlow::Continue(());
                }
            };
            self.tell(input);
        }
        ControlFlow::Break(())
    }

    /// Gives the agent an input; keeps and gives what it says next.
    pub(super) fn tell(&mut self, input: Input<'_>) -> Step {
        let moment = moment(&self.uptime, &self.power);
        self.step = self.agent.step(moment, input, self.flash);
        self.step
    }

    fn delay(&mut self, duration: Duration) {
        let end = self.uptime.now().plus(Millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)));
        self.power.pace.delay(duration);
        if !self.power.pace.stop().is_stopped() {
            self.uptime.skip_to(end);
        }
    }

    fn check_in_begins(&mut self) {
        if !self.power.wait_for_the_time(self.app.ntp) {
            self.power.console.note("no time server answers: the agent goes on without");
        }
        self.power.console.println("Update start now!");
        if let Some(report) = self.agent.news() {
            self.power.console.note(&format!("reports: {}", AgentReport::from(report)));
        }
    }

    /// Prints what came of it before a sleep. A check-in that follows at once is a part of this one.
    fn result(&mut self, heard: Heard, until: Millis) -> Option<AgentPoll> {
        let wait = until.since(self.uptime.now());
        let console = &mut *self.power.console;
        match heard {
            Heard::Answer if wait == Millis(0) => None,
            Heard::Answer => Some(match self.agent.news().map(AgentReport::from) {
                Some(report) if report.outcome != Outcome::Installed => {
                    console.println("HTTP_UPDATE_NO_UPDATES");
                    console.note(&report.to_string());
                    AgentPoll::Refused { report }
                }
                _ => {
                    console.println("HTTP_UPDATE_NO_UPDATES");
                    AgentPoll::NoUpdate { version: self.version.map(str::to_owned) }
                }
            }),
            Heard::Failure { code, cause } => {
                console.println(&format!("HTTP_UPDATE_FAILD Error {code}"));
                if let Some(cause) = &cause {
                    console.note(&with_sources(cause));
                }
                console.println(&format!("Retry in {}secs!", wait.as_secs()));
                Some(AgentPoll::Failed { code, cause })
            }
            Heard::Nothing => None,
        }
    }

    /// The agent restarts the board: into the image that it wrote, or back.
    fn restarts(&mut self) -> AgentPoll {
        let (from, console) = (self.version.map(str::to_owned), &mut *self.power.console);
        match self.agent.news().map(AgentReport::from) {
            Some(report) if report.outcome == Outcome::RolledBack => {
                console.note(&format!("goes back: {report}"));
                AgentPoll::RolledBack { from }
            }
            _ => {
                console.println("HTTP_UPDATE_OK");
                AgentPoll::Updated { from }
            }
        }
    }
}
