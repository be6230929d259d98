//! Webhooks: added, tried, removed; and what went to them. A secret is answered once, when the webhook is made; a URL, which may
//! hold a secret of its receiver's, is never shown again, but for the server that it leads to.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::notice::{Dispatch, Subject, Webhook};
use otary_fleet::{ProductName, Time};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::problem::Problem;
use super::request::{Body, Options, Place as InPath};
use super::site::{Operator, carry_out};
use crate::fetch::{Permission, Place};
use crate::mirror::Reaching;
use crate::notify::SigningKey;

/// What went out that is shown unless said, and at most.
const SHOWN: usize = 50;

/// A webhook to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// What people call it; named as products are, and not `mail`.
    pub name: ProductName,
    /// Where to.
    pub url: String,
    /// The kinds of notices that it is for; all, if there are none.
    #[serde(default)]
    pub about: BTreeSet<String>,
    /// Where it may reach.
    #[serde(default)]
    pub reach: Reaching,
}

/// A webhook as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhookView {
    /// What people call it.
    pub name: String,
    /// The server that it leads to: scheme, host, port.
    pub server: String,
    /// The kinds of notices that it is for; all, if there are none.
    pub about: BTreeSet<String>,
    /// Where it may reach.
    pub reach: Reaching,
    /// When it was made.
    pub created: Time,
    /// By whom.
    pub by: String,
    /// When the receiver said that it is gone. Nothing is sent there any more.
    pub gone: Option<Time>,
    /// The last notice for it, and what became of that.
    pub last: Option<Dispatch>,
}

/// A webhook that was just made, with its secret: the only time that it is told.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CreatedWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What requests are signed with.
    pub secret: String,
}

/// How much of a delivery log is wanted.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<usize>,
}

pub(super) async fn list(State(operator): State<Arc<Operator>>) -> Result<Json<Vec<WebhookView>>, Problem> {
    let views = carry_out(operator, |operator| {
        operator.store.webhooks()?.into_iter().map(|webhook| operator.view_of(webhook)).collect()
    });
    views.await.map(Json)
}

pub(super) async fn add(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(new): Body<NewWebhook>,
) -> Result<(StatusCode, Json<CreatedWebhook>), Problem> {
    let added = carry_out(operator, move |operator| operator.add_webhook(new, &actor)).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

pub(super) async fn remove(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| {
        let _changing = operator.changing();
        if !operator.store.delete_webhook(&name)? {
            return Err(no_webhook(&name));
        }
        operator.log(&actor, None, format!("removed the webhook {name}"))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a notice that says that it is a test, and gives what came of it.
pub(super) async fn test(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    InPath(name): InPath<String>,
) -> Result<Json<Dispatch>, Problem> {
    let to = name.clone();
    carry_out(Arc::clone(&operator), move |operator| {
        operator.webhook(&to)?;
        operator.log(&actor, None, format!("tried the webhook {to}"))
    })
    .await?;
    operator.send_test(&name).await.map(Json)
}

pub(super) async fn deliveries(
    State(operator): State<Arc<Operator>>,
    InPath(name): InPath<String>,
    Options(wanted): Options<Wanted>,
) -> Result<Json<Vec<Dispatch>>, Problem> {
    let limit = wanted.limit.unwrap_or(SHOWN).min(otary_store::MAX_DISPATCHES);
    let found = carry_out(operator, move |operator| {
        operator.webhook(&name)?;
        Ok(operator.store.dispatches(&name, limit)?)
    });
    found.await.map(Json)
}

impl Operator {
    pub(super) fn webhook(&self, name: &str) -> Result<Webhook, Problem> {
        let webhook = self.store.webhooks()?.into_iter().find(|webhook| webhook.name == name);
        webhook.ok_or_else(|| no_webhook(name))
    }

    fn view_of(&self, webhook: Webhook) -> Result<WebhookView, Problem> {
        let last = self.store.dispatches(&webhook.name, 1)?.pop();
        let Webhook { name, url, about, plain_http, hosts, created, by, gone, .. } = webhook;
        let server = url.expose().parse::<Place>().map(|place| place.server_url()).unwrap_or_default();
        let reach = Reaching { plain_http, hosts };
        Ok(WebhookView { name, server, about, reach, created, by, gone, last })
    }

    fn add_webhook(&self, new: NewWebhook, actor: &Actor) -> Result<CreatedWebhook, Problem> {
        check(&new)?;
        let secret = SigningKey::generate()
            .map_err(|error| Problem::internal("no-randomness", "no secret was made", error))?;
        let NewWebhook { name, url, about, reach } = new;
        let webhook = Webhook {
            name: name.to_string(),
            url: url.into(),
            secret: secret.clone(),
            about,
            plain_http: reach.plain_http,
            hosts: reach.hosts,
            created: self.now(),
            by: actor.who.clone(),
            gone: None,
        };
        let _changing = self.changing();
        let others = self.store.webhooks()?;
        if others.iter().any(|other| other.name == webhook.name) {
            return Err(Problem::conflict("webhook-exists", format!("there is a webhook {name} already"))
                .help(format!("otary webhook remove {name}, or another name")));
        }
        if others.len() >= Webhook::MAX {
            let detail =
                format!("there are {} webhooks already, which is as many as there may be", Webhook::MAX);
            return Err(Problem::conflict("too-many-webhooks", detail));
        }
        self.store.put_webhook(&webhook)?;
        let view = self.view_of(webhook)?;
        self.log(actor, None, format!("made the webhook {name} to {}", view.server))?;
        Ok(CreatedWebhook { webhook: view, secret: secret.expose().to_owned() })
    }
}

/// Whether a webhook makes sense, as far as its text tells.
fn check(new: &NewWebhook) -> Result<(), Problem> {
    if new.name.as_str() == Dispatch::MAIL {
        return Err(Problem::bad_request("webhook-name", "that name is kept for mail"));
    }
    let known = |kind: &&String| !Subject::NAMES.contains(&kind.as_str());
    if let Some(kind) = new.about.iter().find(known) {
        let detail = format!("there are no notices of the kind {kind:?}");
        return Err(Problem::bad_request("webhook-about", detail)
            .help(format!("there are {}", Subject::NAMES.join(", "))));
    }
    let permission = Permission { plain_http: new.reach.plain_http, ..Permission::default() };
    let checked = new.url.parse::<Place>().and_then(|place| place.check(&permission));
    checked.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let problem = Problem::bad_request("webhook-url", format!("the webhook's URL: {error}{cause}"));
        match error.help() {
            Some(help) => problem.help(help),
            None => problem,
        }
    })
}

fn no_webhook(name: &str) -> Problem {
    Problem::not_found("no-webhook", format!("there is no webhook {name}")).help("otary webhook list")
}
