//! Whether the server lives, and whether it is ready: for whoever watches it, without a token. Nothing of it is secret: three
//! words that are so or not so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::site::Operator;

/// The store's setting that is written to see whether it can be.
const PROBE: &str = "server.ready";

/// How long an answer is given again: asking is for everybody, and writing is not free.
const FRESH: Duration = Duration::from_secs(5);

/// Whether a server is ready, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Health {
    /// What is changed can be written.
    pub store: bool,
    /// Every certificate that the server presents is within its life. Also where it presents none of an authority's.
    pub certificate: bool,
    /// The clock cannot be told to be wrong.
    pub clock: bool,
}

/// The last answer.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, Health)>>);

/// 200: the process answers.
pub(super) async fn health() -> &'static str {
    "alive\n"
}

/// 200 if everything is so, else 503.
pub(super) async fn ready(State(operator): State<Arc<Operator>>) -> Response {
    let found = tokio::task::spawn_blocking(move || operator.health()).await;
    let health = found.unwrap_or(Health::of(false, false, false));
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

impl Health {
    const fn of(store: bool, certificate: bool, clock: bool) -> Self {
        Self { store, certificate, clock }
    }

    /// Whether all of it is so.
    pub const fn is_ready(self) -> bool {
        self.store && self.certificate && self.clock
    }
}

impl Operator {
    /// How it stands, by a look that is at most [`FRESH`] old.
    fn health(&self) -> Health {
        // Whoever asks meanwhile waits for this look rather than make another one.
        let mut last = self.readiness.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, health)) = *last
            && at.elapsed() < FRESH
        {
            return health;
        }
        let health = self.look_at_health();
        *last = Some((Instant::now(), health));
        health
    }

    fn look_at_health(&self) -> Health {
        let now = self.now();
        let store = self.store.put_setting(PROBE, &now.0.to_string()).is_ok();
        let newest = self.store.newest_time().unwrap_or_default();
        let Some(custody) = &self.custody else { return Health::of(store, true, true) };
        let (certificate, clock) = custody.look(|held| {
            let alive = match &held.elsewhere {
                Some(elsewhere) => now <= elsewhere.not_after,
                None => held
                    .authority
                    .leaves()
                    .all(|(_, leaf)| leaf.not_before() <= now && now <= leaf.not_after()),
            };
            (alive, held.authority.check_clock(&custody.clock(now, newest)).is_ok())
        });
        Health::of(store, certificate, clock)
    }
}
