//! The loop: does what the agent's step says and tells it what came of it.

use core::fmt;

use edge_nal::{Dns, TcpConnect, UdpBind};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use mbedtls_rs::Tls;
#[cfg(not(feature = "stubbed"))]
use otary_agent::Agent;
use otary_agent::wire::UnixSeconds;
use otary_agent::{Fault, Input, LayoutFault, Lost, Millis, Moment, Step};

use crate::board::Board;
use crate::device::Device;
use crate::exchange::Piece;
use crate::network::Network;
use crate::settings::Settings;
use crate::sketch::Outcome;
#[cfg(feature = "stubbed")]
use crate::stub::Agent;
use crate::{clock, sketch};

/// The watchdog is fed this often while there is nothing to do.
const NAP: Duration = Duration::from_secs(10);
/// A network is there by then, or is looked for at each check-in.
const NETWORK_LIMIT: Duration = Duration::from_secs(30);
/// Between the message of a new firmware and the restart into it, as the sketch has it.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// A device: its agent and its board.
pub struct Driver<B: Board> {
    pub(crate) agent: Agent<'static>,
    pub(crate) board: B,
    pub(crate) settings: &'static Settings,
    pub(crate) step: Step,
}

/// Why a device cannot be updated by its firmware at all.
#[derive(Debug, Clone, Copy)]
pub enum Unfit {
    /// Its partition table cannot be read.
    Table,
    /// Its partition table has no room for updates.
    Layout(LayoutFault),
    /// The app that runs lies in none of the two slots.
    Slot,
    /// The flash or what the agent keeps there.
    Flash(Fault),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("the partition table cannot be read"),
            Self::Layout(fault) => write!(f, "{fault}"),
            Self::Slot => f.write_str("the app that runs lies in none of the slots"),
            Self::Flash(fault) => write!(f, "{fault}"),
        }
    }
}

impl<B: Board> Driver<B> {
    /// Takes over at a start. Before anything that may crash: where the firmware is on trial, this start is counted, and the
    /// last one that it is given restarts the chip into the firmware before it.
    pub fn start(mut board: B, settings: &'static Settings, device: Device) -> Result<Self, Unfit> {
        let config = device.config(settings);
        let moment = moment(&mut board);
        let started = measured(&mut board, |board| Agent::start(config, moment, board.flash()));
        let (agent, step) = started.map_err(Unfit::Flash)?;
        if step == Step::Restart {
            board.restart();
        }
        Ok(Self { agent, board, settings, step })
    }

    /// Waits until `up`, but not for ever: a firmware that never finds its network has to be taken back, and for that it has
    /// to run.
    pub async fn wait_for_network(&mut self, up: impl Future<Output = ()>) {
        self.board.feed();
        let _ = with_timeout(NETWORK_LIMIT, up).await;
        self.board.feed();
    }

    /// Updates this device for ever.
    pub async fn run<T, D, U>(&mut self, tls: Tls<'static>, network: Network<T, D, U>, piece: &mut Piece) -> !
    where
        T: TcpConnect,
        D: Dns,
        U: UdpBind,
    {
        clock::hook();
        let mut outcome = Outcome::Told;
        loop {
            self.board.feed();
            embassy_futures::yield_now().await;
            let input = match self.step {
                Step::CheckIn => {
                    sketch::look_at_the_clock(&mut self.board, self.settings, &network).await;
                    self.board.print(format_args!("Update start now!\n"));
                    outcome = self.exchange(&tls, &network, piece).await;
                    continue;
                }
                Step::Fetch { .. } => {
                    outcome = self.exchange(&tls, &network, piece).await;
                    continue;
                }
                Step::Sleep { until } => {
                    let news = self.agent.news().map(|report| (report.outcome, report.cause));
                    sketch::tell(&mut self.board, outcome, news, until);
                    outcome = Outcome::Told;
                    self.sleep(until).await;
                    Input::Tick
                }
                Step::SelfTest => Input::SelfTest(self.board.tests_itself()),
                Step::Working => Input::Tick,
                // Outside an exchange there is nothing to read.
                Step::Read => Input::Lost(Lost::Closed),
                Step::Restart => {
                    self.board.print(format_args!("HTTP_UPDATE_OK\n"));
                    Timer::after(RESTART_DELAY).await;
                    self.board.restart()
                }
            };
            self.tell(input);
        }
    }

    /// The board, for what comes before the network is there.
    pub const fn board(&mut self) -> &mut B {
        &mut self.board
    }

    /// Gives the agent an input; keeps and gives what it says next.
    pub(crate) fn tell(&mut self, input: Input<'_>) -> Step {
        let moment = moment(&mut self.board);
        let Self { agent, board, .. } = self;
        self.step = measured(board, |board| agent.step(moment, input, board.flash()));
        self.step
    }

    async fn sleep(&mut self, until: Millis) {
        let until = Instant::from_millis(until.0);
        while Instant::now() < until {
            self.board.feed();
            Timer::at(until.min(Instant::now() + NAP)).await;
        }
    }
}

fn moment<B: Board>(board: &mut B) -> Moment {
    Moment {
        uptime: Millis(Instant::now().as_millis()),
        wall: clock::now().map(UnixSeconds),
        random: board.random(),
    }
}

/// The call; in a program that measures, with a line whenever the stack has been used deeper than before.
fn measured<B: Board, R>(board: &mut B, call: impl FnOnce(&mut B) -> R) -> R {
    #[cfg(feature = "painted")]
    {
        let (result, deepest) = crate::stack::measured(|| call(board));
        if let Some(bytes) = deepest {
            board.print(format_args!("[STACK] the agent took {bytes} bytes\n"));
        }
        result
    }
    #[cfg(not(feature = "painted"))]
    call(board)
}
