//! Names: the board's stub resolver, and a small name server for a demo or a test.

mod resolver;
mod responder;

pub use resolver::{DnsError, Resolver};
pub use responder::Responder;
