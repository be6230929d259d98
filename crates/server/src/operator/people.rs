//! People: who can sign in, and what each of them may do. Whoever owns the server looks after them.
//!
//! What is taken away is taken away at once: sessions end with the password and with the account, tokens that somebody made go
//! with the account and never allow more than the person may.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Account, Grants, ProductName, Scope, Time};
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Kind};
use super::password::Password;
use super::problem::Problem;
use super::request::{Body, Place};
use super::site::{Operator, carry_out, count};

/// Names that the audit log has for others.
const RESERVED: [&str; 5] = ["local", "mirror", "notices", "otary", "token"];

/// A person who is to have an account.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// What the person types to sign in; named as products are.
    pub name: ProductName,
    /// The password, which the person can change.
    pub password: Password,
    /// What the person may do; a scope's word alone is that scope on everything.
    pub grants: Grants,
}

/// What is to be otherwise; what is not there stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// What the person may do from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// A new password. Every session of the person ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// Whether the person may not come in for now, nor the tokens that the person made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A person as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PersonView {
    /// The account's name.
    pub name: String,
    /// What the person may do.
    pub grants: Grants,
    /// When the account was made.
    pub created: Time,
    /// When the person last signed in.
    pub last_signed_in: Option<Time>,
    /// Whether the person may not come in for now.
    pub disabled: bool,
    /// Sessions that go on.
    pub sessions: usize,
}

pub(super) async fn list(State(operator): State<Arc<Operator>>) -> Result<Json<Vec<PersonView>>, Problem> {
    let people = carry_out(operator, |operator| {
        operator.store.accounts()?.iter().map(|account| operator.person_view(account)).collect()
    });
    people.await.map(Json)
}

pub(super) async fn add(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(new): Body<NewPerson>,
) -> Result<(StatusCode, Json<PersonView>), Problem> {
    check_name(&new.name)?;
    new.password.check_new()?;
    actor.check_giving(&new.grants)?;
    let turn = operator.hashing.take(true).await?;
    let added = carry_out(operator, move |operator| {
        let _turn = turn;
        operator.add_person(&new, &actor)
    });
    Ok((StatusCode::CREATED, Json(added.await?)))
}

pub(super) async fn set(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<String>,
    Body(change): Body<PersonChange>,
) -> Result<Json<PersonView>, Problem> {
    change.password.as_ref().map_or(Ok(()), Password::check_new)?;
    change.grants.as_ref().map_or(Ok(()), |grants| actor.check_giving(grants))?;
    let turn = operator.hashing.take(true).await?;
    let changed = carry_out(operator, move |operator| {
        let _turn = turn;
        operator.set_person(&name, &change, &actor)
    });
    changed.await.map(Json)
}

pub(super) async fn remove(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<String>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| operator.remove_person(&name, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a name that the audit log has for somebody else.
pub(super) fn check_name(name: &ProductName) -> Result<(), Problem> {
    if RESERVED.contains(&name.as_str()) {
        let detail = format!("the audit log has the name {name} for somebody else");
        return Err(Problem::bad_request("reserved-name", detail).help("choose another one"));
    }
    Ok(())
}

impl Operator {
    fn add_person(&self, new: &NewPerson, actor: &Actor) -> Result<PersonView, Problem> {
        let (name, password) = (new.name.as_str(), new.password.hash()?);
        let _changing = self.changing();
        if self.store.accounts()?.iter().any(|account| account.name == name) {
            return Err(Problem::conflict("person-exists", format!("there is a person {name} already"))
                .help(format!("otary people set {name}, or another name")));
        }
        let account = Account {
            name: name.to_owned(),
            password,
            grants: new.grants.clone(),
            created: self.now(),
            last_signed_in: None,
            disabled: false,
        };
        self.store.put_account(&account)?;
        self.log(actor, None, format!("added {name} as {}", new.grants.roles()))?;
        self.person_view(&account)
    }

    fn set_person(&self, name: &str, change: &PersonChange, actor: &Actor) -> Result<PersonView, Problem> {
        let password = change.password.as_ref().map(Password::hash).transpose()?;
        let _changing = self.changing();
        let before = self.find_person(name)?;
        let account = Account {
            grants: change.grants.clone().unwrap_or_else(|| before.grants.clone()),
            password: password.unwrap_or_else(|| before.password.clone()),
            disabled: change.disabled.unwrap_or(before.disabled),
            ..before.clone()
        };
        if owns(&before) && !owns(&account) {
            self.check_not_last_owner(name, actor)?;
        }
        self.store.put_account(&account)?;
        if change.password.is_some() || account.disabled {
            self.end_sessions(name, None)?;
        }
        self.log(actor, None, format!("{name}: {}", change.words(&account)))?;
        self.person_view(&account)
    }

    fn remove_person(&self, name: &str, actor: &Actor) -> Result<(), Problem> {
        let _changing = self.changing();
        if owns(&self.find_person(name)?) {
            self.check_not_last_owner(name, actor)?;
        }
        let tokens = self.store.tokens()?;
        let own: Vec<&str> =
            tokens.iter().filter(|token| token.made_by == name).map(|token| token.name.as_str()).collect();
        for token in &own {
            self.store.delete_token(token)?;
        }
        self.store.delete_account(name)?;
        let with = if own.is_empty() {
            String::new()
        } else {
            format!(" with {}: {}", count(own.len().try_into().unwrap_or(u64::MAX), "token"), own.join(", "))
        };
        self.log(actor, None, format!("removed {name}{with}"))
    }

    fn find_person(&self, name: &str) -> Result<Account, Problem> {
        let found = self.store.accounts()?.into_iter().find(|account| account.name == name);
        found.ok_or_else(|| {
            Problem::not_found("no-person", format!("there is no person {name}")).help("otary people list")
        })
    }

    /// Whoever comes in over the network leaves somebody who can look after people; the owner of the data directory can at any time.
    fn check_not_last_owner(&self, name: &str, actor: &Actor) -> Result<(), Problem> {
        let others = self.store.accounts()?.iter().any(|account| account.name != name && owns(account));
        if others || actor.kind == Kind::Owner {
            return Ok(());
        }
        Err(Problem::conflict("last-owner", format!("{name} is the last owner"))
            .help("make somebody else an owner first"))
    }

    fn person_view(&self, account: &Account) -> Result<PersonView, Problem> {
        let now = self.now();
        let sessions = self.store.sessions()?;
        let own = sessions.iter().filter(|found| found.account == account.name && !found.has_ended(now));
        Ok(PersonView {
            name: account.name.clone(),
            grants: account.grants.clone(),
            created: account.created,
            last_signed_in: account.last_signed_in,
            disabled: account.disabled,
            sessions: own.count(),
        })
    }
}

fn owns(account: &Account) -> bool {
    !account.disabled && account.grants.allows(Scope::Own, None)
}

impl PersonChange {
    /// What was changed, in words.
    fn words(&self, now: &Account) -> String {
        let grants = self.grants.as_ref().map(|grants| format!("is {}", grants.roles()));
        let password = self.password.as_ref().map(|_| "has a new password".to_owned());
        let disabled =
            self.disabled.map(|_| if now.disabled { "may not come in" } else { "may come in" }.to_owned());
        let said: Vec<String> = [grants, password, disabled].into_iter().flatten().collect();
        if said.is_empty() { "nothing changed".to_owned() } else { said.join(", ") }
    }
}
