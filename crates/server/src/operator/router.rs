//! The routes, and which scope each of them takes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use http::StatusCode;
use otary_fleet::{Mac, ProductName, ReleaseId, Scope, Version};

use super::actor::Actor;
use super::auth::{Door, let_in};
use super::campaigns::Turn;
use super::devices::Brakes;
use super::intents::Intent;
use super::problem::Problem;
use super::releases::Change;
use super::request::Place;
use super::site::Operator;
use super::{
    artifacts, audit, auth, campaigns, devices, enrolment, explain, groups, health, intents, mail, metrics,
    mirrors, preflight, products, publish, releases, signing, status, tokens, trust, webhooks,
};

/// The largest JSON body, in bytes: the longest notes fit, whatever their characters are.
const MAX_BODY: usize = 128 * 1024;

type Routes = Router<Arc<Operator>>;

/// The operator interface.
pub fn router(operator: impl Into<Arc<Operator>>) -> Router {
    let operator = operator.into();
    let behind = |routes: Routes, needs: Scope| {
        let door = Door { operator: Arc::clone(&operator), needs };
        routes.route_layer(from_fn_with_state(door, let_in))
    };
    let api = behind(to_look(), Scope::Read)
        .merge(behind(to_push(), Scope::Push))
        .merge(behind(to_operate(), Scope::Operate))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method);
    let open = Router::new().route("/health", get(health::health)).route("/ready", get(health::ready));
    let metrics = Router::new().route("/metrics", get(metrics::metrics));
    Router::new()
        .nest("/api/v1", api)
        .merge(behind(metrics, Scope::Read))
        .merge(open)
        .fallback(no_route)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(operator)
}

fn to_look() -> Routes {
    Router::new()
        .route("/access", get(auth::access))
        .route("/status", get(status::status))
        .route("/products", get(products::list))
        .route("/products/{product}", get(products::show))
        .route("/releases", get(releases::list))
        .route("/releases/{product}/{version}", get(releases::show))
        .route("/explain/{mac}", get(explain::explain))
        .route("/preflight/{product}/{version}", get(preflight::preflight))
        .route("/devices", get(devices::list))
        .route("/devices/{mac}", get(devices::show))
        .route("/groups", get(groups::list))
        .route("/groups/{name}", get(groups::show))
        .route("/campaigns", get(campaigns::list))
        .route("/campaigns/{number}", get(campaigns::show))
        .route("/audit", get(audit::list))
        .route("/audit/head", get(audit::head))
        .route("/audit/verification", get(audit::verify))
        .route("/mirrors", get(mirrors::list))
        .route("/mirrors/{product}", get(mirrors::show))
        .route("/trust", get(trust::show))
        .route("/trust/ledger", get(trust::ledger))
        .route("/trust/rollover", get(trust::rollover))
        .route("/signing", get(signing::show))
        .route("/signing/numbers/{product}", get(signing::numbers))
}

fn to_push() -> Routes {
    Router::new()
        .route("/artifacts", post(artifacts::upload))
        .route("/artifacts/{id}", delete(artifacts::discard))
        .route("/releases", post(publish::publish))
}

fn to_operate() -> Routes {
    Router::new()
        .route("/products", post(products::add))
        .route("/products/{product}", patch(products::set))
        .route("/releases/{product}/{version}", delete(releases::delete))
        .route("/releases/{product}/{version}/withdraw", change(Change::Withdraw))
        .route("/releases/{product}/{version}/restore", change(Change::Restore))
        .route("/releases/{product}/{version}/pin", change(Change::Pin))
        .route("/releases/{product}/{version}/unpin", change(Change::Unpin))
        .route("/devices/{mac}", delete(devices::forget))
        .route("/devices/{mac}/assign", post(devices::assign))
        .route("/devices/{mac}/release", brake(Brakes::Release))
        .route("/devices/{mac}/resume", brake(Brakes::Resume))
        .route("/devices/{mac}/pin", post(intents::pin))
        .route("/devices/{mac}/unpin", intent(Intent::Unpin))
        .route("/devices/{mac}/force", post(intents::force))
        .route("/devices/{mac}/unforce", intent(Intent::Unforce))
        .route("/devices/{mac}/hold", intent(Intent::Hold))
        .route("/devices/{mac}/unhold", intent(Intent::Unhold))
        .route("/devices/{mac}/zone", post(intents::zone))
        .route("/devices/{mac}/enroll", post(enrolment::enroll))
        .route("/devices/{mac}/disenroll", post(enrolment::disenroll))
        .route("/groups/{name}", put(groups::set).delete(groups::delete))
        .route("/groups/{name}/add", post(groups::add))
        .route("/groups/{name}/remove", post(groups::remove))
        .route("/campaigns", post(campaigns::start))
        .route("/campaigns/{number}/pause", campaigns::turn(Turn::Pause))
        .route("/campaigns/{number}/approve", campaigns::turn(Turn::Approve))
        .route("/campaigns/{number}/abort", campaigns::turn(Turn::Abort))
        .route("/campaigns/{number}/resume", post(campaigns::resume))
        .route("/campaigns/{number}/roll-back", post(campaigns::roll_back))
        .route("/mirrors", post(mirrors::add))
        .route("/mirrors/{product}", delete(mirrors::remove))
        .route("/mirrors/{product}/check", post(mirrors::check))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{name}", delete(tokens::revoke))
        .route("/gc", post(status::collect))
        .route("/authority/backed-up", post(status::backed_up))
        .route("/trust/renew", post(trust::renew))
        .route("/trust/rollover", post(trust::begin))
        .route("/trust/rollover/{step}", post(trust::step))
        .route("/trust/adopt", post(trust::adopt))
        .route("/trust/next-key", post(trust::next_key).delete(trust::forget_next_key))
        .route("/signing/material", post(signing::material))
        .route("/signing/records", post(signing::add))
        .route("/signing/release-key", post(signing::hold).delete(signing::let_go))
        .route("/webhooks", get(webhooks::list).post(webhooks::add))
        .route("/webhooks/{name}", delete(webhooks::remove))
        .route("/webhooks/{name}/test", post(webhooks::test))
        .route("/webhooks/{name}/deliveries", get(webhooks::deliveries))
        .route("/mail", get(mail::show))
        .route("/mail/test", post(mail::test))
}

fn change(change: Change) -> MethodRouter<Arc<Operator>> {
    post(
        move |State(operator): State<Arc<Operator>>,
              actor: Actor,
              Place((product, version)): Place<(ProductName, Version)>| {
            releases::change(operator, actor, ReleaseId { product, version }, change)
        },
    )
}

fn brake(brakes: Brakes) -> MethodRouter<Arc<Operator>> {
    post(move |State(operator): State<Arc<Operator>>, actor: Actor, Place(mac): Place<Mac>| {
        devices::brake(operator, actor, mac, brakes)
    })
}

fn intent(intent: Intent) -> MethodRouter<Arc<Operator>> {
    post(move |State(operator): State<Arc<Operator>>, actor: Actor, Place(mac): Place<Mac>| {
        intents::say(operator, actor, mac, intent)
    })
}

async fn no_route() -> Problem {
    Problem::not_found("no-route", "the operator interface has nothing here")
        .help("its routes begin with /api/v1")
}

async fn no_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-method", "this cannot be done here")
}
