//! An upload on its way to a release: what the files are, what publishing them would do, and what speaks against it, before
//! anything is published. The first button asks the API what would happen; the second one has it happen.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use otary_fleet::{Artifact, RiskName, Scope, Sequence, Sha256};
use otary_server::operator::{
    Allowance, Effect, Part, ProductView, Publication, Published, ServerSigning, SigningView,
};

use super::fault::Fault;
use super::files::Found;
use super::going::{Going, by_campaign};
use super::release::Flight;
use super::releases;
use crate::access::Person;
use crate::failure::Failure;
use crate::form::{Form, done};
use crate::frame::{Frame, View, html};
use crate::words::{number, segment};

/// What is let pass besides risks: the API's code of the refusal, the allowance, and what ticking its box says.
const ALLOWANCES: [(&str, &str, Allowance, &str); 3] = [
    ("unknown-product", "new-product", Allowance::NewProduct, "It is a new product: make it"),
    ("older-version", "older", Allowance::Older, "The version is meant to be older than the newest one"),
    (
        "other-project",
        "other-project",
        Allowance::OtherProject,
        "It is meant to be another project than before",
    ),
];

#[derive(Template)]
#[template(path = "upload.html")]
struct Page {
    frame: Frame,
    files: Vec<Dropped>,
    products: Vec<String>,
    signs: bool,
    filled: Filled,
    going: Going,
    fault: Option<Fault>,
    boxes: Vec<Tick>,
    /// What was looked at: only that is published.
    reviewed: String,
    review: Option<Reviewed>,
}

/// A file that was uploaded.
struct Dropped {
    /// As it stands in the address.
    part: String,
    found: Found,
}

/// What was filled in, to be shown again.
#[derive(Default)]
struct Filled {
    product: String,
    version: String,
    channel: String,
    notes: String,
    sign: bool,
    via: String,
    app_first: bool,
}

/// A box by which something is accepted that would be refused.
struct Tick {
    field: &'static str,
    value: String,
    said: String,
    advice: &'static str,
    ticked: bool,
}

/// What publishing would do.
struct Reviewed {
    release: String,
    effect: String,
    groups: Vec<(String, String, Vec<String>)>,
    flight: Option<Flight>,
    notes: Vec<String>,
    superseded: Vec<String>,
    goes: String,
    new_product: bool,
}

/// The form: a place to drop files, and once there are some, what is asked of them.
pub(crate) async fn form(person: Person, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let parts = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "file");
    let parts: Vec<String> = parts.map(|(_, part)| part.into_owned()).collect();
    let artifacts = artifacts(&person, &parts).await?;
    let said =
        |of: fn(&Artifact) -> Option<&String>| artifacts.iter().find_map(of).cloned().unwrap_or_default();
    let products = products(&person).await?;
    let project = said(|artifact| artifact.project.as_ref());
    let filled = Filled {
        product: proposed_product(&project, &products),
        version: said(|artifact| artifact.proposed_version.as_ref()),
        ..Filled::default()
    };
    let page = Page {
        files: dropped(&person, &parts, &artifacts),
        signs: signs(&person).await?,
        frame: person.frame(View::Releases, "Upload a release"),
        products,
        filled,
        going: Going::default(),
        fault: None,
        boxes: Vec::new(),
        reviewed: String::new(),
        review: None,
    };
    Ok(html(&page))
}

/// Says what would happen, or publishes.
pub(crate) async fn send(form: Form) -> Result<Response, Failure> {
    let parts: Vec<String> = form.all("file").map(str::to_owned).collect();
    let mut publication = publication(&form, &parts)?;
    let reviewed = digest(&publication)?;
    // What was changed since it was looked at is looked at first.
    let publish = form.text("step") == "publish" && form.text("reviewed") == reviewed;
    publication.dry_run = !publish;
    let answer = form.api().post("/releases", &publication).await;
    match answer {
        Ok(answer) if publish => Ok(published(&answer.read()?)),
        Ok(answer) => {
            let would: Published = answer.read()?;
            let page = filled_in(&form, &parts, None, Some(&would)).await?;
            Ok(html(&Page { reviewed, ..page }))
        }
        Err(failure) => {
            let fault = Fault::of(failure)?;
            let status = fault.status;
            let page = filled_in(&form, &parts, Some(fault), None).await?;
            Ok((status, html(&page)).into_response())
        }
    }
}

/// To what comes of it: the campaign if there is one, else the release.
fn published(published: &Published) -> Response {
    let id = &published.release.id;
    match &published.campaign {
        Some(campaign) => done(&format!("/campaigns/{}", campaign.id), "published").into_response(),
        None => done(&releases::path(id), "published").into_response(),
    }
}

