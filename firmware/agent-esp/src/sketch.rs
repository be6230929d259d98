//! What the serial monitor shows: the lines of the tutorial's sketch, and what it could not know.

use core::fmt;

use edge_nal::{Dns, UdpBind};
use embassy_time::{Duration, Instant, Timer};
use otary_agent::wire::{self, Cause};
use otary_agent::{Lost, Millis};

use crate::board::Board;
use crate::calendar::Date;
use crate::network::Network;
use crate::settings::Settings;
use crate::tls::Refused;
use crate::{clock, http, sntp};

/// Between two looks whether the time has come.
const TIME_DELAY: Duration = Duration::from_millis(500);
/// Looks for the time until the device goes on without it.
const TIME_TRIES: u32 = 10;

/// What came of asking the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is nothing to do.
    NoUpdates,
    /// There was no answer.
    Failed(Failure),
    /// As has been said.
    Told,
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The server's name is not known.
    NoAddress,
    /// The anchors cannot be read.
    NoAnchors,
    /// Nobody accepts the connection.
    NoConnection,
    /// Whoever answers is not the server.
    Tls(Refused),
    /// What was answered is no HTTP.
    Http(http::Failed),
    /// Another status than the one that was hoped for.
    Status(u16),
    /// The server stopped answering.
    Stalled,
}

impl Failure {
    /// What the agent is told.
    pub(crate) const fn lost(self) -> Lost {
        match self {
            Self::NoAddress => Lost::NoAddress,
            Self::NoConnection => Lost::Refused,
            Self::NoAnchors => Lost::Handshake { dates_only: false },
            Self::Tls(refused) => Lost::Handshake { dates_only: matches!(refused, Refused::Dates) },
            Self::Http(_) | Self::Status(_) => Lost::Closed,
            Self::Stalled => Lost::Stalled,
        }
    }
}

impl fmt::Display for Failure {
    /// The codes and texts of the Arduino library, `HTTPUpdate::getLastErrorString()`; in brackets what it does not say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = "(-1): HTTP error: connection refused";
        match self {
            Self::NoAddress => write!(f, "{refused} (the server's name is not found)"),
            Self::NoAnchors => write!(f, "{refused} (the roots to trust are unreadable)"),
            Self::NoConnection => f.write_str(refused),
            Self::Tls(Refused::Handshake) => write!(f, "{refused} (no TLS)"),
            Self::Tls(Refused::Dates) => write!(f, "{refused} (the certificate's dates)"),
            Self::Tls(Refused::Certificate(flags)) => write!(f, "{refused} (the certificate: {flags:#x})"),
            Self::Http(http::Failed::TooLong) => f.write_str("(-2): HTTP error: send header failed"),
            Self::Http(http::Failed::Closed) => f.write_str("(-5): HTTP error: connection lost"),
            Self::Http(http::Failed::Unreadable) => f.write_str("(-7): HTTP error: no HTTP server"),
            Self::Stalled => f.write_str("(-11): HTTP error: read Timeout"),
            Self::Status(404) => f.write_str("(-102): File Not Found (404)"),
            Self::Status(403) => f.write_str("(-103): Forbidden (403)"),
            Self::Status(status) => write!(f, "(-104): Wrong HTTP Code ({status})"),
        }
    }
}

/// `setup()`: time to open a serial monitor, and who speaks.
pub async fn set_up<B: Board>(board: &mut B, settings: &Settings) {
    board.print(format_args!("\n\n\n"));
    for n in (1..=4).rev() {
        board.print(format_args!("[SETUP] WAIT {n}...\n"));
        Timer::after_secs(1).await;
    }
    board.print(format_args!("Firmware version {}\n", settings.version));
}

/// `setClock()`, given up after a while: a device that never hears the time updates all the same. A clock that is set already
/// is set anew if the server answers at once.
pub(crate) async fn look_at_the_clock<B: Board, T, D: Dns, U: UdpBind>(
    board: &mut B,
    settings: &Settings,
    network: &Network<T, D, U>,
) {
    board.print(format_args!("Waiting for NTP time sync: "));
    let tries = if clock::now().is_some() { 1 } else { TIME_TRIES };
    for _ in 0..tries {
        board.feed();
        board.print(format_args!("."));
        if let Some(server) = network.find(&settings.time_server).await
            && sntp::set_clock(&network.udp, server).await
        {
            break;
        }
        Timer::after(TIME_DELAY).await;
    }
    match clock::now() {
        Some(now) => board.print(format_args!("\nCurrent time: {}\n", Date::of(now))),
        None => board.print(format_args!("\nCurrent time: unknown\n")),
    }
}

/// What `loop()` prints when an update has not come; a release that was refused has a code that the library has not.
pub(crate) fn tell<B: Board>(
    board: &mut B,
    outcome: Outcome,
    news: Option<(wire::Outcome, Option<Cause>)>,
    until: Millis,
) {
    match (outcome, news) {
        (Outcome::NoUpdates, Some((wire::Outcome::Refused, Some(cause)))) => {
            board.print(format_args!("HTTP_UPDATE_FAILD Error (-200): refused ({cause})\n"));
        }
        (Outcome::NoUpdates, _) => board.print(format_args!("HTTP_UPDATE_NO_UPDATES\n")),
        (Outcome::Failed(failure), _) => {
            let seconds = until.as_secs().saturating_sub(Instant::now().as_secs());
            board.print(format_args!("HTTP_UPDATE_FAILD Error {failure}\nRetry in {seconds}secs!\n"));
        }
        (Outcome::Told, _) => {}
    }
}
