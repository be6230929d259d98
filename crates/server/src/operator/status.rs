//! How things stand, and letting go of what is no longer kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{ReleaseId, Sha256, Time, Verdict};
use otary_store::Head;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::problem::Problem;
use super::site::{AUTHORITY_BACKED_UP, Operator, carry_out};

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Status {
    /// otary's own version.
    pub version: String,
    /// The data directory.
    pub data: String,
    /// SHA-256 of the certificate of the authority; none before the first `otary serve`.
    pub fingerprint: Option<String>,
    /// When the authority was last backed up.
    pub backed_up: Option<Time>,
    /// Number of products.
    pub products: u64,
    /// Number of releases, withdrawn ones too.
    pub releases: u64,
    /// Number of artifacts.
    pub artifacts: u64,
    /// Their bytes.
    pub artifact_bytes: u64,
    /// Bytes of artifacts above which superseded releases are let go.
    pub max_artifact_bytes: u64,
    /// Number of devices.
    pub devices: u64,
    /// Of those, devices that are held, by what they were answered last.
    pub held: u64,
    /// Of those, devices that otary never updated and nobody assigned.
    pub strangers: u64,
    /// Whether a server that began a moment ago still reads its records: fewer are counted as held and as strangers.
    #[serde(default)]
    pub counting: bool,
    /// Strangers that are remembered.
    pub max_strangers: u64,
    /// Files and connections that the server may have open; none when no server runs.
    pub open_files: Option<u64>,
    /// The audit log's last entry: noted elsewhere, it shows later whether anything before it was changed.
    pub audit: Head,
}

/// What was let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Collected {
    /// Number of events.
    pub events: u64,
    /// Releases.
    pub releases: Vec<ReleaseId>,
    /// Artifacts.
    pub artifacts: Vec<Sha256>,
    /// Bytes freed.
    pub bytes: u64,
}

pub(super) async fn status(State(operator): State<Arc<Operator>>) -> Result<Json<Status>, Problem> {
    carry_out(operator, Operator::status).await.map(Json)
}

pub(super) async fn collect(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Collected>, Problem> {
    carry_out(operator, move |operator| operator.collect(&actor)).await.map(Json)
}

/// Notes that the authority was backed up just now.
pub(super) async fn backed_up(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Status>, Problem> {
    carry_out(operator, move |operator| operator.note_backup(&actor)).await.map(Json)
}

impl Operator {
    fn note_backup(&self, actor: &Actor) -> Result<Status, Problem> {
        let _changing = self.changing();
        self.store.put_setting(AUTHORITY_BACKED_UP, &self.now().0.to_string())?;
        self.log(actor, None, "trust: the authority was backed up".to_owned())?;
        self.status()
    }

    fn status(&self) -> Result<Status, Problem> {
        let catalogue = self.store.catalogue();
        let count = self.engine.census.count()?;
        let backed_up = self.store.setting(AUTHORITY_BACKED_UP)?;
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: self.site.data.display().to_string(),
            fingerprint: self.site.fingerprint.clone(),
            backed_up: backed_up.and_then(|text| text.parse().ok()).map(Time),
            products: catalogue.products().count() as u64,
            releases: catalogue.all_releases().count() as u64,
            artifacts: catalogue.artifacts().count() as u64,
            artifact_bytes: catalogue.artifacts().map(|artifact| artifact.size).sum(),
            max_artifact_bytes: self.site.retention.max_artifact_bytes,
            devices: self.store.count_devices()?,
            held: count.answered(Verdict::Hold),
            strangers: count.strangers,
            counting: count.counting,
            max_strangers: self.site.max_strangers,
            open_files: self.site.open_files,
            audit: self.store.audit_head()?,
        })
    }

    fn collect(&self, actor: &Actor) -> Result<Collected, Problem> {
        let _changing = self.changing();
        let pruned = self.store.prune(&self.site.retention, self.now())?;
        let (releases, artifacts) = (pruned.releases.len(), pruned.artifacts.len());
        self.log(
            actor,
            None,
            format!("gc: {releases} releases, {artifacts} artifacts, {} events", pruned.events),
        )?;
        Ok(Collected {
            events: pruned.events,
            releases: pruned.releases,
            artifacts: pruned.artifacts,
            bytes: pruned.bytes,
        })
    }
}
