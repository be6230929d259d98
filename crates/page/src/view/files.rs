//! What was found in a file: for the page of a release, before it is published, and side by side with another one.

use otary_fleet::{Artifact, Kind, Time, Variant};

use crate::words::{bytes, day, number};

/// A file, as people compare it.
pub(super) struct Found {
    pub(super) name: String,
    /// What it is, in a few words: `program for the ESP32-C3`.
    pub(super) what: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) hosts: Vec<String>,
    /// Certificates by name, and until when.
    pub(super) certificates: Vec<String>,
    /// Private keys by kind, and where.
    pub(super) keys: Vec<String>,
}

impl Found {
    pub(super) fn of(artifact: &Artifact, now: Time) -> Self {
        let embedded = &artifact.embedded;
        let certificates = embedded.certificates.iter().map(|found| {
            let ends = if found.anchor.not_after < now { "ended" } else { "until" };
            format!("{}, {ends} {}", found.anchor.name, day(found.anchor.not_after))
        });
        let keys = embedded.private_keys.iter();
        Self {
            name: artifact.file_name.clone(),
            what: what(artifact),
            facts: facts(artifact),
            hosts: embedded.hosts.iter().chain(&embedded.urls).cloned().collect(),
            certificates: certificates.collect(),
            keys: keys.map(|key| format!("{} at offset {:#x}", key.kind, key.offset)).collect(),
        }
    }
}

/// What a file is, in a few words.
pub(super) fn what(artifact: &Artifact) -> String {
    let kind = match artifact.kind {
        Kind::App => "program",
        Kind::Filesystem => "file system",
        Kind::Raw => "opaque file",
    };
    let chip = artifact.chip.map(|chip| format!(" for the {}", chip.family())).unwrap_or_default();
    let variant = match artifact.variant {
        Variant::Whole => String::new(),
        other => format!(", {}", other.name()),
    };
    format!("{kind}{chip}{variant}")
}

fn facts(artifact: &Artifact) -> Vec<(&'static str, String)> {
    let size = format!("{} ({} bytes)", bytes(artifact.size), number(artifact.size));
    let mut facts = vec![("size", if artifact.gzip { format!("{size}, gzip") } else { size })];
    let said = [
        ("calls itself", &artifact.project),
        ("says its version is", &artifact.proposed_version),
        ("built with", &artifact.sdk),
    ];
    facts.extend(said.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    if artifact.kind == Kind::App {
        // Flash is written in sectors of 4 KB.
        let room = bytes(artifact.size.next_multiple_of(4096));
        facts.push(("needs", format!("a partition of {room} beside the one that runs")));
    }
    facts.push(("SHA-256", artifact.id.to_string()));
    facts
}
