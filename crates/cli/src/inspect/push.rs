//! What `otary push` would do with the file, and why not: by the same reading of its facts.

use otary_fleet::{Chip, Kind, Md5, ReadError, Sha256, Time, Wrapped};
use serde::Serialize;

use super::Content;
use super::bytes;
use super::defect::Defect;
use super::page::Page;

/// What a push would do.
#[derive(Debug, Serialize)]
pub struct PushFacts {
    pub accepted: bool,
    /// The artifact that it would make.
    pub artifact: Option<ArtifactFacts>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
    /// Why it is refused.
    pub refused: Option<String>,
    pub help: Option<String>,
}

/// The artifact of a push.
#[derive(Debug, Serialize)]
pub struct ArtifactFacts {
    pub kind: Kind,
    pub chip: Option<Chip>,
    /// Where in the file it begins.
    pub offset: usize,
    pub size: u64,
    pub sha256: Sha256,
    /// What devices that run it report.
    pub sketch_md5: Vec<Md5>,
    pub sketch_sha256: Vec<Sha256>,
    pub proposed_version: Option<String>,
    /// `merged` or `gzip`, where it came in one.
    pub wrapped: Option<&'static str>,
}

impl PushFacts {
    pub fn of(file: &[u8], name: &str, content: &Content) -> Self {
        if matches!(content, Content::PartitionTable(_)) {
            // A table written as text is none to `read`, which looks at images.
            return Self::refused(&ReadError::NotAnUpdate { what: "a partition table" });
        }
        // The time of a push is no fact of the file.
        match otary_fleet::read(file, name, Time::default(), false) {
            Ok(findings) => Self {
                accepted: true,
                artifact: Some(ArtifactFacts {
                    kind: findings.artifact.kind,
                    chip: findings.artifact.chip,
                    offset: findings.range.start,
                    size: findings.artifact.size,
                    sha256: findings.artifact.id,
                    sketch_md5: findings.artifact.md5s,
                    sketch_sha256: findings.artifact.digests,
                    proposed_version: findings.artifact.proposed_version,
                    wrapped: findings.wrapped.map(|wrapped| match wrapped {
                        Wrapped::Merged => "merged",
                        Wrapped::Gzip { .. } => "gzip",
                    }),
                }),
                notes: findings.notes,
                refused: None,
                help: None,
            },
            Err(error) => Self::refused(&error),
        }
    }

    fn refused(error: &ReadError) -> Self {
        Self {
            accepted: false,
            artifact: None,
            notes: Vec::new(),
            refused: Some(error.to_string()),
            help: error.help().map(str::to_owned),
        }
    }

    /// The last section. A refusal for the file's `error`, which is printed below the page, is not told twice.
    pub fn show(&self, error: Option<&Defect>, page: &mut Page) {
        page.heading("otary push");
        if let Some(artifact) = &self.artifact {
            artifact.show(page);
        }
        for note in &self.notes {
            page.text(sentence(note));
        }
        match &self.refused {
            Some(why) if error.is_some_and(|error| error.message == *why) => {
                page.text("It would refuse the file.");
            }
            Some(why) => {
                page.text(format_args!("It would refuse the file: {why}."));
                if let Some(help) = &self.help {
                    page.text(sentence(help));
                }
            }
            None => {}
        }
    }
}

impl ArtifactFacts {
    fn show(&self, page: &mut Page) {
        let what = match (self.kind, self.chip) {
            (Kind::App, Some(chip)) => format!("an app for {}", chip.family()),
            (Kind::App, None) => "an app".to_owned(),
            (Kind::Filesystem, _) => "a file system".to_owned(),
            (Kind::Raw, _) => "an opaque file".to_owned(),
        };
        let part = match self.wrapped {
            Some("merged") => format!("the {} from {:#x} on", bytes(self.size), self.offset),
            Some(_) => "it as it is, compressed,".to_owned(),
            None => "it".to_owned(),
        };
        let version = match &self.proposed_version {
            Some(version) => format!("It proposes version {version}."),
            None => "It proposes no version: give one with --version.".to_owned(),
        };
        page.text(format_args!("It would take {part} as {what}. {version}"));
        if self.kind != Kind::App {
            return;
        }
        page.text("A device that runs it reports:");
        for (place, md5) in self.sketch_md5.iter().enumerate() {
            page.row(if place == 0 { "sketch-md5" } else { "or" }, md5);
        }
        for (place, sha256) in self.sketch_sha256.iter().enumerate() {
            page.row(if place == 0 { "sketch-sha256" } else { "or" }, sha256);
        }
    }
}

/// A note as a sentence: a capital at its start, a full stop at its end.
fn sentence(note: &str) -> String {
    let mut letters = note.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
