//! The tutorial's sketch, as far as a server and a serial monitor can tell.

use std::time::Duration;

use crate::clock::Ntp;
use crate::http_update::{Code, Core};
use crate::link::{ConnectError, Link};
use crate::sample;
use crate::tls::{Anchors, Trust};

/// Between two polls, and once more after a failure.
pub(crate) const POLL_DELAY: Duration = Duration::from_secs(10);
/// Between the result `HTTP_UPDATE_OK` and the restart.
pub(crate) const RESTART_DELAY: Duration = Duration::from_secs(1);
/// Between two looks whether the clock is set.
pub(crate) const CLOCK_DELAY: Duration = Duration::from_millis(500);
/// Looks at the clock until a poll counts as [`Poll::NoTime`].
pub(crate) const CLOCK_TRIES: u32 = 20;

/// What is compiled into a sketch, apart from its version, which comes with each image.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// The core that it is built with.
    pub core: Core,
    /// Where it asks for updates.
    pub url: String,
    /// How it gets there.
    pub link: Link,
    /// Where it gets the time from.
    pub ntp: Ntp,
    /// Whether the URL and the certificates that a sample image carries take the place of these here: an update then
    /// changes where the board asks and whom it trusts, as on a device.
    pub follows_image: bool,
}

impl Sketch {
    /// A sketch on core 3.x with this URL and this trust; names are found and the time is told by this computer.
    pub fn new(url: &str, trust: Trust) -> Self {
        Self {
            core: Core::V3,
            url: url.to_owned(),
            link: Link::new(trust),
            ntp: Ntp::Host,
            follows_image: false,
        }
    }

    /// A sketch as each sample image carries it, with [`sample::app_with`]: nowhere to ask and nobody to trust besides.
    pub fn in_samples() -> Self {
        Self { follows_image: true, ..Self::new("", Trust::Unset) }
    }

    /// The same on another core, with the TLS library that it comes with.
    #[must_use]
    pub fn with_core(mut self, core: Core) -> Self {
        self.core = core;
        self.link.stack = core.stack();
        self
    }

    /// The sketch that runs once this image is started. Certificates that no stack could read trust nobody.
    pub(crate) fn started_from(&self, image: &[u8]) -> Self {
        let mut sketch = self.clone();
        if let Some(own) = sample::settings(image).filter(|_| self.follows_image) {
            own.url.clone_into(&mut sketch.url);
            sketch.link.trust =
                Anchors::from_pem(own.anchors.as_bytes()).map_or(Trust::Unset, Trust::Anchors);
        }
        sketch
    }
}

/// What came of a poll.
#[derive(Debug)]
pub enum Poll {
    /// The server has nothing newer.
    NoUpdate {
        /// The version that the board runs.
        version: Option<String>,
    },
    /// An image was written, checked and chosen. The board restarts next.
    Updated {
        /// The version that the board ran until now.
        from: Option<String>,
    },
    /// `HTTP_UPDATE_FAILED`.
    Failed {
        /// What the sketch prints.
        code: Code,
        /// Why there was no connection, if that is what failed. The sketch cannot know.
        cause: Option<ConnectError>,
    },
    /// The sketch still waits for the time, as the tutorial's does for ever: it never asks the server.
    NoTime,
}

/// When a board is turned off again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After this many polls.
    Polls(u32),
    /// Once there is no update, but after this many polls at the latest.
    NoUpdate {
        /// The most polls.
        at_most: u32,
    },
}

impl Until {
    pub(crate) fn is_reached(self, polls: &[Poll]) -> bool {
        let count = u32::try_from(polls.len()).unwrap_or(u32::MAX);
        match self {
            Self::Polls(most) => count >= most,
            Self::NoUpdate { at_most } => {
                count >= at_most || matches!(polls.last(), Some(Poll::NoUpdate { .. }))
            }
        }
    }
}
