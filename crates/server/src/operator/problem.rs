//! The one error of the operator interface: a stable code, a sentence for people, what to do about it, and a cause
//! that only the log and this process see. Over HTTP it is problem JSON (RFC 9457) with the members `code` and `help` besides,
//! and `risks` where a release is refused for them.

use std::error::Error;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use otary_store::StoreError;
use serde::{Deserialize, Serialize};

use super::review::FileRisk;

/// The media type of a problem document (RFC 9457, section 3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not carried out. Nothing is half done then.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    help: Option<String>,
    risks: Box<[FileRisk]>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The private cause of a problem, as an extension of its response: whoever is served in this process reads it, and
/// nothing of it goes over a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateCause(pub String);

/// A problem as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProblemDocument {
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What programs may rely on: lower case, words joined by `-`.
    #[schemars(extend("enum" = super::codes::CODES))]
    pub code: String,
    /// One sentence for people, without a full stop.
    pub detail: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The risks of a release that were not accepted; `detail` and `help` say the same in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<FileRisk>,
}

impl Problem {
    /// A problem with this status, code and sentence.
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let (detail, risks) = (detail.into(), Box::default());
        Self { status, code, detail, help: None, risks, retry_after: None, cause: None }
    }

    /// Something named in the request is not there.
    pub(super) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// The request makes no sense as it stands.
    pub(super) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// What is there stands against it.
    pub(super) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// otary failed, not the request; the cause goes to the log alone.
    pub(super) fn internal(
        code: &'static str,
        detail: impl Into<String>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, detail);
        Self { cause: Some(cause.into()), ..problem }.help("the server's log says why")
    }

    /// Adds what to do about it.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Adds the risks that it is about.
    pub(super) fn risks(self, risks: Vec<FileRisk>) -> Self {
        Self { risks: risks.into(), ..self }
    }

    /// Adds when to try again.
    pub(super) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The code that programs may rely on.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    fn document(&self) -> ProblemDocument {
        ProblemDocument {
            title: self.status.canonical_reason().unwrap_or_default().to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            help: self.help.clone(),
            risks: self.risks.to_vec(),
        }
    }

    /// The cause and its own causes, in one line.
    fn causes(&self) -> Option<String> {
        let mut cause: &(dyn Error + 'static) = self.cause.as_deref()?;
        let mut text = cause.to_string();
        while let Some(source) = cause.source() {
            text.push_str(": ");
            text.push_str(&source.to_string());
            cause = source;
        }
        Some(text)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NoProduct(name) => {
                Self::not_found("no-product", text).help(format!("otary product add {name}"))
            }
            StoreError::ReleaseExists(_) => Self::conflict("release-exists", text),
            StoreError::NoRelease(_) => Self::not_found("no-release", text).help("otary release list"),
            StoreError::TargetTaken { by } => {
                Self::conflict("target-taken", text).help(format!("otary campaign abort {by}"))
            }
            StoreError::Brought { by, .. } => {
                Self::conflict("release-in-campaign", text).help(format!("otary campaign abort {by}"))
            }
            StoreError::StrayManifest { .. } => Self::bad_request("stray-manifest", text),
            StoreError::NoBlob(_) => Self::not_found("no-artifact", text),
            StoreError::InUse(_) => Self::conflict("artifact-in-use", text),
            other => Self::internal("store-failed", "the store failed", other),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.document())).into_response();
        if let Some(cause) = self.causes() {
            tracing::error!(code = self.code, cause, "an operator's request failed: {}", self.detail);
            response.extensions_mut().insert(PrivateCause(cause));
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use otary_fleet::{CampaignId, ReleaseId, Sha256};

    use super::*;

    fn lamp() -> ReleaseId {
        ReleaseId { product: "lamp".parse().unwrap(), version: "0.3".into() }
    }

    #[test]
    fn what_stands_against_a_request_in_the_store_is_the_operators_to_solve() {
        let by = CampaignId(7);
        let abort = Some("otary campaign abort 7");
        let says = |error: StoreError| Problem::from(error).document();
        for (error, status, code, help) in [
            (StoreError::TargetTaken { by }, 409, "target-taken", abort),
            (StoreError::Brought { release: lamp(), by }, 409, "release-in-campaign", abort),
            (StoreError::NoProduct(lamp().product), 404, "no-product", Some("otary product add lamp")),
            (StoreError::NoRelease(lamp()), 404, "no-release", Some("otary release list")),
            (StoreError::ReleaseExists(lamp()), 409, "release-exists", None),
            (
                StoreError::StrayManifest { release: lamp(), artifact: Sha256([1; 32]) },
                400,
                "stray-manifest",
                None,
            ),
        ] {
            let text = error.to_string();
            let said = says(error);
            assert_eq!((said.status, said.code.as_str(), said.help.as_deref()), (status, code, help));
            assert_eq!(said.detail, text, "the sentence is the store's");
        }
    }

    #[test]
    fn what_fails_in_the_store_is_told_to_the_log_alone() {
        let locked = Problem::from(StoreError::Locked("/data".into()));
        let said = locked.document();
        assert_eq!((said.status, said.code.as_str()), (500, "store-failed"));
        assert!(!said.detail.contains("/data") && locked.causes().unwrap().contains("/data"));
    }
}
