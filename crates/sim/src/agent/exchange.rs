//! One request and its answer: a connection that lives until the agent has heard enough.

use std::time::Duration;

use embedded_storage::nor_flash::NorFlash;
use otary_agent::wire::{CheckIn, Clock};
use otary_agent::{Anchors, Dates, Fetch, Input, Lost, MAX_ANSWER, MAX_PIECE, Step};
use otary_fleet::Time;

use super::device::{Device, Heard};
use super::http::{self, Head, Request};
use crate::http_update::Code;
use crate::link::{Arrival, ConnectError, Connection, Link};
use crate::tls::{self, Trust};

/// While nothing comes, the agent is told of the time this often.
const TICK: Duration = Duration::from_secs(1);

impl<F: NorFlash> Device<'_, '_, F> {
    /// Does what the step asks of the server and gives the agent the answer, until it wants nothing more of it.
    pub(super) fn exchange(&mut self) -> Heard {
        let (link, now) = self.link();
        let mut connection = match link.connect(self.url, now) {
            Ok(connection) => connection,
            Err(cause) => {
                self.tell(Input::Lost(lost(&cause)));
                return Heard::Failure { code: Code::CONNECTION_REFUSED, cause: Some(cause) };
            }
        };
        match self.ask(&mut connection, &link) {
            Ok(head) => self.hear(&mut connection, head),
            Err(code) => {
                let lost = if code == Code::READ_TIMEOUT { Lost::Stalled } else { Lost::Closed };
                self.tell(Input::Lost(lost));
                Heard::Failure { code, cause: None }
            }
        }
    }

    /// The link with the anchors and the clock that the agent names.
    fn link(&mut self) -> (Link, Time) {
        let (mut link, mut stored) = (self.app.link.clone(), Vec::new());
        let visit = |der: &[u8]| stored.push(der.to_vec());
        match self.agent.anchors(self.flash, &mut [0; MAX_ANSWER], visit) {
            Ok(Anchors::CompiledIn) => {}
            Ok(Anchors::Stored) => link.trust = Trust::Anchors(tls::Anchors::from_der(stored)),
            Err(_) => link.trust = Trust::Unset,
        }
        link.check_dates = self.agent.dates() == Dates::Enforce;
        let now = match self.agent.clock() {
            Clock::Set(time) => Time::from_secs(time.0),
            Clock::LowerBound(_) | Clock::Unknown => Time::default(),
        };
        (link, now)
    }

    fn ask(&mut self, connection: &mut Connection, link: &Link) -> Result<Head, Code> {
        let mut text = [0; CheckIn::MAX_TEXT];
        let words = self.agent.check_in(&mut text).map_err(|_| Code::SEND_HEADER_FAILED)?;
        let request = match self.step {
            Step::Fetch { what, from } => Request::Fetch(what, from, words),
            _ => Request::CheckIn(words),
        };
        connection.send(request.render(self.url).as_bytes()).map_err(|_| Code::SEND_HEADER_FAILED)?;
        http::receive(connection, link.timeouts.response)
    }

    fn hear(&mut self, connection: &mut Connection, head: Head) -> Heard {
        let Head { status, from, length, retry_after } = head;
        let is_payload = matches!(self.step, Step::Fetch { what: Fetch::Payload { .. }, .. });
        let mut body = Body::new(is_payload, from, length.unwrap_or(0));
        let mut step = self.tell(Input::Head { status, from, length, retry_after });
        while matches!(step, Step::Read | Step::Working) && !self.power.pace.stop().is_stopped() {
            step = match step {
                Step::Read => match body.next(connection) {
                    Next::Piece(piece) => self.tell(Input::Body(piece)),
                    Next::Nothing => self.tell(Input::Tick),
                    Next::Ended => self.tell(Input::Ended),
                    Next::Closed => {
                        self.tell(Input::Lost(Lost::Closed));
                        return Heard::Failure { code: Code::CONNECTION_LOST, cause: None };
                    }
                },
                _ => self.tell(Input::Tick),
            };
        }
        match status {
            200 | 206 => Heard::Answer,
            404 => Heard::Failure { code: Code::SERVER_FILE_NOT_FOUND, cause: None },
            403 => Heard::Failure { code: Code::SERVER_FORBIDDEN, cause: None },
            _ => Heard::Failure { code: Code::SERVER_WRONG_HTTP_CODE, cause: None },
        }
    }
}

/// What the agent is told of a connection that did not come about.
fn lost(cause: &ConnectError) -> Lost {
    match cause {
        ConnectError::Lookup { .. } => Lost::NoAddress,
        ConnectError::Tcp { .. } => Lost::Refused,
        cause => Lost::Handshake { dates_only: cause.is_by_dates_alone() },
    }
}

/// A body on its way: a payload in pieces that end at sectors, anything else whole.
struct Body {
    is_payload: bool,
    at: u32,
    left: u32,
    buffer: Box<[u8; MAX_PIECE]>,
    filled: usize,
}

enum Next<'a> {
    Piece(&'a [u8]),
    /// Nothing yet.
    Nothing,
    /// The body is over.
    Ended,
    /// The connection is over, and the body is not.
    Closed,
}

impl Body {
    fn new(is_payload: bool, at: u32, left: u32) -> Self {
        Self { is_payload, at, left, buffer: Box::new([0; MAX_PIECE]), filled: 0 }
    }

    /// Bytes of the next piece.
    fn wanted(&self) -> usize {
        let to_sector = MAX_PIECE - self.at as usize % MAX_PIECE;
        let room = if self.is_payload { to_sector } else { MAX_ANSWER };
        room.min(self.left as usize)
    }

    /// Reads on. What of a payload came before a wait or an end is not lost.
    fn next(&mut self, connection: &mut Connection) -> Next<'_> {
        let wanted = self.wanted();
        if wanted == 0 {
            return Next::Ended;
        }
        let nothing = loop {
            let Some(room) = self.buffer.get_mut(self.filled..wanted).filter(|room| !room.is_empty()) else {
                return self.take();
            };
            match connection.read(room, TICK) {
                Arrival::Bytes(len) => self.filled += len,
                Arrival::Nothing => break Next::Nothing,
                Arrival::Closed => break Next::Closed,
            }
        };
        if self.is_payload && self.filled > 0 { self.take() } else { nothing }
    }

    fn take(&mut self) -> Next<'_> {
        let len = std::mem::take(&mut self.filled);
        let taken = u32::try_from(len).unwrap_or(u32::MAX);
        (self.at, self.left) = (self.at.saturating_add(taken), self.left.saturating_sub(taken));
        Next::Piece(self.buffer.get(..len).unwrap_or_default())
    }
}
