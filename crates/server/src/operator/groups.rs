//! Groups: devices that are meant together, named by hand or found by a query.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::query::Field;
use otary_fleet::{Catalogue, Group, GroupName, Mac, Membership, ProductName, Scope};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::devices;
use super::problem::Problem;
use super::products::product;
use super::request::{Body, Place};
use super::site::{Operator, carry_out, count};

/// Devices that a group may have by hand.
const MOST: usize = 5000;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GroupView {
    /// The group.
    #[serde(flatten)]
    pub group: Group,
    /// Devices on record that are in it now.
    pub members: u64,
}

/// What a group is to be: by hand, or by a query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// Only devices of this product are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductName>,
    /// Those that this query finds.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// These ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Mac>,
}

/// Devices that are to be in a group, or not any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    /// The devices.
    pub devices: Vec<Mac>,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Vec<GroupView>>, Problem> {
    carry_out(operator, move |operator| operator.list_groups(&actor)).await.map(Json)
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    Place(name): Place<GroupName>,
) -> Result<Json<GroupView>, Problem> {
    carry_out(operator, move |operator| operator.show_group(&name)).await.map(Json)
}

pub(super) async fn set(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<GroupName>,
    Body(settings): Body<GroupSettings>,
) -> Result<Json<GroupView>, Problem> {
    carry_out(operator, move |operator| operator.set_group(name, settings, &actor)).await.map(Json)
}

pub(super) async fn add(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<GroupName>,
    Body(members): Body<GroupMembers>,
) -> Result<Json<GroupView>, Problem> {
    carry_out(operator, move |operator| operator.add_members(&name, &members.devices, &actor)).await.map(Json)
}

pub(super) async fn remove(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<GroupName>,
    Body(members): Body<GroupMembers>,
) -> Result<Json<GroupView>, Problem> {
    carry_out(operator, move |operator| operator.remove_members(&name, &members.devices, &actor))
        .await
        .map(Json)
}

