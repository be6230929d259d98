//! What a device is shown of an action: the deployment with its files and their digests, or the request to give it up.
//!
//! hawkBit's clients compare SHA-1, which no artifact's facts have: it is computed when it is first asked for.

use std::sync::Arc;

use otary_fleet::{Action, ActionId, ActionState, Artifact, Catalogue, Kind, Proof, Told};
use serde::Serialize;

use super::answer::{Problem, problem, shown};
use super::links::{Link, Links};
use super::path::ShownAt;
use super::tell::{refusal, told};
use super::{Asked, Known};
use crate::http1::{Head, Reply};
use crate::legacy_digest::LegacyDigests;
use crate::sending::file_name;
use crate::visit::{Plan, Visit};

/// An answer that takes the SHA-1 of files.
pub(crate) struct Describing {
    form: Form,
    id: ActionId,
    version: String,
    product: String,
    handling: &'static str,
    files: Vec<File>,
    history: Option<History>,
    links: Links,
}

/// How an action is told.
enum Form {
    Deployment,
    Confirmation,
    Files,
}

/// A file of an action, under the name that it has in links.
pub(super) struct File {
    pub(super) artifact: Artifact,
    pub(super) name: String,
}

/// What was said of an action.
#[derive(Debug, Serialize)]
struct History {
    status: &'static str,
    messages: Vec<String>,
}

#[derive(Serialize)]
struct Deployed {
    id: String,
    deployment: Deployment,
    #[serde(rename = "actionHistory", skip_serializing_if = "Option::is_none")]
    history: Option<History>,
}

#[derive(Serialize)]
struct ToConfirm {
    id: String,
    confirmation: Deployment,
    #[serde(rename = "actionHistory", skip_serializing_if = "Option::is_none")]
    history: Option<History>,
}

#[derive(Serialize)]
struct Deployment {
    download: &'static str,
    update: &'static str,
    chunks: [Chunk; 1],
}

#[derive(Serialize)]
struct Chunk {
    part: &'static str,
    version: String,
    name: String,
    artifacts: Vec<Described>,
}

#[derive(Serialize)]
struct Described {
    filename: String,
    hashes: Hashes,
    size: u64,
    #[serde(rename = "_links")]
    links: FileLinks,
}

#[derive(Serialize)]
struct Hashes {
    sha1: String,
    md5: String,
    sha256: String,
}

