//! What a device's TLS stack says of a server's certificates, without the device.
//!
//! [`judge`] is a pure function of a stack's [`Rules`] and a [`Meeting`]: what the device holds, what it is shown, under
//! which name, and what it takes for now. The [`Verdict`] has the same flags as the real library, flag for flag, the
//! number that it ends with where it has one, and for people what was found and where. [`Stack`] is a device's software
//! as people name it, with what it offers, checks and prints.
//!
//! The rules are not opinion: `tests/stacks` builds programs on Mbed TLS 2.28 and 3.6 and on BearSSL and compares, and
//! `docs/VERDICTS.md` shows the cases. Where a rule cannot be told from certificates alone (a handshake that finds no
//! common suite), it is not said here.
//!
//! Signatures are checked by the algorithms that AWS-LC has. Where a device knows one that AWS-LC lacks (MD5, SHA-224
//! other than with P-521, SHA-1 with P-384, SHA-384 with RSA below 2048 bits, the curves P-192, P-224 and Brainpool), the
//! signature counts as not made by that key: a verdict errs on the side of refusal, and none of these is issued any
//! more.

mod bearssl;
mod fault;
mod flags;
mod info;
mod mbedtls;
mod message;
mod name;
mod reading;
mod rules;
mod signature;
mod stack;

use otary_fleet::Time;

pub use fault::{Fault, Place};
pub use flags::{Flag, Flags};
pub use message::Message;
pub use rules::{Curve, Digest, Extension, Library, Pinned, Rules, Walk};
pub use stack::{Handshake, Heap, Stack, UnknownStack};

/// What a device knows, and what it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Meeting<'a> {
    /// The certificates that the device holds (DER), in their order.
    pub anchors: &'a [&'a [u8]],
    /// The server's chain (DER), its own certificate first.
    pub chain: &'a [&'a [u8]],
    /// The host as the URL has it; an IPv6 address without brackets.
    pub name: &'a str,
    /// What the device takes for now.
    pub now: Time,
}

/// What a stack makes of a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the library reports.
    pub flags: Flags,
    /// The same for people: at least one fault for every flag, in the order in which they were found.
    pub faults: Vec<Fault>,
    /// The number that the library ends with: 0 if it believes, Mbed TLS's (negative) or BearSSL's (1 to 62) if not,
    /// and none where that depends on which byte it stumbles over.
    pub number: Option<i32>,
}

impl Verdict {
    /// Whether the device goes on.
    pub fn is_ok(&self) -> bool {
        self.flags.is_empty()
    }

    /// The fault that decides which alert Mbed TLS sends, and the one to tell first (`ssl_tls.c`, in the order in which
    /// it looks at its flags).
    pub fn decisive(&self) -> Option<&Fault> {
        self.faults.iter().min_by_key(|fault| match fault.flag() {
            Flag::Parse | Flag::TooLong => 0,
            Flag::Name => 1,
            Flag::Usage => 2,
            Flag::WeakKey => 3,
            Flag::Expired => 4,
            Flag::Trust => 5,
            Flag::Future | Flag::WeakDigest => 6,
        })
    }

    fn believed() -> Self {
        Self { flags: Flags::default(), faults: Vec::new(), number: Some(0) }
    }

    /// Ended by one thing that outweighs all else.
    fn ended(flag: Flag, fault: Fault, number: Option<i32>) -> Self {
        Self { flags: flag.into(), faults: vec![fault], number }
    }
}

/// Whether a stack can read one of these anchors at least.
pub fn check_anchors(rules: &Rules, anchors: &[&[u8]]) -> Result<(), Fault> {
    match rules.walk {
        Walk::Search => mbedtls::check_anchors(rules, anchors),
        Walk::InOrder => bearssl::check_anchors(rules, anchors),
    }
}

/// Whether a stack can read what it is shown; all that one asks who believes anybody (`setInsecure`).
pub fn check_readable(rules: &Rules, chain: &[&[u8]]) -> Result<(), Fault> {
    match rules.walk {
        Walk::Search => mbedtls::check_readable(rules, chain),
        Walk::InOrder => bearssl::check_readable(rules, chain),
    }
}

/// Asks a stack: with these anchors and this clock, would it believe this chain under this name?
pub fn judge(rules: &Rules, meeting: &Meeting<'_>) -> Verdict {
    match rules.walk {
        Walk::Search => mbedtls::judge(rules, meeting),
        Walk::InOrder => bearssl::judge(rules, meeting),
    }
}
