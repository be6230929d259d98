//! The fleet in numbers, and what went on lately.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use otary_fleet::{ProductName, Scope, Time};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::problem::Problem;
use super::products::product;
use super::request::Options;
use super::site::{Operator, carry_out};
use crate::activity::{Activity, Period};
use crate::census::Count;

/// Hours of activity: unless said, and at most.
const HOURS: u64 = 24;
const MAX_HOURS: u64 = 7 * 24;

/// Of which product.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfProduct {
    product: Option<ProductName>,
}

/// Of how many hours.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lately {
    hours: Option<u64>,
}

/// What went on lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ActivityView {
    /// Seconds in a period.
    pub period_seconds: u64,
    /// The first period begins then.
    pub from: Time,
    /// The last one ends after this.
    pub to: Time,
    /// Periods, the earliest first; those in which nothing went on are left out.
    pub periods: Vec<Period>,
}

pub(super) async fn count(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(of): Options<OfProduct>,
) -> Result<Json<Count>, Problem> {
    carry_out(operator, move |operator| operator.count_devices(of.product.as_ref(), &actor)).await.map(Json)
}

pub(super) async fn activity(
    State(operator): State<Arc<Operator>>,
    Options(lately): Options<Lately>,
) -> Result<Json<ActivityView>, Problem> {
    let hours = lately.hours.unwrap_or(HOURS).clamp(1, MAX_HOURS);
    carry_out(operator, move |operator| operator.activity(hours)).await.map(Json)
}

impl Operator {
    /// The devices that `actor` may see, in numbers: all, or those of one product.
    fn count_devices(&self, of: Option<&ProductName>, actor: &Actor) -> Result<Count, Problem> {
        let catalogue = self.store.catalogue();
        if let Some(name) = of {
            actor.check(Scope::Read, of)?;
            product(&catalogue, name)?;
        }
        let sees = |product: Option<&ProductName>| {
            (of.is_none() || product == of) && actor.may(Scope::Read, product)
        };
        Ok(self.engine.census.with(|look| Count::of(look, &sees, &catalogue))?)
    }

    fn activity(&self, hours: u64) -> Result<ActivityView, Problem> {
        let (to, period) = (self.now(), Activity::PERIOD.as_secs());
        let from = to - Duration::from_hours(hours);
        let from = Time::from_secs(from.secs().div_ceil(period) * period);
        let periods = self.engine.activity.since(from)?;
        Ok(ActivityView { period_seconds: period, from, to, periods })
    }
}
