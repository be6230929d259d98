//! A server of the time (SNTP, RFC 4330) for networks without another: an ESP8266 trusts no certificate before it knows
//! the date.
//!
//! What it promises:
//!
//! - **It never tells a time that it does not trust.** A clock that something on record contradicts, or that nothing
//!   synchronises, is not told at all, unless the operator says that the machine's own clock is good.
//! - **It cannot be made to shout.** An answer is never longer than the question, goes only to questions, and an
//!   address gets few of them.
//!
//! Why silence and not "unsynchronised": RFC 4330 (section 6) lets a server answer with the alarm in the leap indicator, or
//! with a kiss-o'-death (section 8), and both still carry timestamps. Small clients read those and nothing else: lwIP's, which
//! the ESP cores have, does not look at the leap indicator. Silence makes every client take its next server.

mod clock;
mod gate;
mod packet;
mod server;

pub use server::{Server, Telling};
