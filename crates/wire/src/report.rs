//! The report: what became of the last attempt, said again in each check-in until one was answered.

use crate::cbor::{Reader, Writer, present};
use crate::{Cause, Digest, Error};

/// What became of an attempt to install a release, or to take over a trust set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report<'a> {
    /// The release's number; of a refused trust set, the root record's version.
    pub release: u32,
    /// The SHA-256 of the payload as it was to be in flash, if the attempt came so far as to name one.
    pub payload: Option<&'a Digest>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, if it did not end well.
    pub cause: Option<Cause>,
    /// How many attempts there were so far.
    pub tries: u8,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The new build runs and has reached the server.
    Installed,
    /// Nothing was changed.
    Refused,
    /// The new build was started, and the old one runs again.
    RolledBack,
    /// The new trust set did not work, and the former one is in use.
    TrustSetRefused,
}

impl Outcome {
    const fn code(self) -> u8 {
        match self {
            Self::Installed => 0,
            Self::Refused => 1,
            Self::RolledBack => 2,
            Self::TrustSetRefused => 3,
        }
    }

    const fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Installed,
            1 => Self::Refused,
            2 => Self::RolledBack,
            _ => Self::TrustSetRefused,
        }
    }
}

impl<'a> Report<'a> {
    /// The most bytes of a report.
    pub const MAX_LEN: usize = 64;

    /// Writes the report to `out`; gives what was written.
    pub fn encode<'w>(&self, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads a report.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, Self::MAX_LEN);
        let report = Self::read(&mut reader);
        reader.finish(report)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        let optional = present([self.payload.is_some(), self.cause.is_some()]);
        writer.map(optional.saturating_add(3));
        writer.key(0).uint(self.release);
        if let Some(payload) = self.payload {
            writer.key(1).bytes(payload);
        }
        writer.key(2).uint(self.outcome.code());
        if let Some(cause) = self.cause {
            writer.key(3).uint(cause.code());
        }
        writer.key(4).uint(self.tries);
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Self {
        let mut map = reader.map();
        let report = Self {
            release: map.required(0).u32(),
            payload: map.optional(1).map(Reader::array),
            outcome: Outcome::from_code(map.required(2).within(0, 3)),
            cause: map.optional(3).map(Reader::u8).map(Cause::from_code),
            tries: map.required(4).u8(),
        };
        map.end();
        report
    }
}
