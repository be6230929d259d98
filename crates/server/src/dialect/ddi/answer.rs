//! Answers as JSON: what was asked for, or what is wrong in hawkBit's form of an error.

use serde::Serialize;

use super::links::Links;
use crate::http1::{Reply, Status};

/// The challenges for both of the protocol's schemes (RFC 9110, section 11.6.1).
const CHALLENGE: &str = "TargetToken realm=\"otary\", GatewayToken realm=\"otary\"";

/// Why a request is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nothing was shown that proves anything.
    NotAuthenticated,
    /// Less was shown than is called for.
    NotAllowed,
    /// Nothing is under this path.
    NoResource,
    /// The device is not on record.
    NoDevice,
    /// It has no such action, or none in such a state.
    NoAction,
    /// The action is over.
    Over,
    /// The action is not being cancelled.
    NotCancelling,
    /// The body is no JSON of the form that is called for.
    NotReadable,
    /// The body is no JSON.
    NotJson,
    /// An attribute is too long.
    TooLong,
    /// There are too many attributes.
    TooMany,
    /// The store failed.
    Failed,
}

/// hawkBit's form of an error, as far as clients look at it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    error_code: &'static str,
    message: &'static str,
}

impl Problem {
    /// The status, a word that stays the same, and a sentence.
    const fn said(self) -> (Status, &'static str, &'static str) {
        match self {
            Self::NotAuthenticated => (
                Status::Unauthorized,
                "unauthenticated",
                "A token of the device's own or of its product's is needed.",
            ),
            Self::NotAllowed => (Status::Forbidden, "not-allowed", "The action began with a stronger proof."),
            Self::NoResource => (Status::NotFound, "no-resource", "There is nothing here."),
            Self::NoDevice => (Status::NotFound, "no-device", "There is no such device."),
            Self::NoAction => (Status::NotFound, "no-action", "The device has no such action."),
            Self::Over => (Status::Gone, "over", "The action is over."),
            Self::NotCancelling => {
                (Status::MethodNotAllowed, "not-cancelling", "The action is not being cancelled.")
            }
            Self::NotReadable => {
                (Status::BadRequest, "not-readable", "The body lacks something, or says it wrongly.")
            }
            Self::NotJson => (Status::UnsupportedMediaType, "not-json", "The body is to be JSON."),
            Self::TooLong => (
                Status::BadRequest,
                "attribute-too-long",
                "A key has 1 to 128 characters, a value up to 128.",
            ),
            Self::TooMany => {
                (Status::Forbidden, "too-many-attributes", "A device has at most 100 attributes.")
            }
            Self::Failed => (Status::InternalError, "failed", "Something went wrong here."),
        }
    }
}

/// What is answered to a request that is not carried out.
pub(super) fn problem(problem: Problem) -> Reply {
    let (status, error_code, message) = problem.said();
    let reply = json(&Body { error_code, message }, "application/json").with_status(status);
    if status == Status::Unauthorized { reply.field("WWW-Authenticate", CHALLENGE) } else { reply }
}

/// What was asked for.
pub(super) fn shown(body: &impl Serialize, links: &Links) -> Reply {
    json(body, if links.hal { "application/hal+json" } else { "application/json" })
}

fn json(body: &impl Serialize, content_type: &str) -> Reply {
    match serde_json::to_vec(body) {
        Ok(bytes) => Reply::file(content_type, bytes),
        Err(_) => Reply::empty(Status::InternalError),
    }
}
