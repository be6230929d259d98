//! The authority, its rollovers, and the root records by which releases are signed.

use otary_fleet::Scope::{Operate, Own, Read};

use super::On::{Keys, Product, Server};
use super::{Route, delete, get, post};
use crate::operator::{signing, trust};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/trust", Read, Server, "the authority", trust::show),
        get("/trust/ledger", Read, Server, "the fleet by anchor", trust::ledger),
        get("/trust/rollover", Read, Server, "whom each step of a rollover cuts off", trust::rollover),
        post("/trust/rollover", Operate, Server, "begin a rollover", trust::begin),
        post("/trust/rollover/{step}", Operate, Server, "take a step: switch, finish or abort", trust::step),
        post("/trust/renew", Operate, Server, "new server certificates", trust::renew),
        post("/trust/adopt", Own, Keys, "take over a certificate and its key", trust::adopt),
        post("/trust/next-key", Own, Keys, "give out the next root's key", trust::next_key),
        delete("/trust/next-key", Own, Keys, "forget the next root's key", trust::forget_next_key),
        get("/signing", Read, Server, "the root records", signing::show),
        get("/signing/numbers/{product}", Read, Product, "a product's release numbers", signing::numbers),
        post("/signing/material", Operate, Server, "what a root record takes from here", signing::material),
        post("/signing/records", Operate, Server, "add the next root record", signing::add),
        post("/signing/release-key", Own, Keys, "hold a release key", signing::hold),
        delete("/signing/release-key", Own, Keys, "hold no release key any more", signing::let_go),
    ]
}
