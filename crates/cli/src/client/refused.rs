//! What the operator interface refuses, as an error with its advice.

use anyhow::anyhow;
use http::response::Parts;
use otary_server::operator::{PrivateCause, ProblemDocument};

use crate::advice::advised;

/// The error of an answer that is a problem.
pub(super) fn error(parts: &Parts, body: &[u8]) -> anyhow::Error {
    match serde_json::from_slice::<ProblemDocument>(body) {
        Ok(problem) => {
            // In this process there is no log that would say why: the cause itself does.
            if let Some(PrivateCause(cause)) = parts.extensions.get() {
                return anyhow!("{}: {cause}", problem.detail);
            }
            let error = anyhow!(problem.detail);
            match problem.help {
                Some(help) => advised(error, help),
                None => error,
            }
        }
        Err(_) => advised(
            anyhow!("the answer is {} and nothing that otary says", parts.status),
            "is this the operator listener (port 3444 unless set)?",
        ),
    }
}
