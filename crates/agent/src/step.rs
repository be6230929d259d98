//! What goes into the agent and what comes out.

use core::fmt;

use otary_wire::Digest;

use crate::moment::Millis;

/// What has happened since the last step.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Nothing, or the time that a sleep was to last is over. While [`Step::Read`] waits, a tick at least every few
    /// seconds lets the agent give up a peer that stalls.
    Tick,
    /// The head of the answer has come.
    Head {
        /// HTTP's status.
        status: u16,
        /// The offset in the whole payload at which the body begins: 0, or what `Content-Range` says.
        from: u32,
        /// Bytes of the body, if `Content-Length` says so.
        length: Option<u32>,
        /// Seconds of `Retry-After`, if there was one.
        retry_after: Option<u32>,
    },
    /// A piece of a payload's body in order, at most [`MAX_PIECE`] bytes; or the whole body of a check-in's answer or of an
    /// anchor, at most [`MAX_ANSWER`].
    Body(&'a [u8]),
    /// The body has ended as HTTP ends it.
    Ended,
    /// The exchange has failed.
    Lost(Lost),
    /// What the application's self-test found.
    SelfTest(bool),
}

/// The most bytes of a piece of a payload's body: what one sector holds.
pub const MAX_PIECE: usize = 4096;
/// The most bytes of a check-in's answer, and of an anchor.
pub const MAX_ANSWER: usize = otary_wire::Offer::MAX_LEN;

/// Why an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// No network, or no address for the server's name.
    NoAddress,
    /// Nobody accepts the connection.
    Refused,
    /// The TLS handshake failed.
    Handshake {
        /// Whether the certificate's dates were the only fault: Mbed TLS's flags are 1 (expired) or 0x200 (not yet valid)
        /// and nothing else.
        dates_only: bool,
    },
    /// The peer says nothing any more.
    Stalled,
    /// The connection ended inside the exchange.
    Closed,
}

/// What to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// A payload: `GET /artifact/{digest}`, with `Range: bytes=N-` where it is not wanted from its beginning.
    Payload {
        /// SHA-256 of the coded payload.
        digest: Digest,
    },
    /// A trust anchor: `GET /anchor/{digest}`.
    Anchor {
        /// SHA-256 of its DER.
        digest: Digest,
    },
}

/// The path of the request.
impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (folder, digest) = match self {
            Self::Payload { digest } => ("artifact", digest),
            Self::Anchor { digest } => ("anchor", digest),
        };
        write!(f, "/{folder}/")?;
        digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What the driver does next. A connection is kept only through [`Step::Read`] and [`Step::Working`]; any other step ends
/// the exchange, and what was not read of it is thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Connect with [`Agent::anchors`](crate::Agent::anchors) and [`Agent::dates`](crate::Agent::dates), send
    /// [`Agent::check_in`](crate::Agent::check_in), and give the answer: [`Input::Head`], [`Input::Body`] with the whole body.
    CheckIn,
    /// Connect alike and ask for `what` from this offset on. Send [`Agent::check_in`](crate::Agent::check_in) as well: a
    /// server gives a private product's payload to the device that the check-in names, and notes whose download it was.
    Fetch {
        /// What to ask for.
        what: Fetch,
        /// The first byte that is wanted.
        from: u32,
    },
    /// Give the next input of this exchange.
    Read,
    /// There is more to do in flash: call again with [`Input::Tick`], feeding the watchdog between.
    Working,
    /// Let the application test itself and give [`Input::SelfTest`].
    SelfTest,
    /// Nothing to do before this time.
    Sleep {
        /// Uptime at which to give [`Input::Tick`].
        until: Millis,
    },
    /// Restart the chip.
    Restart,
}
