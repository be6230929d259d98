//! The plain answers: nothing new, a sentence for people, a file.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use crate::body::Body;

/// What every handler answers with.
pub(crate) type Answered = Response<Body>;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Answered {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// A sentence for people, who see it when they try a URL by hand.
pub(crate) fn sentence(status: StatusCode, text: impl Into<Bytes>) -> Answered {
    let mut answer = file("text/plain; charset=utf-8", text);
    *answer.status_mut() = status;
    answer
}

/// A small file that may change.
pub(crate) fn file(content_type: &'static str, bytes: impl Into<Bytes>) -> Answered {
    let bytes = bytes.into();
    let length = HeaderValue::from(bytes.len());
    let mut answer = Response::new(Body::of(bytes));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
