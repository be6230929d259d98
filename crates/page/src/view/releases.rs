//! *Releases*: by product, the newest first, with what each is doing.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use otary_fleet::{ReleaseId, Scope, Time};
use otary_server::operator::{ProductView, ReleaseView};
use serde::Deserialize;

use super::campaigns::Mark;
use crate::access::Person;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::words::{self, Ago, bytes, segment};

#[derive(Template)]
#[template(path = "releases.html")]
struct Page {
    frame: Frame,
    products: Vec<Product>,
    /// Whether one product alone is shown.
    narrowed: bool,
    may_push: bool,
}

/// A product with its releases.
struct Product {
    name: String,
    said: String,
    rows: Vec<Row>,
    /// The two newest ones side by side.
    compare: Option<String>,
}

/// A release on a line.
struct Row {
    version: String,
    path: String,
    channel: String,
    files: String,
    running: u64,
    query: String,
    state: Mark,
    kept: bool,
    published: Ago,
}

/// Which product's releases, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    product: String,
}

pub(crate) async fn list(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let products: Vec<ProductView> = person.api.get("/products").await?;
    let mut releases = person.api.releases(None).await?;
    releases.sort_by_key(|view| std::cmp::Reverse(view.release.published));
    let wanted =
        |view: &&ProductView| which.product.is_empty() || view.product.name.as_str() == which.product;
    let products = products.iter().filter(wanted);
    let page = Page {
        frame: person.frame(View::Releases, "Releases"),
        products: products.map(|product| Product::of(product, &releases, person.now)).collect(),
        narrowed: !which.product.is_empty(),
        may_push: person.may_somewhere(Scope::Push),
    };
    Ok(html(&page))
}

impl Product {
    fn of(view: &ProductView, releases: &[ReleaseView], now: Time) -> Self {
        let name = &view.product.name;
        let own: Vec<&ReleaseView> =
            releases.iter().filter(|release| release.release.id.product == *name).collect();
        let compare = match own.as_slice() {
            [new, old, ..] => Some(format!(
                "/compare?product={}&a={}&b={}",
                segment(name.as_str()),
                segment(old.release.id.version.as_str()),
                segment(new.release.id.version.as_str())
            )),
            _ => None,
        };
        let offers: Vec<String> =
            view.newest.iter().map(|(channel, version)| format!("{channel} offers {version}")).collect();
        let devices = words::count(view.devices, "device");
        Self {
            name: name.to_string(),
            said: [vec![devices], offers].concat().join(", "),
            rows: own.into_iter().map(|release| Row::of(release, view, now)).collect(),
            compare,
        }
    }
}

impl Row {
    fn of(view: &ReleaseView, product: &ProductView, now: Time) -> Self {
        let release = &view.release;
        let id = &release.id;
        let size: u64 = view.files.iter().map(|file| file.artifact.size).sum();
        Self {
            version: id.version.to_string(),
            path: path(&view.release.id),
            channel: release.channel.to_string(),
            files: format!("{}, {}", words::count(view.files.len() as u64, "file"), bytes(size)),
            running: view.running,
            query: running(view),
            state: state(view, product),
            kept: release.pinned,
            published: Ago::new(release.published, now),
        }
    }
}

/// What is done with a release.
fn state(view: &ReleaseView, product: &ProductView) -> Mark {
    let release = &view.release;
    let newest = product.newest.get(release.channel.as_str());
    match release.withdrawn {
        Some(_) => Mark { class: "bad", word: "withdrawn" },
        None if newest == Some(&release.id.version) => Mark { class: "good", word: "newest" },
        None => Mark { class: "", word: "superseded" },
    }
}

/// Where a release's page is.
pub(super) fn path(id: &ReleaseId) -> String {
    format!("/releases/{}/{}", segment(id.product.as_str()), segment(id.version.as_str()))
}

/// The devices that run it.
pub(super) fn running(view: &ReleaseView) -> String {
    let id = &view.release.id;
    let query = format!("release = \"{}@{}\"", id.product, id.version);
    format!("/devices?where={}", segment(&query))
}
