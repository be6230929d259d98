//! What the firmware tells the agent of itself.

use otary_wire::Identity;

use crate::layout::Layout;
use crate::moment::Millis;

/// The firmware and its board.
#[derive(Debug, Clone, Copy)]
pub struct Config<'a> {
    /// Product, hardware, chip and address.
    pub identity: Identity<'a>,
    /// The firmware's version text, at most [`otary_wire::MAX_VERSION`] bytes.
    pub version: Option<&'a str>,
    /// The release number that this firmware was built as; 0 in one that was not released.
    pub release: u32,
    /// The signed root record that this firmware was built with.
    pub root: &'a [u8],
    /// Where things lie in flash.
    pub layout: Layout,
    /// The slot that this firmware runs from, 0 or 1.
    pub running: u8,
    /// How patient the agent is.
    pub policy: Policy,
}

/// How patient the agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Between two check-ins, where the server says nothing else.
    pub poll: Millis,
    /// How often a new image is started without being confirmed.
    pub boots: u8,
    /// How long after a start a new image has to reach the server.
    pub confirm_within: Millis,
    /// How long an exchange of a check-in or an anchor may take, with connecting.
    pub answer_within: Millis,
    /// The fewest bytes of a payload in each `slowest_span`.
    pub slowest_bytes: u32,
    /// See `slowest_bytes`.
    pub slowest_span: Millis,
    /// The shortest wait after a failure.
    pub backoff_min: Millis,
    /// The longest wait after failures.
    pub backoff_max: Millis,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            poll: Millis::from_secs(6 * 60 * 60),
            boots: 3,
            confirm_within: Millis::from_secs(30 * 60),
            answer_within: Millis::from_secs(60),
            slowest_bytes: 1024,
            slowest_span: Millis::from_secs(30),
            backoff_min: Millis::from_secs(5),
            backoff_max: Millis::from_secs(60 * 60),
        }
    }
}
