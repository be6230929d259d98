//! Uploads, with a bar for whoever watches.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, header};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otary_fleet::{Artifact, Sha256};
use otary_server::operator::Uploaded;

use super::{Client, KEY, new_key, request};
use super::{encode, path};

/// Bytes that are handed to the connection at a time.
const CHUNK: usize = 64 * 1024;
/// An upload that is done so soon shows no bar.
const SOON: Duration = Duration::from_millis(300);

/// A file to be pushed, in memory.
#[derive(Debug, Clone)]
pub struct PushedFile {
    /// Its name, without folders.
    pub name: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl PushedFile {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let reading = || format!("reading {}", path.display());
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| name_of(path))?.to_owned();
        let mut bytes = Vec::new();
        let file = File::open(path).with_context(reading)?;
        file.take(Artifact::MAX_SIZE + 1).read_to_end(&mut bytes).with_context(reading)?;
        if bytes.len() as u64 > Artifact::MAX_SIZE {
            return Err(anyhow!(
                "{} has more than {} bytes: no chip has room for it",
                path.display(),
                Artifact::MAX_SIZE
            ));
        }
        Ok(Self { name, bytes: bytes.into() })
    }
}

fn name_of(path: &Path) -> anyhow::Error {
    anyhow!("{} has no name that can be shown: rename it", path.display())
}

impl Client {
    /// Uploads a file. The bar is only drawn on a terminal, and only if there is something to wait for.
    pub fn upload(&mut self, file: &PushedFile, raw: bool) -> anyhow::Result<Uploaded> {
        let bar = bar(file);
        let bytes = file.bytes.clone();
        let chunks = (0..bytes.len()).step_by(CHUNK).map({
            let (bar, began) = (bar.clone(), Instant::now());
            move |start| {
                if began.elapsed() > SOON && bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                let chunk = bytes.slice(start..bytes.len().min(start + CHUNK));
                bar.inc(chunk.len() as u64);
                Ok::<_, std::io::Error>(chunk)
            }
        });
        let place = format!("{}?file={}&raw={raw}", path(["artifacts"]), encode(&file.name));
        let mut request = request(Method::POST, &place, Body::from_stream(stream::iter(chunks)))?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/octet-stream"));
        headers.insert(header::CONTENT_LENGTH, file.bytes.len().into());
        let digest = STANDARD.encode(Sha256::of(&file.bytes).0);
        headers.insert("content-digest", format!("sha-256=:{digest}:").parse()?);
        headers.insert(KEY, new_key()?);
        let answer = self.exchange(request);
        bar.finish_and_clear();
        Ok(serde_json::from_slice(&answer?)?)
    }
}

fn bar(file: &PushedFile) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(file.bytes.len() as u64), ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}, {bytes_per_sec}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.with_message(file.name.clone())
}
