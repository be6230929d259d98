//! Idempotency keys: what makes something is carried out once under one `Idempotency-Key`, however often it is sent, and answered
//! the same again. So a client whose connection broke sends it once more without a thought.
//!
//! A key is of the one token or session that showed it, and of one route: what was answered may be a secret. It is remembered for a day while the server runs; of many, the oldest are
//! forgotten. What was refused is not remembered: it left nothing behind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use otary_fleet::{Sha256, Time};

use super::actor::{Actor, Credential};
use super::digests;
use super::problem::Problem;
use super::request::receive_json;
use super::site::Operator;

const KEY: &str = "idempotency-key";
/// The longest key, in bytes: a UUID has 36.
const LONGEST: usize = 255;
/// How long one is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);
/// Keys that are remembered.
const MOST: usize = 500;
/// The longest answer that is remembered, in bytes.
const ANSWER: usize = 64 * 1024;

/// What was carried out under keys.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<HashMap<Place, Kept>>);

/// Whose key, for which route.
type Place = (Credential, String, String);

#[derive(Debug, Clone)]
struct Kept {
    at: Time,
    said: Sha256,
    /// None while it is under way.
    answer: Option<(StatusCode, Bytes)>,
}

/// Carries a request out once under its key.
pub(super) async fn once(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(key) = request.headers().get(KEY) else { return Ok(next.run(request).await) };
    let place = (actor.credential, request.uri().path().to_owned(), checked(key)?);
    let (request, said) = read(request).await?;
    if let Some(answered) = operator.keys.begin(&place, said, operator.now())? {
        return Ok(answered);
    }
    // Whatever becomes of the request, also when the client goes away, the key is not held for ever.
    let under_way = UnderWay { operator: &operator, place: &place };
    let response = next.run(request).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| Problem::internal("crashed", "the answer was lost", error))?;
    if parts.status.is_success() && body.len() <= ANSWER {
        operator.keys.keep(&place, (parts.status, body.clone()));
    }
    drop(under_way);
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn checked(key: &HeaderValue) -> Result<String, Problem> {
    let text = key.to_str().ok().filter(|text| (1..=LONGEST).contains(&text.len()));
    text.map(str::to_owned).ok_or_else(|| {
        Problem::bad_request("key-text", format!("an Idempotency-Key has 1 to {LONGEST} visible characters"))
    })
}

/// What is said, so that it can be told from what is said under the same key another time: the body, or of an upload its name
/// and its digest, which has to be there.
async fn read(request: Request) -> Result<(Request, Sha256), Problem> {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if parts.uri.path().ends_with("/artifacts") {
        let digest = digests::promised(&parts.headers)?.ok_or_else(|| {
            Problem::bad_request(
                "bad-digest",
                "an upload with an Idempotency-Key says its Content-Digest, too",
            )
        })?;
        return Ok((Request::from_parts(parts, body), Sha256::of(format!("{query} {digest}").as_bytes())));
    }
    let body = receive_json(body).await?;
    let said = Sha256::of(&[query.as_bytes(), b" ", &body].concat());
    Ok((Request::from_parts(parts, Body::from(body)), said))
}

struct UnderWay<'a> {
    operator: &'a Operator,
    place: &'a Place,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut kept = self.operator.keys.lock();
        if kept.get(self.place).is_some_and(|kept| kept.answer.is_none()) {
            kept.remove(self.place);
        }
    }
}

impl Keys {
    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer that was given under a key. None if it is to be carried out now: the key is taken then.
    fn begin(&self, place: &Place, said: Sha256, now: Time) -> Result<Option<Response>, Problem> {
        let mut all = self.lock();
        all.retain(|_, kept| now.since(kept.at) < REMEMBERED);
        match all.get(place) {
            Some(kept) if kept.said != said => Err(reused()),
            Some(Kept { answer: None, .. }) => Err(in_use()),
            Some(Kept { answer: Some((status, body)), .. }) => Ok(Some(again(*status, body.clone()))),
            None => {
                if all.len() >= MOST && !forget_oldest(&mut all) {
                    return Err(in_use());
                }
                all.insert(place.clone(), Kept { at: now, said, answer: None });
                Ok(None)
            }
        }
    }

    fn keep(&self, place: &Place, answer: (StatusCode, Bytes)) {
        if let Some(kept) = self.lock().get_mut(place) {
            kept.answer = Some(answer);
        }
    }
}

/// Of those that are done. Whether there was one.
fn forget_oldest(all: &mut HashMap<Place, Kept>) -> bool {
    let done = all.iter().filter(|(_, kept)| kept.answer.is_some());
    let oldest = done.min_by_key(|(_, kept)| kept.at).map(|(place, _)| place.clone());
    oldest.is_some_and(|oldest| all.remove(&oldest).is_some())
}

fn again(status: StatusCode, body: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (status, headers, body).into_response()
}

fn reused() -> Problem {
    let detail = "something else was sent under this Idempotency-Key";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", detail)
        .help("give each request a key of its own")
}

fn in_use() -> Problem {
    Problem::conflict("key-in-use", "the request with this Idempotency-Key is under way")
        .retry_after(Duration::from_secs(1))
}
