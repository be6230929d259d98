//! What goes wrong on the way from the server.

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The connection ends.
    Cut,
    /// Nothing more comes, and the connection stays.
    Stall,
    /// One bit arrives as the other.
    Corrupt,
}

/// One thing that goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hitch {
    /// At this byte of a payload.
    Payload {
        /// Offset in the payload.
        at: u32,
        /// What happens there.
        trouble: Trouble,
    },
    /// At this byte of the answer to a check-in. An answer that is shorter goes through.
    Answer {
        /// Offset in the body.
        at: u32,
        /// What happens there.
        trouble: Trouble,
    },
}

impl Hitch {
    /// Breaks the link `losses` times in a payload, at places that lie evenly and on no boundary.
    pub(super) fn losses(image_len: u32, losses: u32) -> Vec<Self> {
        let stride = image_len / (losses + 1);
        (1..=losses).map(|n| Self::Payload { at: (n * stride) | 1, trouble: Trouble::Cut }).collect()
    }

    pub(super) const fn parts(self) -> (bool, u32, Trouble) {
        match self {
            Self::Payload { at, trouble } => (true, at, trouble),
            Self::Answer { at, trouble } => (false, at, trouble),
        }
    }
}
