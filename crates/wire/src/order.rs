//! The order: what one device is to do now, signed by the server's online key over the device's own nonce.
//!
//! It makes an answer fresh: a recorded one has another nonce. It decides nothing about what may be installed, which is the
//! manifest's part, so a stolen order key can hold a device back and do no more.

use crate::cbor::{Reader, Writer, present};
use crate::{Digest, Error, UnixSeconds};

/// What an order says, once it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<'a> {
    /// The nonce of the check-in that it answers.
    pub nonce: [u8; 16],
    /// The server's time.
    pub time: UnixSeconds,
    /// The MAC address of the device that it is for.
    pub device: [u8; 6],
    /// What to do.
    pub action: Action<'a>,
    /// When to ask again, in seconds. A device has a bound of its own, or whoever steals the key could send it to sleep.
    pub poll_after: u32,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Nothing.
    Wait,
    /// Install what the manifest says whose signed bytes have this SHA-256.
    Install(&'a Digest),
}

impl<'a> Order<'a> {
    /// The most bytes of a signed order.
    pub const MAX_LEN: usize = 256;

    /// Writes the payload, without its signature, to `out`; gives what was written.
    pub fn encode<'w>(&self, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
        let mut writer = Writer::new(out);
        let manifest = match self.action {
            Action::Wait => None,
            Action::Install(manifest) => Some(manifest),
        };
        let install = present([manifest.is_some()]);
        writer.map(install.saturating_add(5));
        writer.key(0).bytes(&self.nonce);
        writer.key(1).uint(self.time.0);
        writer.key(2).bytes(&self.device);
        writer.key(3).uint(install);
        if let Some(manifest) = manifest {
            writer.key(4).bytes(manifest);
        }
        writer.key(5).uint(self.poll_after);
        writer.finish()
    }

    /// Reads a payload. It says nothing about who signed it: what a device trusts comes from
    /// [`verify`](crate::verify).
    // Not inlined: a chip's code would copy each field of the result by itself.
    #[inline(never)]
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(payload, Self::MAX_LEN);
        let mut map = reader.map();
        let nonce = *map.required(0).array();
        let time = UnixSeconds(map.required(1).u64());
        let device = *map.required(2).array();
        let action = match map.required(3).within(0, 1) {
            0 => Action::Wait,
            _ => Action::Install(map.required(4).array()),
        };
        let poll_after = map.required(5).u32();
        map.end();
        reader.finish(Self { nonce, time, device, action, poll_after })
    }
}
