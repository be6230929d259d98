//! What a request carries, read once at the edge: what cannot be read is a problem document like every other refusal.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::problem::Problem;
use super::site::STALL;

/// A JSON body. Its size is bounded by the router, and [`STALL`] is all the time that it has to come in.
pub(super) struct Body<T>(pub T);

/// The variable parts of the path.
pub(super) struct Place<T>(pub T);

/// What stands behind the `?`.
pub(super) struct Options<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = timeout(STALL, axum::Json::<T>::from_request(request, state)).await;
        let read = read.map_err(|_| {
            let detail = format!("the request did not come in within {} s", STALL.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "request-stalled", detail)
        })?;
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
