//! Entity tags and preconditions (RFC 9110, section 13): what did not change is not sent again, and what changed meanwhile is not changed
//! unseen.
//!
//! The tag of one thing has two parts, `"SETTINGS.WHOLE"`. The whole is of every byte of the answer: `If-None-Match` goes by it.
//! The settings are of what people say of the thing, without what its polls and downloads move: `If-Match` goes by them, so that a
//! device that polls does not undo every precondition. The tag of anything else has the whole alone.
//!
//! Who changes with `If-Match` has all changes of such things to himself meanwhile, so nothing comes between the look and the
//! change. The body is here by then ([`auth`](super::auth)), so that a slow sender keeps nobody waiting.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use otary_fleet::{ReleaseId, Sha256};
use serde::Serialize;
use serde_json::{Value, json};

use super::problem::Problem;
use super::rights::part;
use super::site::{Operator, carry_out};

/// Which kind of thing a path is of: its first word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thing(pub &'static str);

/// A route's state: the interface, and what the route is of.
#[derive(Clone)]
pub(super) struct Guarded {
    pub operator: Arc<Operator>,
    /// None if it is not of one thing.
    pub thing: Option<Thing>,
}

/// Gives what is answered its tag, and nothing but that to who has it already.
pub(super) async fn tag(State(guarded): State<Guarded>, request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if response.status() != StatusCode::OK || !is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::internal("crashed", "the answer was lost", "a body that ended early")
            .into_response();
    };
    let whole = short(&bytes);
    let settings = guarded.thing.and_then(|thing| Some(settled(thing, serde_json::from_slice(&bytes).ok()?)));
    let text = settings.map_or_else(|| format!("\"{whole}\""), |settings| format!("\"{settings}.{whole}\""));
    let is_known = known.is_some_and(|known| lists(&known, |tag| tag == "*" || tag == text));
    if let Ok(value) = HeaderValue::from_str(&text) {
        parts.headers.insert(header::ETAG, value);
    }
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Lets a change pass if what is there is what its `If-Match` says.
pub(super) async fn only_if(
    State(guarded): State<Guarded>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(thing) = guarded.thing else { return Ok(next.run(request).await) };
    let Some(wanted) = request.headers().get(header::IF_MATCH).cloned() else {
        let _others = guarded.operator.conditions.read().await;
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let _alone = guarded.operator.conditions.write().await;
    let params = RawPathParams::from_request_parts(&mut parts, &()).await;
    let params =
        params.map_err(|rejection| Problem::bad_request("unreadable-path", rejection.body_text()))?;
    let params: Vec<(String, String)> =
        params.iter().map(|(name, text)| (name.into(), text.into())).collect();
    let operator = Arc::clone(&guarded.operator);
    let current = carry_out(operator, move |operator| operator.settings(thing, &params)).await.ok();
    let holds = current.is_some_and(|current| {
        lists(&wanted, |tag| tag == "*" || settings_of(tag) == Some(current.as_str()))
    });
    if !holds {
        let detail = "what is there is not what this change was meant for";
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile", detail)
            .help("look at it again, and then change it"));
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Whether one of the tags in a list is such.
fn lists(field: &HeaderValue, is_such: impl Fn(&str) -> bool) -> bool {
    field.to_str().is_ok_and(|text| text.split(',').any(|tag| is_such(tag.trim())))
}

/// The part of a tag that is of the settings.
fn settings_of(tag: &str) -> Option<&str> {
    Some(tag.strip_prefix('"')?.strip_suffix('"')?.split_once('.')?.0)
}

/// 64 bits of a digest: two forms of one thing that are alike in it are not met by chance.
fn short(bytes: &[u8]) -> String {
    format!("{:.16}", Sha256::of(bytes))
}

/// The digest of a thing without what polls and downloads move.
fn settled(thing: Thing, mut shown: Value) -> String {
    if thing.0 == "devices" {
        let said =
            ["product", "chip", "channel", "hold", "pin", "forced", "zone", "credentials", "resumed_at"];
        let said = said.map(|name| shown.pointer(&format!("/device/{name}")).cloned());
        shown = json!(said);
    } else {
        remove(&mut shown, &["devices", "members", "running", "progress", "next", "notice", "common"]);
        for file in shown.get_mut("files").and_then(Value::as_array_mut).into_iter().flatten() {
            remove(file, &["downloads", "cut_off"]);
        }
    }
    short(shown.to_string().as_bytes())
}

fn remove(shown: &mut Value, names: &[&str]) {
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
}

impl Operator {
    /// The digest of a thing's settings, as it is now.
    fn settings(&self, thing: Thing, params: &[(String, String)]) -> Result<String, Problem> {
        let shown = match thing.0 {
            "products" => shown(&self.show_product(&part(params, "product")?)?),
            "releases" => {
                let id =
                    ReleaseId { product: part(params, "product")?, version: text(params, "version").into() };
                shown(&self.show_release(&id)?)
            }
            "devices" => shown(&self.show_device(part(params, "mac")?)?),
            "groups" => shown(&self.show_group(&part(params, "name")?)?),
            _ => shown(&self.show_campaign(part(params, "number")?)?),
        }?;
        Ok(settled(thing, shown))
    }
}

fn text<'a>(params: &'a [(String, String)], name: &str) -> &'a str {
    params.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str()).unwrap_or_default()
}

fn shown(view: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(|error| Problem::internal("crashed", "it cannot be shown", error))
}
