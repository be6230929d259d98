//! What is measured: the six kinds of traffic, and the part of nginx's processor time that each may take.

/// The key of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    P256,
    Rsa2048,
}

impl Key {
    pub const ALL: [Self; 2] = [Self::P256, Self::Rsa2048];

    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::Rsa2048 => "rsa2048",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Tls12,
    Tls13,
}

/// What one request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// A check-in that is answered 304, on a connection that stays open.
    Kept,
    /// The same on a connection of its own, as the Arduino libraries do it.
    Fresh,
    /// The whole image, on a connection that stays open.
    Image,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    pub key: Key,
    pub version: Version,
    pub load: Load,
    /// Requests in one run: some tenths of a second of nginx's time.
    pub requests: u32,
    /// otary's processor time as a part of nginx's, to reach.
    pub goal: f64,
}

pub const CASES: [Case; 6] = [
    Case {
        name: "304, kept connection",
        key: Key::P256,
        version: Version::Tls12,
        load: Load::Kept,
        requests: 40_000,
        goal: 0.90,
    },
    Case {
        name: "image of 1.3 MB",
        key: Key::P256,
        version: Version::Tls12,
        load: Load::Image,
        requests: 400,
        goal: 0.85,
    },
    Case {
        name: "304, fresh TLS 1.2, P-256",
        key: Key::P256,
        version: Version::Tls12,
        load: Load::Fresh,
        requests: 2_000,
        goal: 0.65,
    },
    Case {
        name: "304, fresh TLS 1.3, P-256",
        key: Key::P256,
        version: Version::Tls13,
        load: Load::Fresh,
        requests: 2_000,
        goal: 0.65,
    },
    Case {
        name: "304, fresh TLS 1.2, RSA-2048",
        key: Key::Rsa2048,
        version: Version::Tls12,
        load: Load::Fresh,
        requests: 1_000,
        goal: 0.95,
    },
    Case {
        name: "304, fresh TLS 1.3, RSA-2048",
        key: Key::Rsa2048,
        version: Version::Tls13,
        load: Load::Fresh,
        requests: 1_000,
        goal: 0.95,
    },
];

/// KiB of resident memory for a connection that is open and silent.
pub const IDLE_CONNECTION_GOAL: f64 = 18.0;
/// KiB of resident memory for a connection whose reader takes the image slowly.
pub const SLOW_DOWNLOAD_GOAL: f64 = 32.0;
