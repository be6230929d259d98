//! When a release is not published: every rule, in the order in which it is asked. Pure.

use std::collections::BTreeSet;
use std::fmt;

use http::StatusCode;
use otary_fleet::{
    Artifact, Catalogue, Channel, Chip, Kind, Order, Product, ProductName, Release, RiskName, Version,
    compare, is_deceptive,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::problem::Problem;
use super::review::FileRisk;

/// Why a release is not published.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The product does not exist, and others do: it may be a slip of the pen.
    #[error("there is no product {product}, only {}", list(others))]
    UnknownProduct {
        /// The name.
        product: ProductName,
        /// Those that there are.
        others: Vec<ProductName>,
    },
    /// A release has at least one file.
    #[error("a release has at least one file")]
    NoFile,
    /// A release has at most [`Refusal::MAX_FILES`] files.
    #[error("a release has at most {} files, these are {found}", Self::MAX_FILES)]
    TooManyFiles {
        /// How many there are.
        found: usize,
    },
    /// The version is empty, too long, deceives, or has space around it.
    #[error(
        "a version has 1 to {} bytes, no space around it, and no characters that control, end a line or turn the direction \
         of writing",
        Release::MAX_VERSION
    )]
    VersionText,
    /// The notes are too long.
    #[error("notes have at most {} bytes, these have {found}", Release::MAX_NOTES)]
    NotesTooLong {
        /// Bytes that there are.
        found: usize,
    },
    /// There is a release of that version already, however it is written.
    #[error("{product} {existing} is released already{}", withdrawn_note(*withdrawn))]
    VersionExists {
        /// The product.
        product: ProductName,
        /// The version as that release writes it.
        existing: Version,
        /// Whether that release is withdrawn.
        withdrawn: bool,
    },
    /// The file is opaque, and the product is not marked for such files.
    #[error("{file} is opaque to otary, and {product} takes no raw files")]
    RawNotAllowed {
        /// The file.
        file: String,
        /// The product.
        product: ProductName,
    },
    /// The file is for another chip than the product is made with.
    #[error("{file} is for the {}, and {product} is made with {}", chip.family(), list(chips))]
    WrongChip {
        /// The file.
        file: String,
        /// The file's chip.
        chip: Chip,
        /// The product.
        product: ProductName,
        /// The product's chips, as the operator said or as its releases show.
        chips: BTreeSet<Chip>,
    },
    /// Two files of a release are for the same chip and of the same kind, and no Tasmota would tell them apart by name.
    #[error("{first} and {second} are both {} of one release", role(*kind, *chip))]
    TwoForOne {
        /// One file.
        first: String,
        /// The other.
        second: String,
        /// Their kind.
        kind: Kind,
        /// Their chip.
        chip: Option<Chip>,
    },
    /// The image names another project than the product's newest release did.
    #[error("{file} calls itself {found}, and the last release of {product} was {expected}")]
    OtherProject {
        /// The file.
        file: String,
        /// The project that the image names.
        found: String,
        /// The project that the product's newest release names.
        expected: String,
        /// The product.
        product: ProductName,
    },
    /// Every file was released before: devices that run it would never be offered this release.
    #[error("{} released already as {product} {version}: no device that runs it would be offered it again", these(*files))]
    NothingNew {
        /// How many files there are.
        files: usize,
        /// The product.
        product: ProductName,
        /// The release that they belong to.
        version: Version,
    },
    /// The version is older than the newest of its channel.
    #[error("{version} is older than {newest}, the newest of the channel {channel}")]
    OlderVersion {
        /// The version.
        version: Version,
        /// The newest one.
        newest: Version,
        /// The channel.
        channel: Channel,
    },
    /// Devices that run a file might be lost, or a secret be.
    #[error("{}", sentences(risks))]
    Risky {
        /// The risks that were not accepted.
        risks: Vec<FileRisk>,
    },
}

/// What an operator may let pass: most often a mistake, and sometimes meant.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Allowance {
    /// A product that does not exist yet, although there are others: it is made.
    NewProduct,
    /// A version that is older than the newest of its channel.
    Older,
    /// An image that names another project than the product's last release.
    OtherProject,
}

impl Refusal {
    /// Files that a release may have.
    pub const MAX_FILES: usize = 32;

