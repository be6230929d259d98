//! What a request carries, read once at the edge: what cannot be read is a problem document like every other refusal.

use axum::body::to_bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::problem::Problem;
use super::site::STALL;

/// The largest JSON body, in bytes: the longest notes fit, whatever their characters are.
pub(super) const MAX_BODY: usize = 128 * 1024;

/// A JSON body. Its size is bounded by the router, and [`STALL`] is all the time that it has to come in.
pub(super) struct Body<T>(pub T);

/// The variable parts of the path.
pub(super) struct Place<T>(pub T);

/// What stands behind the `?`.
pub(super) struct Options<T>(pub T);

/// The bytes of a JSON body, bounded as [`Body`] is.
pub(super) async fn receive_json(body: axum::body::Body) -> Result<Bytes, Problem> {
    let read = timeout(STALL, to_bytes(body, MAX_BODY)).await.map_err(|_| stalled())?;
    read.map_err(|error| {
        tracing::debug!(%error, "a body was not read");
        let detail = format!("the body ended early, or is longer than {MAX_BODY} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "unreadable-body", detail)
    })
}

fn stalled() -> Problem {
    let detail = format!("the request did not come in within {} s", STALL.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request-stalled", detail)
}

/// What was made, or was only asked for: 201 or 200.
pub(super) struct Made<T> {
    pub is_made: bool,
    pub of: T,
}

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        let status = if self.is_made { StatusCode::CREATED } else { StatusCode::OK };
        (status, axum::Json(self.of)).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = timeout(STALL, axum::Json::<T>::from_request(request, state)).await;
        let read = read.map_err(|_| stalled())?;
        read.map(|axum::Json(body)| Self(body)).map_err(|rejection: JsonRejection| {
            Problem::new(rejection.status(), "unreadable-body", rejection.body_text())
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(place)| Self(place)).map_err(|rejection: PathRejection| {
            Problem::new(rejection.status(), "unreadable-path", rejection.body_text())
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Options<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(options)| Self(options)).map_err(|rejection: QueryRejection| {
            Problem::new(rejection.status(), "unreadable-query", rejection.body_text())
        })
    }
}
