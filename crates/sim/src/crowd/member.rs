//! One board of a crowd, while it is not asking.

use std::sync::Arc;

use otary_fleet::Md5;
use otary_image::App;

use super::tally::Fate;
use crate::board::Identity;
use crate::http_update::{Code, HttpUpdate};
use crate::sample;
use crate::sketch::Poll;

/// What a board runs, as it tells the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) image_len: u32,
    pub(super) md5: Md5,
    pub(super) reported_digest: [u8; 32],
    pub(super) version: Option<String>,
}

impl Build {
    /// The build of an app; `otherwise` is its version if it does not say it itself.
    pub(super) fn of(app: &App<'_>, otherwise: Option<&str>) -> Self {
        let image = app.image();
        Self {
            image_len: app.image_len(),
            md5: Md5::of(image),
            reported_digest: app.reported_digest(),
            version: sample::version(image).or(otherwise).map(str::to_owned),
        }
    }
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) identity: Identity,
    pub(super) build: Arc<Build>,
    /// What the update library remembers until the next restart.
    pub(super) client: HttpUpdate,
    pub(super) polls: u32,
    updated: bool,
    fate: Fate,
}

impl Member {
    pub(super) fn new(identity: Identity, build: Arc<Build>) -> Self {
        let client = HttpUpdate::default();
        Self { identity, build, client, polls: 0, updated: false, fate: Fate::Waiting }
    }

    /// What became of the board so far.
    pub(super) const fn fate(&self) -> Fate {
        self.fate
    }

    /// Takes note of a poll. After an update the board has restarted.
    pub(super) fn note(&mut self, poll: &Poll) {
        self.polls += 1;
        if matches!(poll, Poll::Updated { .. }) {
            self.client = HttpUpdate::default();
            self.updated = true;
        }
        self.fate = match poll {
            Poll::NoUpdate { .. } if self.updated => Fate::Updated,
            Poll::NoUpdate { .. } => Fate::Current,
            Poll::Updated { .. } | Poll::NoTime => Fate::Waiting,
            Poll::Failed { code, .. } if is_refusal(*code) => Fate::Refused,
            Poll::Failed { .. } => Fate::Failed,
        };
    }
}

/// Whether the server has answered, with something that is neither an image nor "no update".
fn is_refusal(code: Code) -> bool {
    [Code::SERVER_FILE_NOT_FOUND, Code::SERVER_FORBIDDEN, Code::SERVER_WRONG_HTTP_CODE].contains(&code)
}
