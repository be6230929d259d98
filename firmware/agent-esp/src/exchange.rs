//! One request and its answer: a connection that lives from the agent's asking to its having heard enough.

use alloc::ffi::CString;
use core::pin::pin;

use edge_nal::{Dns, TcpConnect};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::{Read, Write};
use mbedtls_rs::{Session, Tls};
use otary_agent::wire::{CheckIn, Clock};
use otary_agent::{Fetch, Input, MAX_ANSWER, MAX_PIECE, Step};

use crate::board::Board;
use crate::driver::Driver;
use crate::http::{self, Head, Request};
use crate::network::Network;
use crate::sketch::{Failure, Outcome};
use crate::{anchors, clock, tls};

/// A server is connected to in less than this or not at all.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// An answer begins in less than this.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// While nothing comes, the agent is told of the time this often.
const TICK: Duration = Duration::from_secs(1);
/// A piece that is not full after this long goes to the agent as it is, so that it sees how fast the body comes.
const PIECE_LIMIT: Duration = Duration::from_secs(2);

/// Room for a piece of a body. Aligned as flash drivers want it: others copy it to the stack first.
#[repr(align(4))]
pub struct Piece([u8; MAX_PIECE]);

impl Piece {
    /// Room for a piece.
    pub const fn new() -> Self {
        Self([0; MAX_PIECE])
    }
}

impl Default for Piece {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Board> Driver<B> {
    /// Does what `step` asks of the server and gives the agent the answer, until it wants nothing more of it.
    pub(crate) async fn exchange<T: TcpConnect, D: Dns, U>(
        &mut self,
        tls: &Tls<'static>,
        network: &Network<T, D, U>,
        piece: &mut Piece,
    ) -> Outcome {
        let name = CString::new(self.settings.server.name).unwrap_or_default();
        let mut session = match self.open(tls, network, &name, piece).await {
            Ok(session) => session,
            Err(failure) => return self.fail(failure),
        };
        self.board.feed();
        match with_timeout(ANSWER_LIMIT, self.ask(&mut session)).await {
            Err(_) => self.fail(Failure::Stalled),
            Ok(Err(failed)) => self.fail(Failure::Http(failed)),
            Ok(Ok(head)) => self.hear(&mut session, head, piece).await,
        }
    }

    fn fail(&mut self, failure: Failure) -> Outcome {
        self.tell(Input::Lost(failure.lost()));
        Outcome::Failed(failure)
    }

    async fn open<'a, 'n: 'a, T: TcpConnect, D: Dns, U>(
        &mut self,
        tls: &'a Tls<'static>,
        network: &'n Network<T, D, U>,
        name: &'a CString,
        piece: &mut Piece,
    ) -> Result<Session<'a, T::Socket<'n>>, Failure> {
        let at = network.find(&self.settings.server).await.ok_or(Failure::NoAddress)?;
        let anchors = anchors::read(&self.agent, self.board.flash(), &mut piece.0, self.settings);
        let anchors = anchors.ok_or(Failure::NoAnchors)?;
        let connected = with_timeout(CONNECT_LIMIT, network.tcp.connect(at)).await;
        let socket = connected.map_err(|_| Failure::NoConnection)?.map_err(|_| Failure::NoConnection)?;
        clock::judge_by(match self.agent.clock() {
            Clock::Set(time) => Some(time.0),
            Clock::LowerBound(_) | Clock::Unknown => None,
        });
        tls::connect(tls.reference(), socket, name, anchors, self.agent.dates()).await.map_err(Failure::Tls)
    }

    async fn ask<S: Read + Write>(&mut self, session: &mut S) -> Result<Head, http::Failed> {
        let mut text = [0; CheckIn::MAX_TEXT];
        let check_in = self.agent.check_in(&mut text).map_err(|_| http::Failed::TooLong)?;
        let request = match self.step {
            Step::Fetch { what, from } => Request::Fetch { what, from, check_in },
            _ => Request::CheckIn(check_in),
        };
        http::send(session, self.settings, request).await?;
        http::receive(session).await
    }

    async fn hear<S: Read>(&mut self, session: &mut S, head: Head, piece: &mut Piece) -> Outcome {
        let is_payload = matches!(self.step, Step::Fetch { what: Fetch::Payload { .. }, .. });
        let Head { status, from, length, retry_after, .. } = head;
        let mut step = self.tell(Input::Head { status, from, length, retry_after });
        let mut left = length.unwrap_or(0);
        let mut at = from;
        while matches!(step, Step::Read | Step::Working) {
            self.board.feed();
            if step == Step::Working {
                embassy_futures::yield_now().await;
                step = self.tell(Input::Tick);
                continue;
            }
            // The pieces of a payload end at sectors, whatever byte the first one begins at.
            let room = if is_payload { MAX_PIECE - at as usize % MAX_PIECE } else { MAX_ANSWER };
            let wanted = room.min(left as usize);
            let Some(room) = piece.0.get_mut(..wanted).filter(|room| !room.is_empty()) else {
                step = self.tell(Input::Ended);
                continue;
            };
            let read = match self.read(session, room, is_payload).await {
                Ok(read) => read,
                Err(Interrupted::ByAgent) => return Outcome::Failed(Failure::Stalled),
                Err(Interrupted::Closed) => return self.fail(Failure::Http(http::Failed::Closed)),
            };
            (at, left) = (at + read as u32, left - read as u32);
            step = self.tell(Input::Body(piece.0.get(..read).unwrap_or_default()));
        }
        if matches!(status, 200 | 206) {
            Outcome::NoUpdates
        } else {
            Outcome::Failed(Failure::Status(status))
        }
    }

    /// Reads until `room` is full, telling the agent of the time meanwhile. A payload's piece may be shorter.
    async fn read<S: Read>(
        &mut self,
        session: &mut S,
        room: &mut [u8],
        may_be_short: bool,
    ) -> Result<usize, Interrupted> {
        let mut reading = pin!(fill(session, room, may_be_short));
        loop {
            match select(&mut reading, Timer::after(TICK)).await {
                Either::First(0) => return Err(Interrupted::Closed),
                Either::First(read) => return Ok(read),
                Either::Second(()) => {
                    self.board.feed();
                    if self.tell(Input::Tick) != Step::Read {
                        return Err(Interrupted::ByAgent);
                    }
                }
            }
        }
    }
}

/// Why there is no next piece.
enum Interrupted {
    /// The agent waited long enough.
    ByAgent,
    /// The connection ended.
    Closed,
}

/// Bytes read: `room` is full, or the connection has ended and it is not, or it is slow and something came. What came
/// before an end is not lost; that of an answer without its end is.
async fn fill<S: Read>(session: &mut S, room: &mut [u8], may_be_short: bool) -> usize {
    let began = Instant::now();
    let mut filled = 0;
    while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match session.read(rest).await {
            Ok(read) if read > 0 => filled += read,
            _ => return if may_be_short { filled } else { 0 },
        }
        if may_be_short && began.elapsed() > PIECE_LIMIT {
            break;
        }
    }
    filled
}
