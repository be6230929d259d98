//! The server itself: how it stands, who may ask it, what happened.

use http::Method;
use otary_fleet::Scope::{Operate, Own, Read};

use super::On::{Each, Keys, Server};
use super::{Route, delete, get, open, patch, post};
use crate::operator::{
    audit, auth, census, events, health, metrics, openapi, page_anchor, people, session, setup, sketch,
    start, status, tokens,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        open(Method::GET, "/access", "who asks, and what they may do", auth::access),
        open(Method::POST, "/setup", "make the owner's account by a setup code", setup::set_up),
        post("/setup/code", Own, Keys, "a setup code: it is told here alone", setup::create),
        open(Method::POST, "/session", "sign in", session::sign_in),
        delete("/session", Read, Each, "sign out", session::sign_out),
        post("/session/password", Read, Each, "change one's own password", session::change_password),
        get("/people", Own, Server, "who can sign in", people::list),
        post("/people", Own, Server, "let somebody sign in", people::add),
        patch("/people/{name}", Own, Server, "change what somebody may do", people::set),
        delete("/people/{name}", Own, Server, "let somebody sign in no more", people::remove),
        get("/status", Read, Server, "counts, room, limits", status::status),
        get("/start", Read, Each, "what a board needs that is to be updated from here", start::show),
        get("/sketch", Read, Each, "what a board or another client is given, as text", sketch::show),
        get("/activity", Read, Server, "what went on lately", census::activity),
        post("/gc", Operate, Server, "let go of what is no longer kept", status::collect),
        post(
            "/authority/backed-up",
            Operate,
            Server,
            "note that the authority was backed up",
            status::backed_up,
        ),
        get("/tokens", Operate, Each, "the tokens, or one's own", tokens::list),
        post("/tokens", Read, Each, "make a token: its secret is told here alone", tokens::create),
        delete("/tokens/{name}", Read, Each, "revoke a token", tokens::revoke),
        get("/audit", Read, Each, "the audit log", audit::list),
        get("/audit/head", Read, Server, "the audit log's last entry", audit::head),
        get("/audit/verification", Read, Server, "whether the audit log is what was written", audit::verify),
        open(Method::GET, "/openapi.json", "this description", openapi::document),
        get("/events", Read, Each, "what happens, as it happens", events::listen),
        open(Method::GET, "/page-ca.pem", "the page's authority, as PEM", page_anchor::pem).beside(),
        open(Method::GET, "/page-ca.crt", "the page's authority, as DER", page_anchor::der).beside(),
        open(Method::GET, "/health", "whether the server lives", health::health).beside(),
        open(Method::GET, "/ready", "whether it is ready, part by part", health::ready).beside(),
        get("/metrics", Read, Server, "the page for Prometheus", metrics::metrics).beside(),
    ]
}
