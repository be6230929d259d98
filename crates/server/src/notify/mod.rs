//! Notices carried to who wants them: by webhooks and by mail.
//!
//! What is worth telling is decided in `otary_fleet::notice`; here it is put into bytes and handed over once. When and how often
//! that is tried is the operator's part (`operator::notices`).
//!
//! - A webhook is signed by the scheme of Standard Webhooks, so that its receiver can tell who speaks, that nothing was changed,
//!   and that it is not played again.
//! - Where a webhook leads is checked where it is connected ([`fetch`](crate::fetch)): whoever may name a URL cannot reach what
//!   only this machine can reach. No redirect is followed.
//! - Secrets are in no log, no error and no answer.

mod mail;
mod payload;
mod signature;
mod webhook;

pub use mail::{MailError, MailRules, Mailer, Security};
pub(crate) use payload::payload;
pub use signature::{SigningKey, SigningKeyError};
pub(crate) use webhook::deliver;
