//! One release: what its files are, who runs it, who would not take it, and what can be done with it.

use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::Method;
use otary_fleet::{Preflight, ReleaseId, Scope, Sequence, Time};
use otary_server::operator::{CampaignView, NewCampaign, ReleaseView, ReleasedFile};
use serde_json::json;

use super::campaigns::Line;
use super::files::Found;
use super::going::{Going, settings};
use super::releases::{path, running};
use crate::access::Person;
use crate::failure::Failure;
use crate::form::{Form, done, no_action};
use crate::frame::{Frame, View, html};
use crate::words::{self, Ago, number, segment};

/// Devices that are named of those that would not take it.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "release.html")]
struct Page {
    frame: Frame,
    product: String,
    version: String,
    path: String,
    channel: String,
    published: Ago,
    withdrawn: Option<Ago>,
    kept: bool,
    notes: String,
    order: Option<&'static str>,
    via: Option<String>,
    running: String,
    running_path: String,
    files: Vec<File>,
    preflight: Flight,
    campaigns: Vec<Line>,
    compare: Vec<(String, String)>,
    going: Going,
    may: bool,
}

/// A file of the release, and how often it was sent.
struct File {
    found: Found,
    signature: Option<(&'static str, String)>,
    downloads: String,
}

/// Which devices would not take it.
pub(super) struct Flight {
    pub(super) said: String,
    pub(super) obstacles: Vec<(String, String)>,
    pub(super) named: Vec<(String, String)>,
    pub(super) more: u64,
}

pub(crate) async fn show(
    person: Person,
    Path((product, version)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let place = format!("/{}/{}", segment(&product), segment(&version));
    let view: ReleaseView = person.api.get(&format!("/releases{place}")).await?;
    let preflight: Preflight = person.api.get(&format!("/preflight{place}")).await?;
    let others = person.api.releases(Some(&product)).await?;
    let campaigns = person.api.campaigns(Some(&product)).await?;
    let release = &view.release;
    let own = campaigns.iter().filter(|campaign| campaign.campaign.release == release.id);
    let page = Page {
        frame: person.frame(View::Releases, release.id.to_string()),
        path: path(&view.release.id),
        channel: release.channel.to_string(),
        published: Ago::new(release.published, person.now),
        withdrawn: release.withdrawn.map(|then| Ago::new(then, person.now)),
        kept: release.pinned,
        notes: release.notes.clone(),
        order: (view.files.len() > 1).then_some(match release.order {
            Sequence::FilesFirst => "the file system goes first",
            Sequence::AppFirst => "the program goes first",
        }),
        via: release.via.as_ref().map(ToString::to_string),
        running: words::count(view.running, "device"),
        running_path: running(&view),
        files: view.files.iter().map(|file| File::of(file, person.now)).collect(),
        preflight: Flight::of(&preflight),
        campaigns: own.map(|view| Line::of(view, person.now)).collect(),
        compare: comparable(&others, &release.id),
        going: Going::default(),
        may: person.may(Scope::Operate, Some(&release.id.product)),
        product: release.id.product.to_string(),
        version: release.id.version.to_string(),
    };
    Ok(html(&page))
}

/// The product's other versions, and where each is side by side with this one.
fn comparable(others: &[ReleaseView], id: &ReleaseId) -> Vec<(String, String)> {
    let mut others: Vec<&ReleaseView> = others.iter().filter(|other| other.release.id != *id).collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.release.published));
    let product = segment(id.product.as_str());
    let link = |other: &ReleaseView| {
        let version = other.release.id.version.as_str();
        let (a, b) = (segment(version), segment(id.version.as_str()));
        (version.to_owned(), format!("/compare?product={product}&a={a}&b={b}"))
    };
    others.into_iter().take(12).map(link).collect()
}

impl File {
    fn of(file: &ReleasedFile, now: Time) -> Self {
        let signature = file.signature.as_ref().map(|signature| match &signature.refused {
            None => ("good", format!("signed, release number {}", signature.number)),
            Some(why) => ("bad", format!("signed, and no longer installed: {why}")),
        });
        Self {
            found: Found::of(&file.artifact, now),
            signature,
            downloads: format!("{} whole, {} cut off", number(file.downloads), number(file.cut_off)),
        }
    }
}

impl Flight {
    pub(super) fn of(preflight: &Preflight) -> Self {
        let obstacles = preflight.obstacles.iter();
        let named = preflight.named.iter().take(NAMED);
        let named: Vec<_> =
            named.map(|refuser| (refuser.device.to_string(), refuser.because.clone())).collect();
        Self {
            said: preflight.to_string(),
            obstacles: obstacles.map(|one| (number(one.devices), one.words.clone())).collect(),
            more: preflight.refuse.saturating_sub(named.len() as u64),
            named,
        }
    }
}

/// Withdraw, restore, keep, no longer keep, delete, send out.
pub(crate) async fn act(
    Path((product, version, action)): Path<(String, String, String)>,
    form: Form,
) -> Result<Response, Failure> {
    let page = format!("/releases/{}/{}", segment(&product), segment(&version));
    let api = form.api();
    let word = match action.as_str() {
        "withdraw" => "withdrawn",
        "restore" => "restored",
        "pin" => "kept",
        "unpin" => "unkept",
        "delete" => {
            form.check_typed(&version)?;
            api.send(Method::DELETE, &page, Body::empty()).await?;
            return Ok(done("/releases", "deleted").into_response());
        }
        "send" => {
            let new = NewCampaign {
                product: form.read("product", "a product's name")?,
                version: version.as_str().into(),
                channel: form.read_given("channel", "a channel's name")?,
                settings: settings(&form)?,
                supersede: form.given("supersede").is_some(),
            };
            let begun: CampaignView = api.post("/campaigns", &new).await?.read()?;
            return Ok(done(&format!("/campaigns/{}", begun.campaign.id), "started").into_response());
        }
        _ => return Err(no_action()),
    };
    api.post(&format!("{page}/{action}"), &json!({})).await?;
    Ok(done(&page, word).into_response())
}
