//! Forms: fields as the browser sent them, with what the session has to show. Where a form leads to what cannot be taken back, the
//! name of the thing is typed and compared here, before anything is asked of the API.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Redirect;
use http::StatusCode;
use otary_server::operator::STALL;
use tokio::time::timeout;

use crate::access::Person;
use crate::api::Api;
use crate::failure::Failure;

/// The longest form in bytes: notes of a release, each character escaped.
const MAX_FORM: usize = 64 * 1024;

/// A form that somebody sent who is signed in.
pub(crate) struct Form {
    pub(crate) person: Person,
    fields: BTreeMap<String, Vec<String>>,
}

impl Form {
    /// The API with what the form shows.
    pub(crate) fn api(&self) -> Api {
        self.person.api.clone().with_csrf(self.text("csrf"))
    }

    /// A field's text, without the space around it; empty if it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|values| values.first()).map_or("", |text| text.trim())
    }

    /// A password as it was typed, with the space around it.
    pub(crate) fn secret(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// The same, if anything was written there.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// All values of a field: the boxes that were ticked.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.get(name).into_iter().flatten().map(|text| text.trim())
    }

    /// A field as what it is to be; `what` says that to the person.
    pub(crate) fn read<T: std::str::FromStr>(&self, name: &str, what: &str) -> Result<T, Failure>
    where
        T::Err: std::fmt::Display,
    {
        self.text(name).parse().map_err(|error| unreadable(name, what, &error))
    }

    /// The same of a field that may be left empty.
    pub(crate) fn read_given<T: std::str::FromStr>(
        &self,
        name: &str,
        what: &str,
    ) -> Result<Option<T>, Failure>
    where
        T::Err: std::fmt::Display,
    {
        self.given(name).map(|text| text.parse().map_err(|error| unreadable(name, what, &error))).transpose()
    }

    /// Refuses a form in which `word` was not typed.
    pub(crate) fn check_typed(&self, word: &str) -> Result<(), Failure> {
        if self.text("typed") == word {
            return Ok(());
        }
        Err(Failure::refused(
            StatusCode::BAD_REQUEST,
            "not-typed",
            format!("to be sure, {word} has to be typed"),
        ))
    }
}

/// The refusal of a field that is not what it is to be.
pub(crate) fn unreadable(name: &str, what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::refused(
        StatusCode::BAD_REQUEST,
        "bad-field",
        format!("the field {name} is to be {what}: {error}"),
    )
}

/// There is no such action.
pub(crate) fn no_action() -> Failure {
    Failure::refused(StatusCode::NOT_FOUND, "no-such-action", "there is no such action")
}

/// To the view at `path`, which says what was done.
pub(crate) fn done(path: &str, word: &str) -> Redirect {
    Redirect::to(&format!("{path}?done={word}"))
}

impl FromRequest<Router> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, router: &Router) -> Result<Self, Failure> {
        use axum::extract::FromRequestParts;
        let (mut parts, body) = request.into_parts();
        let person = Person::from_request_parts(&mut parts, router).await?;
        let fields = fields(Request::from_parts(parts, body), router).await?;
        Ok(Self { person, fields })
    }
}

/// The fields of a form of somebody who may not be signed in yet.
pub(crate) async fn fields(
    request: Request,
    router: &Router,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let request = request.map(|body| axum::body::Body::new(http_body_util::Limited::new(body, MAX_FORM)));
    let body = timeout(STALL, Bytes::from_request(request, router)).await.map_err(|_| {
        Failure::refused(StatusCode::REQUEST_TIMEOUT, "request-stalled", "the form did not come in time")
    })?;
    let body =
        body.map_err(|error| Failure::refused(error.status(), "bad-form", "the form did not come in whole"))?;
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(&body) {
        fields.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    Ok(fields)
}