/// The links named for HTTP lead to HTTPS as well: some clients look for no others, and hawkBit's own examples have them so.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FileLinks {
    download: Link,
    md5sum: Link,
    download_http: Link,
    md5sum_http: Link,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancel {
    id: String,
    cancel_action: Stop,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stop {
    stop_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmationBase<'a> {
    auto_confirm: AutoConfirm<'a>,
    #[serde(rename = "_links")]
    links: ConfirmationLinks,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AutoConfirm<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmationLinks {
    #[serde(skip_serializing_if = "Option::is_none")]
    activate_auto_confirm: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivate_auto_confirm: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation_base: Option<Link>,
}

/// Shows what is asked for, or says why not.
pub(super) fn plan(visit: &Visit, head: &Head<'_>, asked: &Asked, at: ShownAt) -> Plan {
    let catalogue = visit.shared.store.catalogue();
    let known = match asked.known(visit, &catalogue) {
        Ok(known) => known,
        Err(why) => return problem(why).into(),
    };
    let answer = match at {
        ShownAt::Agreement => Ok(agreement(&known, &asked.links).into()),
        ShownAt::Cancel(id) => cancel(&known, id, &asked.links),
        ShownAt::Deployment(id) => deployment(visit, head, asked, &known, id, &catalogue),
        ShownAt::Installed(id) => {
            let over = known.action(id).filter(|action| matches!(action.state, ActionState::Finished { .. }));
            over.and_then(|action| describe(Form::Deployment, action, head, asked, &known, &catalogue))
        }
        .ok_or(Problem::NoAction),
        ShownAt::Confirmation(id) => {
            let waits = known.action(id).filter(|action| action.state == ActionState::Unconfirmed);
            waits.and_then(|action| describe(Form::Confirmation, action, head, asked, &known, &catalogue))
        }
        .ok_or(Problem::NoAction),
        ShownAt::Files(id) => known
            .action(id)
            .and_then(|action| describe(Form::Files, action, head, asked, &known, &catalogue))
            .ok_or(Problem::NoAction),
    };
    answer.unwrap_or_else(|why| problem(why).into())
}

/// A deployment that runs, and is offered now; or one that is over, for a client that wants to see it again. That a client
/// fetched it is noted: from then on it is asked to give it up, and not just told nothing more.
fn deployment(
    visit: &Visit,
    head: &Head<'_>,
    asked: &Asked,
    known: &Known,
    id: ActionId,
    catalogue: &Catalogue,
) -> Result<Plan, Problem> {
    let action = known.action(id).ok_or(Problem::NoAction)?;
    match action.state {
        ActionState::Unconfirmed | ActionState::Cancelling | ActionState::Cancelled { .. } => {
            return Err(Problem::NoAction);
        }
        ActionState::Running => {
            if known.decision(visit, catalogue).offered() != Some(action.artifact) {
                return Err(Problem::NoAction);
            }
            told(visit, asked, &Told::Retrieved(id)).map_err(refusal)?;
        }
        ActionState::Finished { .. } | ActionState::Failed { .. } => {}
    }
    describe(Form::Deployment, action, head, asked, known, catalogue).ok_or(Problem::NoAction)
}

fn describe(
    form: Form,
    action: &Action,
    head: &Head<'_>,
    asked: &Asked,
    known: &Known,
    catalogue: &Catalogue,
) -> Option<Plan> {
    Some(Plan::Describe(Box::new(Describing {
        form,
        id: action.id,
        version: (*action.release.version).to_owned(),
        product: action.release.product.to_string(),
        handling: handling(known),
        files: files(action, catalogue)?,
        history: history(action, head),
        links: asked.links.clone(),
    })))
}

/// `forced`: at once, since a person said so. Otherwise `attempt`: the device may choose its time. Never `skip`, which SWUpdate
/// reports as done.
fn handling(known: &Known) -> &'static str {
    if known.device.forced.is_some() { "forced" } else { "attempt" }
}

impl Known {
    /// The action of this number, if what was shown is enough to see it.
    pub(super) fn action(&self, id: ActionId) -> Option<&Action> {
        let proof: Proof = self.check_in.proof;
        self.device.controller.as_ref()?.action(id).filter(|action| proof >= action.proof)
    }
}

/// What an action has the device fetch, its own artifact first: of a release what is opaque, or the program with the file
/// systems of its chip. None if the release is gone.
pub(super) fn files(action: &Action, catalogue: &Catalogue) -> Option<Vec<File>> {
    let release = catalogue.release(&action.release)?;
    let main = catalogue.artifact(&action.artifact)?;
    let goes_along = |other: &&Artifact| {
        let opaque = other.kind == Kind::Raw && main.kind == Kind::Raw;
        let of_chip = other.kind == Kind::Filesystem && (other.chip.is_none() || other.chip == main.chip);
        other.id != main.id && (opaque || (of_chip && main.kind == Kind::App))
    };
    let others = release.artifacts.iter().filter_map(|id| catalogue.artifact(id)).filter(goes_along);
    let mut files: Vec<File> = Vec::new();
    for artifact in [main].into_iter().chain(others) {
        let plain = file_name(artifact);
        let taken = files.iter().any(|file| file.name == plain);
        let name = if taken { format!("{:.8}-{plain}", artifact.id) } else { plain };
        files.push(File { artifact: artifact.clone(), name });
    }
    Some(files)
}

/// What was said of the action, as many lines as the query asks for (`?actionHistory=n`; -1 for all).
fn history(action: &Action, head: &Head<'_>) -> Option<History> {
    let mut pairs = head.query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, text) = pairs.find(|(key, _)| *key == "actionHistory")?;
    let lines = match text.parse::<i64>().ok()? {
        0 => return None,
        lines => usize::try_from(lines).unwrap_or(usize::MAX),
    };
    let status = match action.state {
        ActionState::Unconfirmed => "WAIT_FOR_CONFIRMATION",
        ActionState::Running if action.kept.is_some() => "CANCEL_REJECTED",
        ActionState::Running if action.messages.is_empty() => "RETRIEVED",
        ActionState::Running => "RUNNING",
        ActionState::Cancelling => "CANCELING",
        ActionState::Finished { .. } => "FINISHED",
        ActionState::Failed { .. } => "ERROR",
        ActionState::Cancelled { .. } => "CANCELED",
    };
    Some(History { status, messages: action.messages.iter().take(lines).cloned().collect() })
}

