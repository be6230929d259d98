//! An artifact on its way out: its bytes are read, shared and never copied, and what is handed over is counted.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use otary_fleet::{Artifact, Claimant, Delivery, Mac, Sha256, delivered};
use otary_store::Admit;

use crate::http1::{Reply, Transfer};
use crate::limits::FILE_NAME;
use crate::metrics::Transferred;
use crate::visit::{Shared, Visit};

/// An answer that takes an artifact's bytes.
pub(crate) struct Sending {
    pub(crate) artifact: Sha256,
    pub(crate) size: u64,
    pub(crate) part: Part,
    /// The answer but for its body.
    pub(crate) reply: Reply,
    /// The answer if the bytes are missing or damaged.
    pub(crate) otherwise: Reply,
}

/// What of an artifact is sent.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// All of it: a download, noted with the device that took it.
    Counted(Option<Recipient>),
    /// Some of it; noted with the device that took it, if there is one.
    Range(Range<u64>, Option<Recipient>),
}

/// Who takes an artifact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipient {
    /// The device, if it says who it is.
    pub(crate) device: Option<Mac>,
    /// Who seems to speak.
    pub(crate) claimant: Claimant,
}

impl Sending {
    /// Adds what an answer says of the file: both digests, `x-MD5` in the lower case that every version of the clients
    /// accepts; its type and its name.
    pub(crate) fn describe(reply: Reply, artifact: &Artifact) -> Reply {
        reply
            .field("x-MD5", artifact.md5)
            .field("x-SHA256", artifact.id)
            .field("Content-Type", "application/octet-stream")
            .field("Content-Disposition", format_args!("attachment; filename=\"{}\"", file_name(artifact)))
    }

    /// The answer with its bytes; they are read from disk if nobody else reads them now.
    pub(crate) async fn begin(self: Box<Self>, visit: &Visit) -> Reply {
        let Self { artifact, size, part, reply, otherwise } = *self;
        let Some(bytes) = load(visit, artifact, size).await else { return otherwise };
        match part {
            Part::Counted(recipient) => {
                let transfer = count(visit, artifact, size, recipient);
                reply.with_body(bytes, Some(transfer))
            }
            Part::Range(range, recipient) => {
                let transfer = recipient.map(|recipient| follow(visit, artifact, size, &range, recipient));
                reply.with_body(slice(&bytes, &range), transfer)
            }
        }
    }
}

/// An artifact's bytes, all of them. None if they are missing or damaged, which is logged.
async fn load(visit: &Visit, artifact: Sha256, size: u64) -> Option<Bytes> {
    let shared = Arc::clone(&visit.shared);
    let read = tokio::task::spawn_blocking(move || shared.store.blob(&artifact)).await;
    match read.ok()? {
        Ok(bytes) if bytes.len() as u64 == size => Some(bytes),
        Ok(bytes) => {
            tracing::error!(target: "download", %artifact, size, found = bytes.len(), "the artifact has another size");
            None
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(target: "download", %artifact, error, "the artifact cannot be read");
            None
        }
    }
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let [start, end] =
        [range.start, range.end].map(|offset| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len()));
    bytes.slice(start.min(end)..end)
}

/// Begins a transfer that is counted when it ends, and noted with the device that took it.
fn count(visit: &Visit, artifact: Sha256, size: u64, recipient: Option<Recipient>) -> Transfer {
    let shared = Arc::clone(&visit.shared);
    shared.transfers.fetch_add(1, Ordering::Relaxed);
    shared.counters.transfer_begins();
    let pacer = shared.rollout.transfer_begins(artifact);
    let (source, began) = (visit.peer, Instant::now());
    let transfer = Transfer::new(size, visit.held_back, move |bytes| {
        shared.transfers.fetch_sub(1, Ordering::Relaxed);
        shared.rollout.transfer_ends(artifact);
        let device = recipient.and_then(|recipient| recipient.device).map(|mac| mac.to_string());
        let outcome = if bytes == size { "whole" } else { "cut off" };
        let how = if bytes == size { Transferred::Whole } else { Transferred::CutOff };
        shared.counters.transfer_ends(how, bytes);
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "download", device, %source, %artifact, bytes, size, millis, "{outcome}");
        shared.store.count_download(&artifact, bytes == size);
        if let Some(Recipient { device: Some(mac), claimant }) = recipient {
            note(&shared, mac, Delivery { claimant, artifact, from: 0, asked: size, bytes, size });
        }
    });
    transfer.paced(pacer)
}

/// Begins the transfer of a part, which is noted with the device that takes it and counted as no download.
fn follow(visit: &Visit, artifact: Sha256, size: u64, range: &Range<u64>, recipient: Recipient) -> Transfer {
    let shared = Arc::clone(&visit.shared);
    let (from, asked) = (range.start, range.end.saturating_sub(range.start));
    shared.transfers.fetch_add(1, Ordering::Relaxed);
    shared.counters.transfer_begins();
    let pacer = shared.rollout.transfer_begins(artifact);
    let transfer = Transfer::new(asked, visit.held_back, move |bytes| {
        shared.transfers.fetch_sub(1, Ordering::Relaxed);
        shared.rollout.transfer_ends(artifact);
        let how = match (bytes < asked, from + bytes >= size) {
            (true, _) => Transferred::CutOff,
            (false, true) => Transferred::Whole,
            (false, false) => Transferred::Part,
        };
        shared.counters.transfer_ends(how, bytes);
        if let Recipient { device: Some(mac), claimant } = recipient {
            note(&shared, mac, Delivery { claimant, artifact, from, asked, bytes, size });
        }
    });
    transfer.paced(pacer)
}

/// Notes a transfer in the device's record, if it has one.
fn note(shared: &Shared, mac: Mac, delivery: Delivery) {
    let (now, artifact) = (shared.clock.now(), delivery.artifact);
    let catalogue = shared.store.catalogue();
    let noted = shared.store.with_device(mac, now, Admit::OnRecord, &mut |device| {
        let Some(device) = device else { return Vec::new() };
        if let Some(recorder) = &shared.recorder {
            recorder.delivery(&catalogue, device, delivery, now);
        }
        let mut turn = shared.rollout.turn();
        let event = delivered(device, delivery, now);
        turn.note(device, &catalogue, now);
        shared.census.note(device);
        event.into_iter().collect()
    });
    if let Err(error) = noted {
        let error: &dyn std::error::Error = &error;
        tracing::error!(target: "download", %artifact, error, "the download is not on record");
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
