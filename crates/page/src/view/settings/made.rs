//! A secret that was just made, on the page that answers the form: the only time that it is shown.

use askama::Template;

use crate::frame::Frame;

/// What was made, and its secret.
#[derive(Template)]
#[template(path = "secret.html")]
pub(super) struct Made {
    pub(super) frame: Frame,
    /// What it is called.
    pub(super) name: String,
    /// What it is for; the name stands before it.
    pub(super) said: String,
    /// The secret.
    pub(super) secret: String,
    /// What to do with the secret; a sentence without a full stop.
    pub(super) use_of_it: &'static str,
    /// What comes next, and where it is.
    pub(super) next: (&'static str, String),
}