fn cancel(known: &Known, id: ActionId, links: &Links) -> Result<Plan, Problem> {
    let action = known.action(id).filter(|action| action.state == ActionState::Cancelling);
    let id = action.ok_or(Problem::NoAction)?.id.to_string();
    Ok(shown(&Cancel { id: id.clone(), cancel_action: Stop { stop_id: id } }, links).into())
}

fn agreement(known: &Known, links: &Links) -> Reply {
    let controller = known.device.controller.as_deref();
    let agrees = controller.and_then(|controller| controller.agrees.as_ref());
    let waits = controller.and_then(|controller| controller.open());
    let waits = waits.filter(|action| action.state == ActionState::Unconfirmed);
    let to = |below: &str| links.to(format_args!("confirmationBase/{below}"));
    let base = ConfirmationBase {
        auto_confirm: AutoConfirm {
            active: agrees.is_some(),
            initiator: agrees.and_then(|agreement| agreement.initiator.as_deref()),
            remark: agrees.and_then(|agreement| agreement.remark.as_deref()),
            activated_at: agrees.map(|agreement| agreement.since.0),
        },
        links: ConfirmationLinks {
            activate_auto_confirm: agrees.is_none().then(|| to("activateAutoConfirm")),
            deactivate_auto_confirm: agrees.is_some().then(|| to("deactivateAutoConfirm")),
            confirmation_base: waits.map(|action| to(&action.id.to_string())),
        },
    };
    shown(&base, links)
}

impl Describing {
    /// The answer, once the SHA-1 of every file is known.
    pub(crate) async fn begin(self: Box<Self>, visit: &Visit) -> Reply {
        let shared = Arc::clone(&visit.shared);
        let work = move || self.finish(&shared.legacy_digests, &*shared.store);
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(target: "download", error, "an artifact cannot be read");
                problem(Problem::Failed)
            }
            Err(_) => problem(Problem::Failed),
        }
    }

    fn finish(
        self,
        digests: &LegacyDigests,
        store: &dyn otary_store::Store,
    ) -> Result<Reply, otary_store::StoreError> {
        let Self { form, id, version, product, handling, files, history, links } = self;
        let described = files.into_iter().map(|File { artifact, name }| {
            let sha1 = digests.sha1(&artifact.id, store)?;
            let link = |suffix| links.file(id, &name, suffix);
            let file_links = FileLinks {
                download: link(""),
                md5sum: link(".MD5SUM"),
                download_http: link(""),
                md5sum_http: link(".MD5SUM"),
            };
            let hashes = Hashes { sha1, md5: artifact.md5.to_string(), sha256: artifact.id.to_string() };
            let size = artifact.size;
            Ok::<_, otary_store::StoreError>(Described { filename: name, hashes, size, links: file_links })
        });
        let artifacts: Vec<Described> = described.collect::<Result<_, _>>()?;
        let id = id.to_string();
        let deployment = |artifacts| Deployment {
            download: handling,
            update: handling,
            // What hawkBit calls an application; Zephyr's client takes no other part.
            chunks: [Chunk { part: "bApp", version, name: product, artifacts }],
        };
        Ok(match form {
            Form::Files => shown(&artifacts, &links),
            Form::Deployment => shown(&Deployed { id, deployment: deployment(artifacts), history }, &links),
            Form::Confirmation => {
                shown(&ToConfirm { id, confirmation: deployment(artifacts), history }, &links)
            }
        })
    }
}
