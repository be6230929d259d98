//! The server itself: how it stands, who may ask it, what happened.

use http::Method;
use otary_fleet::Scope::{Operate, Read};

use super::On::{Each, Server};
use super::{Route, delete, get, open, post};
use crate::operator::{audit, auth, census, events, health, metrics, openapi, status, tokens};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/access", Read, Each, "who asks, and what they may do", auth::access),
        get("/status", Read, Server, "counts, room, limits", status::status),
        get("/activity", Read, Server, "what went on lately", census::activity),
        post("/gc", Operate, Server, "let go of what is no longer kept", status::collect),
        post(
            "/authority/backed-up",
            Operate,
            Server,
            "note that the authority was backed up",
            status::backed_up,
        ),
        get("/tokens", Operate, Each, "the tokens", tokens::list),
        post("/tokens", Operate, Each, "make a token: its secret is told here alone", tokens::create),
        delete("/tokens/{name}", Operate, Each, "revoke a token", tokens::revoke),
        get("/audit", Read, Each, "the audit log", audit::list),
        get("/audit/head", Read, Server, "the audit log's last entry", audit::head),
        get("/audit/verification", Read, Server, "whether the audit log is what was written", audit::verify),
        open(Method::GET, "/openapi.json", "this description", openapi::document),
        get("/events", Read, Each, "what happens, as it happens", events::listen),
        open(Method::GET, "/health", "whether the server lives", health::health).beside(),
        open(Method::GET, "/ready", "whether it is ready, part by part", health::ready).beside(),
        get("/metrics", Read, Server, "the page for Prometheus", metrics::metrics).beside(),
    ]
}
