//! What happens, as it happens: server-sent events (WHATWG HTML, section 9.2) for whoever watches.
//!
//! - `audit`: an entry of the audit log, with its number as the event's id. Who comes again with `Last-Event-ID` misses none.
//! - `campaign`: `{"number": 3}`, when what it has shown has changed; `device`: `{"mac": "..."}`, once a second at most, when
//!   something happened to it. Whoever watches asks for the thing itself then.
//! - `hello`: the first one. While nothing happens there is a comment every 15 seconds.
//! - Each sees what it may see, at each look: who may no longer come in hears nothing more. A listener is let go after [`LIFE`] and
//!   comes again by itself; and when the server drains.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream::unfold;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use otary_fleet::{CampaignId, Mac};
use otary_store::AuditQuery;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::actor::Actor;
use super::audit::LogLine;
use super::places::Place;
use super::problem::Problem;
use super::site::{Operator, carry_out};
use crate::drain::Draining;

/// Listeners at the same time.
pub(super) const LISTENERS: usize = 32;
/// Of them for one person or program: so many windows of a browser.
pub(super) const LISTENERS_EACH: usize = 8;
/// How often is looked what happened: the store commits as often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Proxies and phones let go of a connection on which nothing comes for longer.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a listener is kept before it has to come again.
const LIFE: Duration = Duration::from_mins(10);
/// Entries that are read at once.
const AT_ONCE: usize = 100;

/// A stream of events.
pub(super) struct Events(Listener);

/// The word that the server drains, where it can.
pub(super) struct Ends(Option<Draining>);

impl<S: Send + Sync> FromRequestParts<S> for Ends {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().cloned()))
    }
}

/// Somebody who watches.
struct Listener {
    operator: Arc<Operator>,
    actor: Actor,
    /// The last entry that was looked at.
    after: u64,
    /// What each campaign under way had shown.
    shown: BTreeMap<CampaignId, String>,
    /// What is to be told.
    queue: VecDeque<Event>,
    draining: Ends,
    until: Instant,
    _place: Place,
}

/// What happened since the last look.
struct Happened {
    lines: Vec<LogLine>,
    after: u64,
    shown: BTreeMap<CampaignId, String>,
}

pub(super) async fn listen(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    draining: Ends,
    headers: HeaderMap,
) -> Result<Events, Problem> {
    let place = operator.listeners.take_now(actor.share()).ok_or_else(too_many)?;
    let said = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let resumed = said.and_then(|id| id.parse::<u64>().ok());
    let (after, shown) = carry_out(Arc::clone(&operator), move |operator| {
        let head = operator.store.audit_head()?.number;
        Ok((resumed.map_or(head, |after| after.min(head)), operator.campaigns_shown()))
    })
    .await?;
    let hello = Event::default().event("hello").data(json!({ "after": after }).to_string());
    let queue = VecDeque::from([hello]);
    let until = Instant::now() + LIFE;
    Ok(Events(Listener { operator, actor, after, shown, queue, draining, until, _place: place }))
}

fn too_many() -> Problem {
    let detail = format!("{LISTENERS_EACH} of yours or {LISTENERS} in all listen already");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", detail).retry_after(LIFE)
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        let events = unfold(self.0, |listener: Listener| async move {
            let (event, listener) = listener.next().await?;
            Some((Ok::<_, Infallible>(event), listener))
        });
        Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
    }
}

impl Listener {
    /// The next event, once there is one; none when it is over.
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some((event, self));
            }
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.draining.come_within(LOOK_EVERY).await {
                return None;
            }
            self.look().await?;
        }
    }

    async fn look(&mut self) -> Option<()> {
        let (after, actor) = (self.after, self.actor.clone());
        let looked = carry_out(Arc::clone(&self.operator), move |operator| {
            Ok((operator.again(&actor)?, operator.happened(after)?))
        });
        let (actor, happened) = looked.await.ok()?;
        self.actor = actor;
        self.after = happened.after;
        let lines: Vec<LogLine> =
            happened.lines.into_iter().filter(|line| line.is_for(&self.actor)).collect();
        let touched = |line: &LogLine| line.event.as_ref().and_then(|event| event.device);
        let devices: BTreeSet<Mac> = lines.iter().filter_map(touched).collect();
        self.queue.extend(lines.iter().filter_map(audit));
        self.queue.extend(devices.iter().map(|mac| named("device", "mac", mac.to_string().into())));
        let moved: Vec<CampaignId> = happened
            .shown
            .iter()
            .filter(|(id, text)| self.shown.get(id) != Some(text))
            .map(|(id, _)| *id)
            .collect();
        let catalogue = self.operator.store.catalogue();
        let seen = moved
            .into_iter()
            .filter(|id| catalogue.campaign(*id).is_some_and(|found| self.actor.sees(&found.product)));
        self.queue.extend(seen.map(|id| named("campaign", "number", id.0.into())));
        self.shown = happened.shown;
        Some(())
    }
}

impl Ends {
    /// Whether the drain begins within this time.
    async fn come_within(&self, time: Duration) -> bool {
        let Some(draining) = &self.0 else {
            sleep(time).await;
            return false;
        };
        tokio::time::timeout(time, draining.begun()).await.is_ok()
    }
}

fn audit(line: &LogLine) -> Option<Event> {
    let event = Event::default().event("audit").id(line.entry.number.to_string());
    event.json_data(line).ok()
}

fn named(event: &str, key: &str, value: serde_json::Value) -> Event {
    let mut data = serde_json::Map::new();
    data.insert(key.to_owned(), value);
    Event::default().event(event).data(serde_json::Value::Object(data).to_string())
}

impl Operator {
    fn happened(&self, after: u64) -> Result<Happened, Problem> {
        let entries = self.store.audit(&AuditQuery { after, limit: AT_ONCE, ..AuditQuery::default() })?;
        let after = entries.last().map_or(after, |entry| entry.number);
        let lines = entries.into_iter().map(LogLine::from).collect();
        Ok(Happened { lines, after, shown: self.campaigns_shown() })
    }

    /// Where each campaign stands and what it has shown, in words that change when that does.
    fn campaigns_shown(&self) -> BTreeMap<CampaignId, String> {
        let catalogue = self.store.catalogue();
        let shown = catalogue.all_campaigns().map(|campaign| {
            let tally =
                self.rollout.last_tally(campaign.id).map(|tally| tally.to_string()).unwrap_or_default();
            (campaign.id, format!("{:?} {} {tally}", campaign.state, campaign.wave))
        });
        shown.collect()
    }
}