    /// The code that programs may rely on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownProduct { .. } => "unknown-product",
            Self::NoFile => "no-file",
            Self::TooManyFiles { .. } => "too-many-files",
            Self::VersionText => "version-text",
            Self::NotesTooLong { .. } => "notes-too-long",
            Self::VersionExists { .. } => "release-exists",
            Self::RawNotAllowed { .. } => "raw-not-allowed",
            Self::WrongChip { .. } => "wrong-chip",
            Self::TwoForOne { .. } => "two-for-one-chip",
            Self::OtherProject { .. } => "other-project",
            Self::NothingNew { .. } => "nothing-new",
            Self::OlderVersion { .. } => "older-version",
            Self::Risky { .. } => "risky",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::UnknownProduct { .. } => "if it is a new product, say --new-product".into(),
            Self::VersionExists { product, existing, withdrawn: true } => {
                format!("otary release restore {product} {existing}, or another version")
            }
            Self::VersionExists { .. } => "give it another version: devices tell releases apart by it".into(),
            Self::RawNotAllowed { product, .. } => format!("otary product set {product} --allow-raw"),
            Self::WrongChip { chip, product, chips, .. } => {
                let chips: Vec<&str> = chips.iter().chain([chip]).map(|chip| chip.name()).collect();
                format!(
                    "if {product} is made with it too, otary product set {product} --chips {}",
                    chips.join(",")
                )
            }
            Self::TwoForOne { .. } => "push one of them".into(),
            Self::OtherProject { .. } => "if it is meant for this product, say --other-project".into(),
            Self::NothingNew { .. } => "build it anew, or tell devices apart by channel".into(),
            Self::OlderVersion { .. } => {
                "to publish it all the same, say --older; to take a bad release back, otary release withdraw"
                    .into()
            }
            Self::Risky { risks } => ways_out(risks),
            Self::NoFile | Self::TooManyFiles { .. } | Self::VersionText | Self::NotesTooLong { .. } => {
                return None;
            }
        })
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::VersionExists { .. } | Refusal::NothingNew { .. } | Refusal::OlderVersion { .. } => {
                StatusCode::CONFLICT
            }
            Refusal::UnknownProduct { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let problem = Self::new(status, refusal.code(), refusal.to_string());
        let problem = match refusal.help() {
            Some(help) => problem.help(help),
            None => problem,
        };
        match refusal {
            Refusal::Risky { risks } => problem.risks(risks),
            _ => problem,
        }
    }
}

/// Whether texts and number of files are such that a release can be made of them.
pub(super) fn check_form(version: &str, notes: &str, files: usize) -> Result<(), Refusal> {
    let fits = (1..=Release::MAX_VERSION).contains(&version.len());
    if !fits || version.trim() != version || version.contains(is_deceptive) {
        return Err(Refusal::VersionText);
    }
    if notes.len() > Release::MAX_NOTES {
        return Err(Refusal::NotesTooLong { found: notes.len() });
    }
    match files {
        0 => Err(Refusal::NoFile),
        1..=Refusal::MAX_FILES => Ok(()),
        found => Err(Refusal::TooManyFiles { found }),
    }
}

/// Whether `release`, made of `artifacts`, may join the catalogue.
pub(super) fn check(
    release: &Release,
    artifacts: &[Artifact],
    product: &Product,
    catalogue: &Catalogue,
    allowed: &BTreeSet<Allowance>,
) -> Result<(), Refusal> {
    check_version_is_new(release, catalogue)?;
    let chips = catalogue.chips(product);
    for artifact in artifacts {
        check_file(artifact, product, &chips)?;
    }
    check_one_for_each(artifacts)?;
    if !allowed.contains(&Allowance::OtherProject) {
        check_project(artifacts, product, catalogue)?;
    }
    check_something_is_new(release, catalogue)?;
    if allowed.contains(&Allowance::Older) { Ok(()) } else { check_not_older(release, catalogue) }
}

fn check_version_is_new(release: &Release, catalogue: &Catalogue) -> Result<(), Refusal> {
    let id = &release.id;
    let same = |other: &&Release| compare(&other.id.version, &id.version) == Order::Same;
    match catalogue.releases(&id.product).iter().find(same) {
        None => Ok(()),
        Some(other) => Err(Refusal::VersionExists {
            product: id.product.clone(),
            existing: other.id.version.clone(),
            withdrawn: other.withdrawn.is_some(),
        }),
    }
}

