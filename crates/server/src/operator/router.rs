//! The router: each line of the [table](super::routes) behind its door.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use http::StatusCode;

use super::auth::{Door, let_in};
use super::problem::Problem;
use super::routes::{Route, routes};
use super::site::Operator;

/// The largest JSON body, in bytes: the longest notes fit, whatever their characters are.
const MAX_BODY: usize = 128 * 1024;

/// The operator interface.
pub fn router(operator: impl Into<Arc<Operator>>) -> Router {
    let operator = operator.into();
    let router = routes().into_iter().fold(Router::new(), |router, route| add(router, route, &operator));
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(operator)
}

/// Adds a route behind its door, if it has one.
fn add(router: Router<Arc<Operator>>, route: Route, operator: &Arc<Operator>) -> Router<Arc<Operator>> {
    let Route { line, endpoint } = route;
    let path = line.full_path();
    let Some(needs) = line.needs else { return router.route(&path, endpoint) };
    let door = Door { operator: Arc::clone(operator), needs, on: line.on };
    router.route(&path, endpoint.route_layer(from_fn_with_state(door, let_in)))
}

async fn no_route() -> Problem {
    Problem::not_found("no-route", "the operator interface has nothing here")
        .help("its routes begin with /api/v1")
}

async fn no_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-method", "this cannot be done here")
}