/// The page once more, as it was filled in, with what the API said.
async fn filled_in(
    form: &Form,
    parts: &[String],
    fault: Option<Fault>,
    would: Option<&Published>,
) -> Result<Page, Failure> {
    let person = &form.person;
    let artifacts = artifacts(person, parts).await?;
    let text = |name| form.text(name).to_owned();
    Ok(Page {
        frame: person.frame(View::Releases, "Upload a release"),
        files: dropped(person, parts, &artifacts),
        products: products(person).await?,
        signs: signs(person).await?,
        filled: Filled {
            product: text("product"),
            version: text("version"),
            channel: text("channel"),
            notes: text("notes"),
            sign: form.given("sign").is_some(),
            via: text("via"),
            app_first: order(form) == Sequence::AppFirst,
        },
        going: Going::of(form),
        boxes: boxes(form, fault.as_ref(), would),
        reviewed: String::new(),
        review: would.map(Reviewed::of),
        fault,
    })
}

/// The digest of what is to be published.
fn digest(publication: &Publication) -> Result<String, Failure> {
    let json = serde_json::to_vec(publication).map_err(Failure::internal)?;
    Ok(Sha256::of(&json).to_string())
}

/// What the form says, to be published.
fn publication(form: &Form, parts: &[String]) -> Result<Publication, Failure> {
    let ticked: BTreeSet<&str> = form.all("allow").collect();
    let allowed = ALLOWANCES.into_iter().filter(|(_, name, ..)| ticked.contains(name));
    let risks = form.all("risk").map(str::parse::<RiskName>).collect::<Result<BTreeSet<RiskName>, _>>();
    let artifacts = parts.iter().map(|part| {
        let (id, file, raw) = read_part(part)?;
        Ok(Part { id, file, raw })
    });
    Ok(Publication {
        product: form.read("product", "a product's name")?,
        version: form.text("version").to_owned(),
        channel: form.read_given("channel", "a channel's name")?,
        notes: form.text("notes").to_owned(),
        artifacts: artifacts.collect::<Result<_, Failure>>()?,
        allow: allowed.map(|(_, _, allowance, _)| allowance).collect(),
        risks: risks.map_err(|error| refused(&error.to_string()))?,
        manifests: Vec::new(),
        sign: form.given("sign").map(|_| ServerSigning::default()),
        order: order(form),
        via: form.read_given("via", "a version of this product")?,
        campaign: by_campaign(form)?,
        supersede: form.given("supersede").is_some(),
        dry_run: false,
        keep_uploads: true,
    })
}

/// Which of the files go first.
fn order(form: &Form) -> Sequence {
    if form.text("order") == "app-first" { Sequence::AppFirst } else { Sequence::FilesFirst }
}

/// What was accepted already, and what could be now.
fn boxes(form: &Form, fault: Option<&Fault>, would: Option<&Published>) -> Vec<Tick> {
    let ticked: BTreeSet<&str> = form.all("allow").chain(form.all("risk")).collect();
    let code = fault.map(|fault| fault.code.as_str());
    let mut boxes: Vec<Tick> = ALLOWANCES
        .into_iter()
        .filter(|(refusal, name, ..)| code == Some(*refusal) || ticked.contains(name))
        .map(|(_, name, _, said)| Tick {
            field: "allow",
            value: name.to_owned(),
            said: said.to_owned(),
            advice: "",
            ticked: ticked.contains(name),
        })
        .collect();
    let now = fault.into_iter().flat_map(|fault| &fault.risks).map(|risk| (&risk.file, &risk.risk));
    let accepted = would.into_iter().flat_map(|would| &would.reviews);
    let accepted = accepted.flat_map(|review| review.accepted.iter().map(move |risk| (&review.file, risk)));
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (file, risk) in now.chain(accepted) {
        let name = risk.name().name();
        named.insert(name);
        boxes.push(Tick {
            field: "risk",
            value: name.to_owned(),
            said: format!("{file}: {risk}"),
            advice: risk.advice(),
            ticked: ticked.contains(name),
        });
    }
    // What was accepted before stays so while another refusal is in the way.
    for risk in RiskName::ALL.into_iter().map(RiskName::name) {
        if ticked.contains(risk) && !named.contains(risk) {
            let said = format!("accepted: {risk}");
            boxes.push(Tick { field: "risk", value: risk.to_owned(), said, advice: "", ticked: true });
        }
    }
    boxes
}

