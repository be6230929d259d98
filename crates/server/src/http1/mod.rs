//! HTTP/1 as the device listeners speak it: requests with small bodies or none, answers of known length.
//!
//! Not hyper, which serves the operators, for three measured reasons: a connection that waits holds no buffer here (hyper
//! keeps 8 KiB); a request is read where TLS decrypted it, without a map of its header fields (a third of the processor
//! time of a "no update"); and the end of a transfer is known to the byte. Heads are parsed by `httparse`, hyper's
//! own parser.
//!
//! - A request head has a bounded size, number of fields and time (431, 400, or the connection is closed).
//! - A body is read for the few requests that take one. Another request that announces one is answered and its connection
//!   closed.
//! - HTTP/1.0 is answered in HTTP/1.0, with `Connection: close` and `Content-Length`. Nothing is ever chunked or encoded.
//! - Head and first bytes of an answer go out in one write.

mod body;
mod head;
mod lazy;
mod reply;
mod session;
mod transfer;

#[cfg(test)]
pub(crate) use head::read;
pub(crate) use head::{Head, Method};
pub(crate) use lazy::Lazy;
pub(crate) use reply::{Reply, Status};
pub(crate) use session::{Handler, Rules, serve};
pub(crate) use transfer::Transfer;
