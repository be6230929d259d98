//! What goes wrong with a view: the API's refusal, told to the person with what to do, or a fault of ours, told to the log.

use std::fmt;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use otary_server::operator::ProblemDocument;

use crate::frame::{Bare, html};

/// Why there is no view.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The API refused.
    Refused(Box<ProblemDocument>),
    /// It should not have come to this.
    Internal,
    /// Nobody is signed in.
    SignedOut,
    /// There is nobody who could sign in.
    NotSetUp,
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page {
    bare: Bare,
    title: &'static str,
    detail: String,
    help: Option<String>,
    code: String,
}

impl Failure {
    /// A fault of ours. Its cause is for the log alone.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "a view of the page could not be made");
        Self::Internal
    }

    /// A refusal by the page itself, in the API's words.
    pub(crate) fn refused(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self::Refused(Box::new(ProblemDocument {
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            help: None,
            risks: Vec::new(),
        }))
    }

    /// The refusal's stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused(problem) => &problem.code,
            Self::Internal => "internal",
            Self::SignedOut => "signed-out",
            Self::NotSetUp => "not-set-up",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(problem) => StatusCode::from_u16(problem.status).ok(),
            Self::Internal | Self::SignedOut | Self::NotSetUp => None,
        }
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        match self {
            Self::NotSetUp => return Redirect::to("/setup").into_response(),
            Self::SignedOut => return Redirect::to("/sign-in").into_response(),
            _ if status == StatusCode::UNAUTHORIZED => return Redirect::to("/sign-in").into_response(),
            _ => {}
        }
        let code = self.code().to_owned();
        let (detail, help) = match self {
            Self::Refused(problem) => (problem.detail, problem.help),
            _ => ("the page could not be made".to_owned(), Some("the server's log says why".to_owned())),
        };
        let title = match status {
            StatusCode::NOT_FOUND => "Not here",
            StatusCode::FORBIDDEN => "Not allowed",
            status if status.is_server_error() => "Something broke",
            _ => "Not done",
        };
        (status, html(&Page { bare: Bare::new(), title, detail, help, code })).into_response()
    }
}
