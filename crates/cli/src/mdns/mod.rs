//! Multicast DNS (RFC 6762): this machine answers for the server's names that end in `.local`, and announces the service
//! `_otary._tcp` (RFC 6763).
//!
//! What it promises: it speaks only on the interfaces on which the device listener listens, and on none when that is
//! loopback; whatever goes wrong with it is a line in the log and never stops a server. The protocol is mdns-sd's, which
//! answers one-shot queries to the port that they came from: the resolvers of ESP32 and ESP8266 ask so.

mod plan;
mod probe;
mod responder;

pub use plan::Plan;
pub use responder::Responder;
