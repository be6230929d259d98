//! Two releases of a product side by side. What differs is marked.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use otary_fleet::{Artifact, Kind, Time};
use otary_server::operator::{ReleaseView, ReleasedFile};
use serde::Deserialize;

use super::files::{Found, what};
use crate::access::Person;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::words::{bytes, clock, segment};

#[derive(Template)]
#[template(path = "compare.html")]
struct Page {
    frame: Frame,
    products: Vec<String>,
    versions: Vec<String>,
    which: Which,
    sections: Vec<Section>,
    paths: [String; 2],
}

/// Which two, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    product: String,
    #[serde(default)]
    a: String,
    #[serde(default)]
    b: String,
}

/// Rows of one file, or of the releases as such.
struct Section {
    name: String,
    rows: Vec<Row>,
}

/// A fact on both sides.
struct Row {
    name: &'static str,
    a: Vec<String>,
    b: Vec<String>,
    differs: bool,
}

pub(crate) async fn show(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let mut releases = person.api.releases(None).await?;
    releases.sort_by_key(|view| std::cmp::Reverse(view.release.published));
    let mut products: Vec<String> = releases.iter().map(|view| view.release.id.product.to_string()).collect();
    products.sort();
    products.dedup();
    let of_product = releases.iter().filter(|view| view.release.id.product.as_str() == which.product);
    let versions = of_product.map(|view| view.release.id.version.to_string()).collect();
    let sections = if which.a.is_empty() || which.b.is_empty() {
        Vec::new()
    } else {
        let a: ReleaseView = person.api.get(&which.path(&which.a)).await?;
        let b: ReleaseView = person.api.get(&which.path(&which.b)).await?;
        sections(&a, &b, person.now)
    };
    let page = Page {
        frame: person.frame(View::Releases, "Compare releases"),
        products,
        versions,
        sections,
        paths: [which.path(&which.a), which.path(&which.b)],
        which,
    };
    Ok(html(&page))
}

impl Which {
    fn path(&self, version: &str) -> String {
        format!("/releases/{}/{}", segment(&self.product), segment(version))
    }
}

fn sections(a: &ReleaseView, b: &ReleaseView, now: Time) -> Vec<Section> {
    let release = |view: &ReleaseView| {
        let release = &view.release;
        [release.channel.to_string(), clock(release.published), release.notes.clone()]
    };
    let rows = ["channel", "published", "notes"].into_iter().zip(release(a).into_iter().zip(release(b)));
    let rows = rows.map(|(name, (a, b))| Row::of(name, vec![a], vec![b])).collect();
    let mut sections = vec![Section { name: "The release".to_owned(), rows }];
    for file in &a.files {
        let twin = b.files.iter().find(|other| is_twin(&file.artifact, &other.artifact));
        sections.push(Section::of(Some(file), twin, now));
    }
    let alone = |file: &&ReleasedFile| !a.files.iter().any(|other| is_twin(&file.artifact, &other.artifact));
    sections.extend(b.files.iter().filter(alone).map(|file| Section::of(None, Some(file), now)));
    sections
}

/// Whether two files are the same thing of two releases.
fn is_twin(a: &Artifact, b: &Artifact) -> bool {
    (a.kind, a.chip, a.variant) == (b.kind, b.chip, b.variant)
        && (a.kind != Kind::Raw || a.file_name == b.file_name)
}

impl Section {
    fn of(a: Option<&ReleasedFile>, b: Option<&ReleasedFile>, now: Time) -> Self {
        let [left, right] = [a, b].map(|file| file.map(|file| side(file, now)).unwrap_or_default());
        let name = a.or(b).map(|file| what(&file.artifact)).unwrap_or_default();
        let sides = NAMES.into_iter().zip(left.into_iter().zip(right));
        let mut rows: Vec<Row> = sides.map(|(name, (a, b))| Row::of(name, a, b)).collect();
        if let (Some(a), Some(b)) = (a, b)
            && let Some(row) = rows.iter_mut().find(|row| row.name == "size")
        {
            row.b.push(growth(a.artifact.size, b.artifact.size));
        }
        Self { name, rows }
    }
}

/// The facts that are compared.
const NAMES: [&str; 9] = [
    "file",
    "size",
    "SHA-256",
    "calls itself",
    "says its version is",
    "built with",
    "names in it",
    "certificates in it",
    "signature",
];

fn side(file: &ReleasedFile, now: Time) -> [Vec<String>; 9] {
    let (artifact, found) = (&file.artifact, Found::of(&file.artifact, now));
    let signed = file.signature.as_ref().map(|signature| format!("release number {}", signature.number));
    [
        vec![artifact.file_name.clone()],
        vec![bytes(artifact.size)],
        vec![artifact.id.to_string()],
        artifact.project.iter().cloned().collect(),
        artifact.proposed_version.iter().cloned().collect(),
        artifact.sdk.iter().cloned().collect(),
        found.hosts,
        found.certificates,
        vec![signed.unwrap_or_else(|| "not signed".to_owned())],
    ]
}

/// How much larger or smaller the second is: `12.0 KB more`.
fn growth(a: u64, b: u64) -> String {
    match a.cmp(&b) {
        std::cmp::Ordering::Less => format!("{} more", bytes(b - a)),
        std::cmp::Ordering::Equal => "the same".to_owned(),
        std::cmp::Ordering::Greater => format!("{} less", bytes(a - b)),
    }
}

impl Row {
    fn of(name: &'static str, a: Vec<String>, b: Vec<String>) -> Self {
        Self { name, differs: a != b, a, b }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_sizes_says_which_way() {
        let sizes = [(1000, 3048), (3048, 1000), (7, 7)].map(|(a, b)| growth(a, b));
        assert_eq!(sizes, ["2.0 KB more", "2.0 KB less", "the same"]);
    }
}
