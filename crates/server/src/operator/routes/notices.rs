//! Who is told of what happens, and what went out.

use otary_fleet::Scope::{Operate, Own};

use super::On::Server;
use super::{Route, delete, get, post};
use crate::operator::{mail, webhooks};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/webhooks", Operate, Server, "who is told by webhooks", webhooks::list),
        post("/webhooks", Own, Server, "add a webhook: its secret is told here alone", webhooks::add),
        delete("/webhooks/{name}", Own, Server, "remove a webhook and what is on its way", webhooks::remove),
        post("/webhooks/{name}/test", Own, Server, "try a webhook now", webhooks::test),
        get(
            "/webhooks/{name}/deliveries",
            Operate,
            Server,
            "what went to a webhook or is to go",
            webhooks::deliveries,
        ),
        get("/mail", Operate, Server, "how mail is set up, and what went out", mail::show),
        post("/mail/test", Own, Server, "send a mail now", mail::test),
    ]
}
