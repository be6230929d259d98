//! The audit log: what happened, entry by entry, and whether it is still what was written.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Event, Mac, Scope, Time};
use otary_store::{AuditEntry, AuditQuery, Head, NotedHead, Verification};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::pages::{self, Direction};
use super::problem::Problem;
use super::request::Options;
use super::site::{Operator, carry_out};

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogLine {
    /// The entry as it is chained; `printf '%s%s' SALT TEXT | sha256sum` gives its leaf.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// What its text says; none once it is forgotten.
    pub event: Option<Event>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogPage {
    /// Entries, oldest first unless asked otherwise: those that who asks may see, so there may be fewer than asked.
    pub entries: Vec<LogLine>,
    /// Where the next page begins: `?after=`. None on the last one.
    pub next: Option<u64>,
}

/// Which entries.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    order: Direction,
    after: Option<u64>,
    limit: Option<usize>,
    since: Option<Time>,
    device: Option<Mac>,
}

/// What the log is held against.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Against {
    head: Option<String>,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(which): Options<Which>,
) -> Result<Json<LogPage>, Problem> {
    carry_out(operator, move |operator| operator.log_page(&which, &actor)).await.map(Json)
}

pub(super) async fn head(State(operator): State<Arc<Operator>>) -> Result<Json<Head>, Problem> {
    carry_out(operator, |operator| Ok(operator.store.audit_head()?)).await.map(Json)
}

pub(super) async fn verify(
    State(operator): State<Arc<Operator>>,
    Options(against): Options<Against>,
) -> Result<Json<Verification>, Problem> {
    let noted = against.head.as_deref().map(str::parse::<NotedHead>).transpose();
    let noted = noted.map_err(|error| Problem::bad_request("bad-head", error.to_string()))?;
    carry_out(operator, move |operator| Ok(operator.store.verify_audit(noted)?)).await.map(Json)
}

impl Operator {
    fn log_page(&self, which: &Which, actor: &Actor) -> Result<LogPage, Problem> {
        let limit = pages::limit(which.limit);
        let (after, before) = match which.order {
            Direction::Asc => (which.after.unwrap_or_default(), None),
            Direction::Desc => (0, Some(which.after.unwrap_or(u64::MAX))),
        };
        let (since, device) = (which.since, which.device);
        let entries = self.store.audit(&AuditQuery { after, before, since, device, limit })?;
        let next = entries.last().filter(|_| entries.len() == limit).map(|entry| entry.number);
        let lines = entries.into_iter().map(LogLine::from).filter(|line| line.is_for(actor));
        Ok(LogPage { entries: lines.collect(), next })
    }
}

impl LogLine {
    /// Whether somebody may see it: what is of no product, and what is forgotten, is for those who see everything.
    pub(super) fn is_for(&self, actor: &Actor) -> bool {
        actor.may(Scope::Read, self.event.as_ref().and_then(|event| event.product.as_ref()))
    }
}

impl From<AuditEntry> for LogLine {
    fn from(entry: AuditEntry) -> Self {
        // A text that cannot be read was altered: `verify` says so, and the rest of the log is shown all the same.
        let event = entry.record.as_ref().and_then(|record| record.event().ok());
        Self { entry, event }
    }
}
