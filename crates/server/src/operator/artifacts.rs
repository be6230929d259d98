//! Uploads: bytes that become artifacts. Nothing is stored before it was found to be something that can be released;
//! what no release takes goes with the next `gc`.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use otary_fleet::{Artifact, Findings, ReadError, Scope, Sha256, is_deceptive, read};
use otary_store::StoreError;
use otary_trust::search;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

use super::actor::Actor;
use super::digests;
use super::problem::Problem;
use super::publish::check_file;
use super::request::{Options, Place};
use super::site::{Operator, STALL, carry_out};

/// The longest file name that is kept, in bytes.
const MAX_FILE_NAME: usize = 128;
/// An upload that is slower on the whole, in bytes a second, is ended: there is room for few at a time.
const SLOWEST: usize = 1024;

/// What a file is uploaded as.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    /// The file's name, without folders.
    file: String,
    /// Taken as it is, whatever it looks like.
    #[serde(default)]
    raw: bool,
}

/// What was found in an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Uploaded {
    /// The artifact. It can be released now.
    pub artifact: Artifact,
    /// What was worth telling about the file, a sentence each.
    pub notes: Vec<String>,
}

pub(super) async fn upload(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(upload): Options<Upload>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    check_name(&upload.file)?;
    check_length(&headers)?;
    let slot = timeout(STALL, operator.uploads.take(actor.share())).await;
    let _slot = slot.map_err(|_| busy())?;
    let promised = digests::promised(&headers)?;
    let bytes = receive(body).await?;
    digests::check(promised, Sha256::of(&bytes))?;
    let uploaded = carry_out(operator, move |operator| {
        // It may have taken an hour.
        let actor = operator.again(&actor)?;
        actor.check_somewhere(Scope::Push)?;
        let uploaded = operator.take_in(&bytes, &upload.file, upload.raw)?;
        operator.log(&actor, None, format!("uploaded {} ({})", upload.file, uploaded.artifact.id))?;
        Ok(uploaded)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(uploaded)))
}

/// What an upload is, once more: for whoever looks before anything is published.
pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(id): Place<Sha256>,
    Options(upload): Options<Upload>,
) -> Result<Json<Artifact>, Problem> {
    let found = carry_out(operator, move |operator| {
        check_file(&id, &operator.store.catalogue(), &actor)?;
        operator.artifact(&id, &upload.file, upload.raw)
    });
    found.await.map(Json)
}

pub(super) async fn discard(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(id): Place<Sha256>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| {
        let _changing = operator.changing();
        // What another product holds is to them what is not there.
        if check_file(&id, &operator.store.catalogue(), &actor).is_ok() {
            operator.store.discard_blob(&id)?;
            operator.log(&actor, None, format!("dropped the upload {id}"))?;
        }
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    /// Reads the facts first and stores afterwards: what is refused was never in the store.
    pub(super) fn take_in(&self, bytes: &[u8], file: &str, raw: bool) -> Result<Uploaded, Problem> {
        let found = self.facts(bytes, file, raw)?;
        let part = bytes.get(found.range.clone()).unwrap_or_default();
        let mut blob = self.store.begin_blob()?;
        blob.write_all(part).map_err(|error| Problem::internal("store-failed", "the store failed", error))?;
        let id = blob.commit()?;
        debug_assert_eq!(id, found.artifact.id, "the facts are of the bytes that are stored");
        Ok(Uploaded { artifact: found.artifact, notes: found.notes })
    }

    /// The facts of an artifact that was uploaded: those that it was released with, else read from its bytes again.
    pub(super) fn artifact(&self, id: &Sha256, file_name: &str, raw: bool) -> Result<Artifact, Problem> {
        let catalogue = self.store.catalogue();
        if let Some(artifact) = catalogue.artifact(id)
            && catalogue.all_releases().any(|release| release.artifacts.contains(id))
        {
            return Ok(artifact.clone());
        }
        check_name(file_name)?;
        let bytes = self.store.blob(id).map_err(|error| match Problem::from(error) {
            problem if problem.code() == "no-artifact" => problem.help("upload the file again"),
            problem => problem,
        })?;
        Ok(self.facts(&bytes, file_name, raw)?.artifact)
    }

    /// What a file is, and what lies inside the part of it that devices are sent.
    fn facts(&self, bytes: &[u8], file_name: &str, raw: bool) -> Result<Findings, Problem> {
        let found = read(bytes, file_name, self.now(), raw);
        let mut found = found.map_err(|error| not_a_firmware(file_name, &error))?;
        found.artifact.embedded = search(bytes.get(found.range.clone()).unwrap_or_default());
        Ok(found)
    }

    /// Drops uploads; those that a release holds stay.
    pub(super) fn drop_uploads(&self, ids: impl IntoIterator<Item = Sha256>) {
        for id in ids {
            match self.store.discard_blob(&id) {
                Ok(()) | Err(StoreError::InUse(_) | StoreError::NoBlob(_)) => {}
                Err(error) => tracing::warn!(artifact = %id, %error, "an upload stays until the next gc"),
            }
        }
    }
}

pub(super) fn check_name(file: &str) -> Result<(), Problem> {
    let plain = !file.contains(['/', '\\']) && !file.contains(is_deceptive);
    if plain && (1..=MAX_FILE_NAME).contains(&file.len()) {
        return Ok(());
    }
    let detail = format!(
        "a file name has 1 to {MAX_FILE_NAME} bytes, no folders, and no characters that control, end a line or turn the direction of writing"
    );
    Err(Problem::bad_request("file-name", detail))
}

/// Refuses by the announced length, before anything is read.
fn check_length(headers: &HeaderMap) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > Artifact::MAX_SIZE => Err(too_large(&format!("{length} bytes"))),
        _ => Ok(()),
    }
}

async fn receive(mut body: Body) -> Result<Bytes, Problem> {
    let max = usize::try_from(Artifact::MAX_SIZE).unwrap_or(usize::MAX);
    let (mut bytes, began) = (BytesMut::new(), Instant::now());
    while let Some(frame) =
        timeout_at(patience(began, bytes.len()), body.frame()).await.map_err(|_| stalled(bytes.len()))?
    {
        let frame = frame.map_err(|error| cut_off(bytes.len(), &error))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > max.saturating_sub(bytes.len()) {
            return Err(too_large("more"));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// Until when the next part of an upload that began then has to come: soon, and fast enough on the whole that a crawl does not
/// hold its place for hours.
fn patience(began: Instant, received: usize) -> Instant {
    let due = u32::try_from(received / SLOWEST).unwrap_or(u32::MAX);
    (Instant::now() + STALL).min(began + STALL + Duration::from_secs(due.into()))
}

fn too_large(found: &str) -> Problem {
    let detail = format!("an artifact has at most {} bytes, this file has {found}", Artifact::MAX_SIZE);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file-too-large", detail)
}

fn stalled(received: usize) -> Problem {
    let detail = format!("too little came for {} s, after {received} bytes", STALL.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "upload-stalled", detail)
}

fn cut_off(received: usize, error: &axum::Error) -> Problem {
    tracing::debug!(%error, received, "an upload was cut off");
    Problem::bad_request("upload-cut-off", format!("the upload ended early, after {received} bytes"))
}

fn busy() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-uploads", "other uploads are under way")
        .retry_after(STALL)
}

fn not_a_firmware(file: &str, error: &ReadError) -> Problem {
    let detail = format!("{file} cannot be released: {error}");
    let help = error.help().unwrap_or("otary inspect FILE says what it is");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-a-firmware", detail).help(help)
}