fn check_file(artifact: &Artifact, product: &Product, chips: &BTreeSet<Chip>) -> Result<(), Refusal> {
    let file = || artifact.file_name.clone();
    if artifact.kind == Kind::Raw && !product.allow_raw {
        return Err(Refusal::RawNotAllowed { file: file(), product: product.name.clone() });
    }
    if let Some(chip) = artifact.chip.filter(|chip| !chips.is_empty() && !chips.contains(chip)) {
        let (product, chips) = (product.name.clone(), chips.clone());
        return Err(Refusal::WrongChip { file: file(), chip, product, chips });
    }
    Ok(())
}

fn check_one_for_each(artifacts: &[Artifact]) -> Result<(), Refusal> {
    for (place, second) in artifacts.iter().enumerate() {
        let meets = |first: &&Artifact| {
            first.kind == second.kind
                && first.variant == second.variant
                && (first.chip == second.chip || first.chip.is_none() || second.chip.is_none())
        };
        if let Some(first) = artifacts.iter().take(place).find(meets) {
            return Err(Refusal::TwoForOne {
                first: first.file_name.clone(),
                second: second.file_name.clone(),
                kind: second.kind,
                chip: second.chip,
            });
        }
    }
    Ok(())
}

/// An image that names its project and differs from the product's newest release is most likely another product's.
fn check_project(artifacts: &[Artifact], product: &Product, catalogue: &Catalogue) -> Result<(), Refusal> {
    let releases = catalogue.releases(&product.name).iter().rev();
    let mut known = releases.flat_map(|r| &r.artifacts).filter_map(|id| catalogue.artifact(id));
    let Some(expected) = known.find_map(|artifact| artifact.project.clone()) else { return Ok(()) };
    let other = |artifact: &&Artifact| artifact.project.as_ref().is_some_and(|found| *found != expected);
    match artifacts.iter().find(other) {
        None => Ok(()),
        Some(artifact) => Err(Refusal::OtherProject {
            file: artifact.file_name.clone(),
            found: artifact.project.clone().unwrap_or_default(),
            expected,
            product: product.name.clone(),
        }),
    }
}

fn check_something_is_new(release: &Release, catalogue: &Catalogue) -> Result<(), Refusal> {
    let product = &release.id.product;
    let mut before = release.artifacts.iter().map(|id| catalogue.release_of(product, id));
    let Some(Some(first)) = before.next() else { return Ok(()) };
    if !before.all(|release| release.is_some()) {
        return Ok(());
    }
    Err(Refusal::NothingNew {
        files: release.artifacts.len(),
        product: product.clone(),
        version: first.id.version.clone(),
    })
}

fn check_not_older(release: &Release, catalogue: &Catalogue) -> Result<(), Refusal> {
    let live = |other: &&Release| other.withdrawn.is_none() && other.channel == release.channel;
    let newest = catalogue.releases(&release.id.product).iter().rev().find(live);
    match newest {
        Some(newest) if compare(&release.id.version, &newest.id.version) == Order::Older => {
            Err(Refusal::OlderVersion {
                version: release.id.version.clone(),
                newest: newest.id.version.clone(),
                channel: release.channel.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// Each file with its risks.
fn sentences(risks: &[FileRisk]) -> String {
    risks.iter().map(|FileRisk { file, risk }| format!("{file}: {risk}")).collect::<Vec<_>>().join("; ")
}

/// What to do about each kind of risk, and how to accept them all.
fn ways_out(risks: &[FileRisk]) -> String {
    let advice: BTreeSet<&str> = risks.iter().map(|found| found.risk.advice()).collect();
    let names: BTreeSet<RiskName> = risks.iter().map(|found| found.risk.name()).collect();
    let options: Vec<String> = names.iter().map(|name| format!("--i-know-what-i-do {name}")).collect();
    let advice: Vec<&str> = advice.into_iter().collect();
    format!("{}; to publish it all the same, say {}", advice.join("; "), options.join(" "))
}

/// `lamp, camera` or, of many, the first few.
fn list<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => {
            format!("{} and {more} more", names.get(..SHOWN).unwrap_or_default().join(", "))
        }
        _ => names.join(", "),
    }
}

const fn withdrawn_note(withdrawn: bool) -> &'static str {
    if withdrawn { " (and withdrawn)" } else { "" }
}

fn these(files: usize) -> &'static str {
    if files == 1 { "this file is" } else { "all these files are" }
}

fn role(kind: Kind, chip: Option<Chip>) -> String {
    match chip {
        Some(chip) => format!("the {} for the {}", kind.name(), chip.family()),
        None => format!("the {}", kind.name()),
    }
}
