//! Keeps a name on this machine's address at a dynamic-DNS provider, by the dyndns2 protocol that No-IP, Dyn and others
//! speak.
//!
//! What it promises:
//!
//! - **Nothing is sent when nothing changed**, also after a restart: what the provider knows is remembered in the data
//!   directory.
//! - **A refusal is final** (a wrong password, an unknown name, a block for abuse) until the settings or the password
//!   file change; a provider in trouble is given the time that its documentation asks for.
//! - **The password goes to the provider alone**: over TLS, after its certificate was checked, out of a file that
//!   nobody else may read; no log line, URL or error has it.
//!
//! What is decided ([`plan`]) and what an answer means ([`answer`]) are pure; [`keeper`] touches the world.

mod account;
mod address;
mod answer;
mod endpoint;
mod https;
mod keeper;
mod memory;
mod plan;
mod request;

pub use account::Account;
pub use answer::Answer;
pub use keeper::{Keeper, Keeping, Outcome};
