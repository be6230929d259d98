//! What a board or another client is given to be updated from here: the sketch of the folder `arduino/otary` in the form that was
//! asked for, or a piece of another client's configuration or program. `otary sketch` prints it, the API hands it out, the page
//! shows it: the text is one.
//!
//! - **What is made works**: no form of the sketch, and no name of the server, that a board cannot use.
//! - **Nothing in it is a secret** but what the caller put there.

mod client;
mod form;
mod head;
mod host;
mod joined;
mod text;

pub use client::{Client, Snippet};
pub use form::{Board, Ethernet, Form, Network, NoRmii};
pub use host::{Host, Unusable};
pub use text::Sketch;

use otary_fleet::Release;

/// The version that a sketch says it has unless said.
pub const FIRST_VERSION: &str = "0.1";
/// What stands in the sketch of a private product in the place of its secret.
pub const NO_SECRET: &str = "<THE-SECRET>";

/// Whether a version fits between the quotes of a C string and into a line of HTTP: 1 to [`Release::MAX_VERSION`] of letters,
/// digits and `. - + _`.
pub fn is_version(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    (1..=Release::MAX_VERSION).contains(&text.len()) && text.chars().all(plain)
}
