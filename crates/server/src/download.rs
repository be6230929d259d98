//! The bytes of an artifact on their way to a device: head and first bytes in one write, `Content-Length`, both
//! digests, and at the end a count of what was handed over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use otary_fleet::{Artifact, Claimant, Delivery, Mac, Md5, Sha256, delivered};
use otary_store::{Admit, StoreError};

use crate::answer::Answered;
use crate::body::Body;
use crate::limits::FILE_NAME;
use crate::visit::{Shared, Visit};

const X_MD5: HeaderName = HeaderName::from_static("x-md5");
const X_SHA256: HeaderName = HeaderName::from_static("x-sha256");
const X_VERSION: HeaderName = HeaderName::from_static("x-version");

/// Who takes an artifact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipient {
    /// The device, if it says who it is.
    pub(crate) device: Option<Mac>,
    /// Who seems to speak.
    pub(crate) claimant: Claimant,
}

/// Answers with an artifact. None if its bytes are missing or damaged, which is logged.
pub(crate) async fn send(
    visit: &Visit,
    recipient: Recipient,
    artifact: &Artifact,
    version: &str,
) -> Option<Answered> {
    let bytes = load(visit, artifact).await?;
    let mut answer = Response::new(count(visit, artifact, bytes, Some(recipient)));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(artifact.size));
    name_version(headers, version);
    name_file(headers, artifact);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(answer)
}

/// An artifact's bytes, all of them. None if they are missing or damaged, which is logged.
pub(crate) async fn load(visit: &Visit, artifact: &Artifact) -> Option<Bytes> {
    let (shared, id, size) = (Arc::clone(&visit.shared), artifact.id, artifact.size);
    let read = tokio::task::spawn_blocking(move || shared.store.blob(&id)).await;
    match read.ok()? {
        Ok(bytes) if bytes.len() as u64 == size => Some(bytes),
        Ok(bytes) => {
            tracing::error!(target: "download", artifact = %id, size, found = bytes.len(), "the artifact has another size");
            None
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(target: "download", artifact = %id, error, "the artifact cannot be read");
            None
        }
    }
}

/// A body whose transfer is counted when it ends, and noted with the device that took it.
pub(crate) fn count(visit: &Visit, artifact: &Artifact, bytes: Bytes, recipient: Option<Recipient>) -> Body {
    let (shared, id, size) = (Arc::clone(&visit.shared), artifact.id, artifact.size);
    shared.transfers.fetch_add(1, Ordering::Relaxed);
    let (source, started) = (visit.peer, std::time::Instant::now());
    let taken = visit.meter.watch(size, move |handed_over| {
        shared.transfers.fetch_sub(1, Ordering::Relaxed);
        let device = recipient.and_then(|recipient| recipient.device).map(tracing::field::display);
        let outcome = if handed_over == size { "whole" } else { "cut off" };
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "download", device, %source, artifact = %id, bytes = handed_over, size, millis, "{outcome}");
        if let Err(error) = note(&shared, id, handed_over, size, recipient) {
            let error: &dyn std::error::Error = &error;
            tracing::error!(target: "download", artifact = %id, error, "the download is not on record");
        }
    });
    Body::counted(bytes, taken)
}

fn note(
    shared: &Shared,
    artifact: Sha256,
    bytes: u64,
    size: u64,
    recipient: Option<Recipient>,
) -> Result<(), StoreError> {
    shared.store.count_download(&artifact, bytes == size);
    let Some(Recipient { device: Some(mac), claimant }) = recipient else { return Ok(()) };
    let now = shared.clock.now();
    let delivery = Delivery { claimant, artifact, bytes, size };
    shared.store.with_device(mac, now, Admit::OnRecord, &mut |device| {
        device.map(|device| delivered(device, delivery, now)).into_iter().collect()
    })?;
    Ok(())
}

/// `x-version`, as the release's owner wrote it.
pub(crate) fn name_version(headers: &mut HeaderMap, version: &str) {
    if let Ok(version) = HeaderValue::from_bytes(version.as_bytes()) {
        headers.insert(X_VERSION, version);
    }
}

/// `x-MD5`: 32 lower-case digits, the one form that every version of the clients accepts.
pub(crate) fn name_md5(headers: &mut HeaderMap, md5: Md5) {
    insert_text(headers, X_MD5, md5.to_string());
}

/// Both digests of the file, its type and its name.
pub(crate) fn name_file(headers: &mut HeaderMap, artifact: &Artifact) {
    name_md5(headers, artifact.md5);
    insert_text(headers, X_SHA256, artifact.id.to_string());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    let disposition = format!("attachment; filename=\"{}\"", file_name(artifact));
    insert_text(headers, CONTENT_DISPOSITION, disposition);
}

/// Inserts a text of ours, which is ASCII.
pub(crate) fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(text)) {
        headers.insert(name, value);
    }
}

/// The name that the file was pushed under, without what a shell, a header or a file system could take for more.
pub(crate) fn file_name(artifact: &Artifact) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String =
        artifact.file_name.chars().map(|c| if plain(c) { c } else { '_' }).take(FILE_NAME).collect();
    match name.trim_start_matches(['.', '-']) {
        "" => "firmware.bin".into(),
        name => name.into(),
    }
}
