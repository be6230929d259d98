//! Preflight: which devices would not take a release, before it is sent. Asked page by page, so that a fleet of any size takes
//! the same room.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Candidate, Channel, Generations, GroupName, Preflight, ProductName, ReleaseId, Version};
use serde::Deserialize;

use super::groups::group;
use super::problem::Problem;
use super::products::product;
use super::releases::release;
use super::request::{Options, Place};
use super::site::{Operator, carry_out};

/// Of which devices it is asked.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those that follow this channel; without, that of the release.
    channel: Option<Channel>,
    /// Of those, the ones in this group.
    group: Option<GroupName>,
}

pub(super) async fn preflight(
    State(operator): State<Arc<Operator>>,
    Place((product, version)): Place<(ProductName, Version)>,
    Options(which): Options<Which>,
) -> Result<Json<Preflight>, Problem> {
    let id = ReleaseId { product, version };
    carry_out(operator, move |operator| operator.preflight(&id, &which)).await.map(Json)
}

impl Operator {
    fn preflight(&self, id: &ReleaseId, which: &Which) -> Result<Preflight, Problem> {
        let catalogue = self.store.catalogue();
        product(&catalogue, &id.product)?;
        let release = release(&catalogue, id)?;
        let generations = self.presented();
        let candidate = Candidate {
            release,
            catalogue: &catalogue,
            channel: which.channel.as_ref().unwrap_or(&release.channel),
            group: which.group.as_ref().map(|name| group(&catalogue, name)).transpose()?,
            generations: generations.as_ref(),
            now: self.now(),
        };
        let mut preflight = Preflight::of(&candidate);
        self.each_device(|device| {
            preflight.ask(&candidate, device);
        })?;
        Ok(preflight)
    }

    /// What this server presents now; none before there is an authority.
    pub(super) fn presented(&self) -> Option<Generations> {
        let now = self.now();
        self.custody.as_ref().map(|custody| custody.look(|held| held.presented().at(now)))
    }
}
