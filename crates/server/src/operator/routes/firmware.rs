//! Products, uploads, releases, and what is taken from elsewhere.

use std::sync::Arc;

use axum::extract::State;
use otary_fleet::Scope::{Operate, Push, Read};
use otary_fleet::{ProductName, ReleaseId, Version};

use super::On::{Each, Product};
use super::{Route, delete, get, patch, post};
use crate::operator::actor::Actor;
use crate::operator::releases::Change;
use crate::operator::request::Place;
use crate::operator::site::Operator;
use crate::operator::{artifacts, mirrors, preflight, products, publish, releases};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/products", Read, Each, "the products", products::list),
        post("/products", Operate, Each, "add a product", products::add),
        get("/products/{product}", Read, Product, "a product", products::show),
        patch("/products/{product}", Operate, Product, "set what is named about a product", products::set),
        post("/artifacts", Push, Each, "upload a file: its facts", artifacts::upload),
        get("/artifacts/{id}", Push, Each, "what an upload is", artifacts::show),
        delete("/artifacts/{id}", Push, Each, "drop an upload that no release holds", artifacts::discard),
        get("/releases", Read, Each, "the releases with their files", releases::list),
        post("/releases", Push, Each, "publish uploads, or say what that would do", publish::publish),
        get("/releases/{product}/{version}", Read, Product, "a release with its files", releases::show),
        delete("/releases/{product}/{version}", Operate, Product, "delete a release", releases::delete),
        change(
            "/releases/{product}/{version}/withdraw",
            "offer a release to nobody any more",
            Change::Withdraw,
        ),
        change("/releases/{product}/{version}/restore", "offer a withdrawn release again", Change::Restore),
        change("/releases/{product}/{version}/pin", "keep a release whatever room there is", Change::Pin),
        change("/releases/{product}/{version}/unpin", "keep a release no longer than others", Change::Unpin),
        get(
            "/preflight/{product}/{version}",
            Read,
            Product,
            "which devices would not take a release",
            preflight::preflight,
        ),
        get("/mirrors", Read, Each, "what is taken from elsewhere", mirrors::list),
        post("/mirrors", Operate, Each, "take firmware from elsewhere", mirrors::add),
        get(
            "/mirrors/{product}",
            Read,
            Product,
            "a product's mirror, and what was found there",
            mirrors::show,
        ),
        delete(
            "/mirrors/{product}",
            Operate,
            Product,
            "take nothing from elsewhere any more",
            mirrors::remove,
        ),
        post("/mirrors/{product}/check", Operate, Product, "look there now", mirrors::check),
    ]
}

fn change(path: &'static str, says: &'static str, change: Change) -> Route {
    post(
        path,
        Operate,
        Product,
        says,
        move |State(operator): State<Arc<Operator>>,
              actor: Actor,
              Place((product, version)): Place<(ProductName, Version)>| {
            releases::change(operator, actor, ReleaseId { product, version }, change)
        },
    )
}
