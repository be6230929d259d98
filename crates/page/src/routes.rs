//! Where the views are.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::view::settings::notices;
use crate::view::{
    audit, campaign, campaigns, compare, device, devices, now, release, releases, settings, sign_in, start,
    trust, upload,
};
use crate::{asset, headers};

/// The page over the operator API: what is none of the page's is the API's.
pub fn over(api: Router) -> Router {
    let views = Router::new()
        .route("/", get(now::show))
        .route("/devices", get(devices::list))
        .route("/devices/{mac}", get(device::show))
        .route("/devices/{mac}/{action}", post(device::act))
        .route("/campaigns", get(campaigns::list))
        .route("/campaigns/{number}", get(campaign::show))
        .route("/campaigns/{number}/{action}", post(campaign::act))
        .route("/releases", get(releases::list))
        .route("/releases/{product}/{version}", get(release::show))
        .route("/releases/{product}/{version}/{action}", post(release::act))
        .route("/upload", get(upload::form).post(upload::send))
        .route("/compare", get(compare::show))
        .route("/trust", get(trust::show))
        .route("/trust/renew", post(trust::renew))
        .route("/audit", get(audit::show))
        .route("/settings", get(settings::show))
        .route("/settings/{action}", post(settings::act))
        .route("/settings/webhooks", post(notices::add))
        .route("/settings/webhooks/{name}", get(notices::webhook))
        .route("/settings/webhooks/{name}/{action}", post(notices::act))
        .route("/settings/mail", get(notices::letters))
        .route("/settings/mail/test", post(notices::test_mail))
        .route("/start", get(start::show))
        .route("/start/ca.pem", get(start::ca))
        .route("/start/sketch", get(start::sketch_file))
        .route("/setup", get(sign_in::set_up_form).post(sign_in::set_up))
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/assets/{name}", get(asset::serve))
        .route_layer(from_fn(headers::told))
        .with_state(api.clone());
    views.fallback_service(api)
}
