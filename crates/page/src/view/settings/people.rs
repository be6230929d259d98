//! People, as they are listed and as forms name them.

use otary_fleet::{Grants, Time};
use serde::Deserialize;

use crate::access::Person as Looking;
use crate::failure::Failure;
use crate::form::Form;
use crate::words::{self, Ago, segment};

/// What the API tells of an account that is shown here.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    grants: Grants,
    last_signed_in: Option<Time>,
    disabled: bool,
    sessions: u64,
}

/// A person on a line.
pub(super) struct Person {
    pub(super) name: String,
    /// The role on everything, and those on single products.
    pub(super) role: String,
    /// The scope's word on everything, for the form that changes it.
    pub(super) everywhere: &'static str,
    /// The scopes' words on single products.
    pub(super) products: Vec<(String, &'static str)>,
    pub(super) signed_in: Option<Ago>,
    pub(super) sessions: String,
    pub(super) disabled: bool,
}

/// Everybody who has an account.
pub(super) async fn all(person: &Looking) -> Result<Vec<Person>, Failure> {
    let listed: Vec<Listed> = person.api.get("/people").await?;
    Ok(listed.into_iter().map(|listed| Person::of(listed, person.now)).collect())
}

/// Where the person is that a form names.
pub(super) fn path(form: &Form) -> String {
    format!("/people/{}", segment(form.text("name")))
}

impl Person {
    fn of(listed: Listed, now: Time) -> Self {
        let products = listed.grants.products.iter();
        Self {
            role: listed.grants.roles(),
            everywhere: listed.grants.everywhere.map_or("", otary_fleet::Scope::name),
            products: products.map(|(product, scope)| (product.to_string(), scope.name())).collect(),
            signed_in: listed.last_signed_in.map(|then| Ago::new(then, now)),
            sessions: words::count(listed.sessions, "session"),
            disabled: listed.disabled,
            name: listed.name,
        }
    }

    /// What they may do with a product alone.
    pub(super) fn on(&self, product: &str) -> &'static str {
        self.products.iter().find(|(name, _)| name == product).map_or("", |(_, scope)| scope)
    }
}
