//! Devices, groups of them, and the campaigns by which releases reach them.

use std::sync::Arc;

use axum::extract::State;
use otary_fleet::Scope::{Operate, Read};
use otary_fleet::{CampaignId, Mac};

use super::On::{Campaign, Device, Each, Group};
use super::{Route, delete, get, post, put};
use crate::operator::actor::Actor;
use crate::operator::campaigns::Turn;
use crate::operator::devices::Brakes;
use crate::operator::intents::Intent;
use crate::operator::request::Place;
use crate::operator::site::Operator;
use crate::operator::{campaigns, census, device_list, devices, enrolment, explain, groups, intents};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/devices", Read, Each, "devices, all or those that a query finds", device_list::list),
        get("/census", Read, Each, "the fleet in numbers", census::count),
        get("/devices/{mac}", Read, Device, "a device, its events and its next answer", devices::show),
        delete("/devices/{mac}", Operate, Device, "forget a device", devices::forget),
        get("/explain/{mac}", Read, Device, "what a device would be answered, and why", explain::explain),
        post("/devices/{mac}/assign", Operate, Each, "say what a device is", devices::assign),
        brake("/devices/{mac}/release", "let go of every brake on a device", Brakes::Release),
        brake("/devices/{mac}/resume", "update a device although it was flashed by hand", Brakes::Resume),
        post("/devices/{mac}/pin", Operate, Device, "have a device run one release", intents::pin),
        intent("/devices/{mac}/unpin", "have a device run what others run", Intent::Unpin),
        post("/devices/{mac}/force", Operate, Device, "give a device a release once", intents::force),
        intent("/devices/{mac}/unforce", "do not give it that release after all", Intent::Unforce),
        intent("/devices/{mac}/hold", "leave a device alone", Intent::Hold),
        intent("/devices/{mac}/unhold", "leave a device alone no longer", Intent::Unhold),
        post("/devices/{mac}/zone", Operate, Device, "say in which time zone a device is", intents::zone),
        post("/devices/{mac}/enroll", Operate, Each, "issue a device a credential", enrolment::enroll),
        post("/devices/{mac}/disenroll", Operate, Device, "take credentials back", enrolment::disenroll),
        get("/groups", Read, Each, "the groups, with the number of their members", groups::list),
        get("/groups/{name}", Read, Group, "a group", groups::show),
        put("/groups/{name}", Operate, Each, "make a group, by hand or by a query", groups::set),
        delete("/groups/{name}", Operate, Group, "delete a group", groups::delete),
        post("/groups/{name}/add", Operate, Group, "add devices to a group", groups::add),
        post("/groups/{name}/remove", Operate, Group, "remove devices from a group", groups::remove),
        get("/campaigns", Read, Each, "the campaigns, the latest first", campaigns::list),
        post("/campaigns", Operate, Each, "send a release out", campaigns::start),
        get("/campaigns/{number}", Read, Campaign, "a campaign, and what it has shown", campaigns::show),
        turn("/campaigns/{number}/pause", "pause a campaign", Turn::Pause),
        turn("/campaigns/{number}/approve", "approve a campaign's next wave", Turn::Approve),
        turn("/campaigns/{number}/abort", "end a campaign", Turn::Abort),
        post("/campaigns/{number}/resume", Operate, Campaign, "resume a campaign", campaigns::resume),
        post(
            "/campaigns/{number}/roll-back",
            Operate,
            Campaign,
            "take a campaign back",
            campaigns::roll_back,
        ),
    ]
}

fn brake(path: &'static str, says: &'static str, brakes: Brakes) -> Route {
    post(
        path,
        Operate,
        Device,
        says,
        move |State(operator): State<Arc<Operator>>, actor: Actor, Place(mac): Place<Mac>| {
            devices::brake(operator, actor, mac, brakes)
        },
    )
}

fn intent(path: &'static str, says: &'static str, intent: Intent) -> Route {
    post(
        path,
        Operate,
        Device,
        says,
        move |State(operator): State<Arc<Operator>>, actor: Actor, Place(mac): Place<Mac>| {
            intents::say(operator, actor, mac, intent)
        },
    )
}

fn turn(path: &'static str, says: &'static str, turn: Turn) -> Route {
    post(
        path,
        Operate,
        Campaign,
        says,
        move |State(operator): State<Arc<Operator>>, actor: Actor, Place(id): Place<CampaignId>| {
            campaigns::turn(operator, actor, id, turn)
        },
    )
}