impl Reviewed {
    fn of(would: &Published) -> Self {
        let goes = match &would.campaign {
            Some(campaign) => {
                let waves: Vec<String> = campaign.waves.iter().map(|wave| wave.share.to_string()).collect();
                format!("by a campaign in {} waves: {}", waves.len(), waves.join(", "))
            }
            None => "to all of its devices at once".to_owned(),
        };
        let reviews = would.reviews.iter().filter(|review| !review.hosts.is_empty());
        let names = reviews.map(|review| {
            format!("{} has these names of this server in it: {}", review.file, review.hosts.join(", "))
        });
        Self {
            release: would.release.id.to_string(),
            effect: would.effect.as_ref().map(Effect::to_string).unwrap_or_default(),
            groups: would.effect.as_ref().map(groups).unwrap_or_default(),
            flight: would.preflight.as_ref().map(Flight::of),
            notes: names.chain(would.notes.iter().cloned()).collect(),
            superseded: would
                .superseded
                .iter()
                .map(|ended| format!("campaign {} ({})", ended.campaign, ended.release))
                .collect(),
            goes,
            new_product: would.new_product,
        }
    }
}

/// How the devices will fare: how many, how, and some of them.
fn groups(effect: &Effect) -> Vec<(String, String, Vec<String>)> {
    let groups = effect.groups.iter().map(|group| {
        let (one, several) = group.forecast.words();
        let words = if group.devices == 1 { one } else { several };
        let examples = group.examples.iter().map(ToString::to_string).collect();
        (number(group.devices), words.to_owned(), examples)
    });
    groups.collect()
}

/// The product that a project's name proposes: one that there is, else the only one.
fn proposed_product(project: &str, products: &[String]) -> String {
    let known = products.iter().find(|product| product.eq_ignore_ascii_case(project));
    match (known, products) {
        (Some(known), _) => known.clone(),
        (None, [only]) => only.clone(),
        (None, _) => String::new(),
    }
}

async fn artifacts(person: &Person, parts: &[String]) -> Result<Vec<Artifact>, Failure> {
    let mut artifacts = Vec::new();
    for part in parts {
        let (id, file, raw) = read_part(part)?;
        artifacts.push(person.api.get(&format!("/artifacts/{id}?file={}&raw={raw}", segment(&file))).await?);
    }
    Ok(artifacts)
}

fn dropped(person: &Person, parts: &[String], artifacts: &[Artifact]) -> Vec<Dropped> {
    let dropped = parts
        .iter()
        .zip(artifacts)
        .map(|(part, artifact)| Dropped { part: part.clone(), found: Found::of(artifact, person.now) });
    dropped.collect()
}

/// A file of the address: `raw:` if it is taken as it is, its digest, a colon, its name.
fn read_part(part: &str) -> Result<(Sha256, String, bool), Failure> {
    let (rest, raw) = part.strip_prefix("raw:").map_or((part, false), |rest| (rest, true));
    let split = rest.split_once(':').and_then(|(id, file)| Some((id.parse().ok()?, file.to_owned(), raw)));
    split.ok_or_else(|| refused("a file of the address is a digest, a colon and a name: drop it once more"))
}

fn refused(detail: &str) -> Failure {
    Failure::refused(StatusCode::BAD_REQUEST, "bad-field", detail)
}

async fn products(person: &Person) -> Result<Vec<String>, Failure> {
    let products: Vec<ProductView> = person.api.get("/products").await?;
    let may =
        products.iter().map(|view| &view.product.name).filter(|name| person.may(Scope::Push, Some(name)));
    Ok(may.map(ToString::to_string).collect())
}

/// Whether this server holds a key by which releases are signed.
async fn signs(person: &Person) -> Result<bool, Failure> {
    let signing: Option<SigningView> = Failure::left_out(person.api.get("/signing").await)?;
    Ok(signing.is_some_and(|signing| signing.holds_release_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_proposes_a_product_that_there_is() {
        let products = ["lamp", "plug"].map(str::to_owned);
        assert_eq!(proposed_product("Lamp", &products), "lamp");
        assert_eq!(proposed_product("esp-idf", &products), "");
        assert_eq!(proposed_product("esp-idf", &products[..1]), "lamp", "the only one there is");
    }

    #[test]
    fn a_files_name_may_have_colons_and_its_digest_none() {
        let id = "ab".repeat(32);
        let part = |raw| (id.parse().unwrap(), "a:b.bin".to_owned(), raw);
        assert_eq!(read_part(&format!("{id}:a:b.bin")).unwrap(), part(false));
        assert_eq!(read_part(&format!("raw:{id}:a:b.bin")).unwrap(), part(true));
        assert!(read_part("lamp.bin").is_err());
    }
}