pub(super) async fn delete(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<GroupName>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| operator.delete_group(&name, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    fn list_groups(&self, actor: &Actor) -> Result<Vec<GroupView>, Problem> {
        let catalogue = self.store.catalogue();
        let seen = catalogue.groups().filter(|group| actor.may(Scope::Read, group.product.as_ref()));
        self.with_members(seen, &catalogue)
    }

    pub(super) fn show_group(&self, name: &GroupName) -> Result<GroupView, Problem> {
        let catalogue = self.store.catalogue();
        let views = self.with_members([group(&catalogue, name)?], &catalogue)?;
        views.into_iter().next().ok_or_else(|| no_group(name))
    }

    /// Groups with the number of their members.
    fn with_members<'a>(
        &self,
        groups: impl IntoIterator<Item = &'a Group>,
        catalogue: &Catalogue,
    ) -> Result<Vec<GroupView>, Problem> {
        let groups: Vec<&Group> = groups.into_iter().collect();
        let members = self.engine.census.members(&groups, catalogue)?;
        let view = |(group, members): (&&Group, u64)| GroupView { group: (*group).clone(), members };
        Ok(groups.iter().zip(members).map(view).collect())
    }

    fn set_group(&self, name: GroupName, to: GroupSettings, actor: &Actor) -> Result<GroupView, Problem> {
        let _changing = self.changing();
        self.check_group(&name, to.product.as_ref(), actor)?;
        if let Some(name) = &to.product {
            product(&self.store.catalogue(), name)?;
        }
        let by = match to.query {
            Some(_) if !to.devices.is_empty() => {
                let detail = "a group is made by hand or by a query, not by both";
                return Err(Problem::bad_request("group-of-both", detail));
            }
            Some(text) => by_query(&text)?,
            None => Membership::Hand(to.devices.into_iter().collect()),
        };
        let words = match &by {
            Membership::Query(query) => format!("the devices such that {query}"),
            Membership::Hand(devices) => count(devices.len() as u64, "device"),
        };
        let of = to.product.as_ref().map(|product| format!(" of {product}")).unwrap_or_default();
        let said = format!("made the group {name} of {words}{of}");
        self.keep_group(&Group { name, product: to.product, by }, actor, said)
    }

    /// Whether `actor` may make a group of `product`, in the place of the one of that name if there is one.
    fn check_group(
        &self,
        name: &GroupName,
        product: Option<&ProductName>,
        actor: &Actor,
    ) -> Result<(), Problem> {
        actor.check(Scope::Operate, product)?;
        match self.store.catalogue().group(name) {
            // That the name is taken has to be told.
            Some(there) if !actor.may(Scope::Operate, there.product.as_ref()) => {
                Err(actor.too_small(Scope::Operate, None))
            }
            _ => Ok(()),
        }
    }

    fn add_members(&self, name: &GroupName, devices: &[Mac], actor: &Actor) -> Result<GroupView, Problem> {
        let said = format!("added {} to the group {name}", list_of(devices));
        self.change_members(name, actor, said, |members| members.extend(devices))
    }

    fn remove_members(&self, name: &GroupName, devices: &[Mac], actor: &Actor) -> Result<GroupView, Problem> {
        let said = format!("removed {} from the group {name}", list_of(devices));
        self.change_members(name, actor, said, |members| members.retain(|mac| !devices.contains(mac)))
    }

    fn change_members(
        &self,
        name: &GroupName,
        actor: &Actor,
        said: String,
        change: impl FnOnce(&mut std::collections::BTreeSet<Mac>),
    ) -> Result<GroupView, Problem> {
        let _changing = self.changing();
        let mut group = group(&self.store.catalogue(), name)?.clone();
        let Membership::Hand(members) = &mut group.by else {
            let detail = format!("the group {name} is made by a query, not by hand");
            return Err(Problem::conflict("group-by-query", detail)
                .help(format!("otary group set {name} --where QUERY changes the query")));
        };
        change(members);
        self.keep_group(&group, actor, said)
    }

    fn keep_group(&self, group: &Group, actor: &Actor, said: String) -> Result<GroupView, Problem> {
        if matches!(&group.by, Membership::Hand(devices) if devices.len() > MOST) {
            let detail = format!("a group has at most {MOST} devices by hand");
            return Err(Problem::bad_request("group-too-large", detail).help("describe them by a query"));
        }
        self.store.put_group(group)?;
        self.log(actor, group.product.as_ref(), said)?;
        self.show_group(&group.name)
    }

    fn delete_group(&self, name: &GroupName, actor: &Actor) -> Result<(), Problem> {
        let _changing = self.changing();
        let catalogue = self.store.catalogue();
        let in_use = |campaign: &&otary_fleet::Campaign| {
            campaign.is_under_way() && campaign.group.as_ref() == Some(name)
        };
        if let Some(campaign) = catalogue.all_campaigns().find(in_use) {
            let detail = format!("campaign {} is for the group {name}", campaign.id);
            return Err(Problem::conflict("group-in-use", detail)
                .help(format!("otary campaign abort {}", campaign.id)));
        }
        if !self.store.delete_group(name)? {
            return Err(no_group(name));
        }
        self.log(actor, None, format!("deleted the group {name}"))
    }
}

/// A group's query asks for no group: two could wait for each other.
fn by_query(text: &str) -> Result<Membership, Problem> {
    let query = devices::query(text)?;
    if query.asks_for(Field::Group) {
        let detail = "the query of a group cannot ask for groups";
        return Err(Problem::bad_request("group-of-groups", detail));
    }
    Ok(Membership::Query(query))
}

pub(super) fn group<'a>(catalogue: &'a Catalogue, name: &GroupName) -> Result<&'a Group, Problem> {
    catalogue.group(name).ok_or_else(|| no_group(name))
}

pub(super) fn no_group(name: &GroupName) -> Problem {
    Problem::not_found("no-group", format!("there is no group {name}")).help("otary group list")
}

/// The addresses of a few devices, or how many there are.
fn list_of(devices: &[Mac]) -> String {
    match devices {
        [] | [_, _, _, _, ..] => count(devices.len() as u64, "device"),
        few => few.iter().map(Mac::to_string).collect::<Vec<_>>().join(", "),
    }
}
