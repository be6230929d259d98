//! Where the views are.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::view::{campaign, campaigns, device, devices, now, sign_in};
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
        .route("/setup", get(sign_in::set_up_form).post(sign_in::set_up))
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/assets/{name}", get(asset::serve))
        .route_layer(from_fn(headers::told))
        .with_state(api.clone());
    views.fallback_service(api)
}
