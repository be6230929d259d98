//! The page for Prometheus, and what it tells of the store, the campaigns and the authority.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use otary_fleet::{Campaign, Patience, due};

use super::health;
use super::hosts::Hosts;
use super::problem::Problem;
use super::site::{Operator, carry_out};
use crate::census::Count;
use crate::metrics::{CONTENT_TYPE, CampaignFacts, CertificateFacts, DiskFacts, Facts, StoreFacts, write};

/// Campaigns that have ended and are still told of: the newest ones.
const ENDED: usize = 10;

/// The routes of the listener for metrics: the page, and whether the server lives and is ready. None takes a token. The page names
/// products, and is for who asks under one of `hosts` or by an address.
pub fn signals(operator: Arc<Operator>, hosts: Hosts) -> Router {
    let page = Router::new().route("/metrics", get(metrics)).with_state(Arc::clone(&operator));
    let health = Router::new().route("/health", get(health::health)).route("/ready", get(health::ready));
    hosts.and_addresses().guard(page).merge(health.with_state(operator))
}

/// The page.
pub(super) async fn metrics(State(operator): State<Arc<Operator>>) -> Result<Response, Problem> {
    let page = carry_out(operator, |operator| {
        let page = write(&operator.engine.counters, &operator.signal_facts()?);
        page.map_err(|error| Problem::internal("no-metrics", "the page could not be written", error))
    });
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], page.await?).into_response())
}

impl Operator {
    /// What there is to tell besides the counters.
    pub(super) fn signal_facts(&self) -> Result<Facts, Problem> {
        let (certificates, due) = self.custody.as_ref().map_or_else(Default::default, |custody| {
            custody.look(|held| {
                let due =
                    due(held.authority.generations(), held.authority.next_key_is_here(), Patience::default());
                (certificates(held), due)
            })
        });
        Ok(Facts {
            campaigns: self.campaign_facts(),
            certificates,
            due,
            disk: DiskFacts::of(&self.site.data),
            store: self.store_facts()?,
            fleet: self.fleet_facts()?,
        })
    }

    /// The fleet in numbers, of everybody: the page takes a token for the whole server.
    fn fleet_facts(&self) -> Result<Option<Count>, Problem> {
        let catalogue = self.store.catalogue();
        let count = self.engine.census.with(|look| Count::of(look, &|_| true, &catalogue))?;
        Ok((!count.counting).then_some(count))
    }

    /// The campaigns under way, and the newest of the others.
    fn campaign_facts(&self) -> Vec<CampaignFacts> {
        let catalogue = self.store.catalogue();
        let (under_way, mut ended): (Vec<&Campaign>, Vec<&Campaign>) =
            catalogue.all_campaigns().partition(|campaign| campaign.is_under_way());
        ended.sort_unstable_by_key(|campaign| std::cmp::Reverse(campaign.id));
        let told = under_way.into_iter().chain(ended.into_iter().take(ENDED));
        let of = |campaign: &Campaign| CampaignFacts {
            campaign: campaign.clone(),
            tally: self.rollout.last_tally(campaign.id),
        };
        told.map(of).collect()
    }

    fn store_facts(&self) -> Result<StoreFacts, Problem> {
        let catalogue = self.store.catalogue();
        let database = std::fs::metadata(self.site.data.join("otary.db"));
        Ok(StoreFacts {
            products: catalogue.products().count() as u64,
            releases: catalogue.all_releases().count() as u64,
            artifacts: catalogue.artifacts().count() as u64,
            artifact_bytes: catalogue.artifacts().map(|artifact| artifact.size).sum(),
            devices: self.store.count_devices()?,
            audit_entries: self.store.audit_head()?.number,
            database_bytes: database.ok().map(|file| file.len()),
        })
    }
}

/// What devices are shown.
fn certificates(held: &crate::Held) -> Vec<CertificateFacts> {
    let elsewhere = held.elsewhere.as_ref().map(|elsewhere| CertificateFacts {
        generation: "elsewhere".to_owned(),
        key: "unknown".to_owned(),
        not_after: elsewhere.not_after,
    });
    let own = held.authority.leaves().map(|(generation, leaf)| CertificateFacts {
        generation: generation.to_string(),
        key: leaf.key_kind().map_or_else(|| "unknown".to_owned(), |kind| kind.to_string()),
        not_after: leaf.not_after(),
    });
    own.chain(elsewhere).collect()
}
