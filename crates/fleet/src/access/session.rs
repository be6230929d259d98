//! Sessions: one sign-in each, in one browser.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Sha256, Time};

/// One sign-in, without the secret itself: 256 random bits of which only the digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// SHA-256 of the secret's text.
    pub hash: Sha256,
    /// Whose account it is.
    pub account: String,
    /// When the person signed in.
    pub created: Time,
    /// When something was last asked under it, to some minutes.
    pub last_seen: Time,
    /// When it ends, whatever is asked.
    pub ends: Time,
    /// From where the person signed in.
    pub from: IpAddr,
}

impl Session {
    /// A session that nothing was asked under for so long has ended.
    pub const IDLE: Duration = Duration::from_hours(12);
    /// No session lasts longer.
    pub const LONGEST: Duration = Duration::from_hours(7 * 24);

    /// Whether it has ended.
    pub fn has_ended(&self, now: Time) -> bool {
        self.ends <= now || now.since(self.last_seen) >= Self::IDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_unused_after_half_a_day_and_after_a_week_at_most() {
        let created = Time::from_secs(1_795_000_000);
        let mut session = Session {
            hash: Sha256::of(b"secret"),
            account: "lena".into(),
            created,
            last_seen: created,
            ends: created + Session::LONGEST,
            from: [192, 168, 1, 9].into(),
        };
        assert!(!session.has_ended(created + Duration::from_hours(11)));
        assert!(session.has_ended(created + Duration::from_hours(12)));
        session.last_seen = created + Duration::from_hours(7 * 24 - 1);
        assert!(!session.has_ended(session.last_seen));
        assert!(session.has_ended(created + Session::LONGEST));
    }
}
