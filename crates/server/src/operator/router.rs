//! The router: each line of the [table](super::routes) behind its door.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::MethodRouter;
use http::{HeaderValue, Method, StatusCode, header};

use super::auth::{Door, let_in};
use super::conditions::{self, Guarded, Thing};
use super::keys;
use super::problem::Problem;
use super::request::MAX_BODY;
use super::routes::{Route, RouteLine, routes};
use super::site::Operator;

/// The operator interface.
pub fn router(operator: impl Into<Arc<Operator>>) -> Router {
    let operator = operator.into();
    let router = routes().into_iter().fold(Router::new(), |router, route| add(router, route, &operator));
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(map_response(unguessed))
        .with_state(operator)
}

/// Adds a route behind its door, if it has one.
fn add(router: Router<Arc<Operator>>, route: Route, operator: &Arc<Operator>) -> Router<Arc<Operator>> {
    let Route { line, endpoint, .. } = route;
    let (path, endpoint) = (line.full_path(), guarded(endpoint, &line, operator));
    let Some(needs) = line.needs else { return router.route(&path, endpoint) };
    let door = Door { operator: Arc::clone(operator), needs, on: line.on, streams: line.streams() };
    router.route(&path, endpoint.route_layer(from_fn_with_state(door, let_in)))
}

/// A route with what holds behind its door: tags and preconditions, and that what has a key is carried out once.
fn guarded(
    endpoint: MethodRouter<Arc<Operator>>,
    line: &RouteLine,
    operator: &Arc<Operator>,
) -> MethodRouter<Arc<Operator>> {
    if line.base.is_empty() {
        return endpoint;
    }
    let guarded = Guarded { operator: Arc::clone(operator), thing: line.thing().map(Thing) };
    if line.method == Method::GET {
        endpoint.route_layer(from_fn_with_state(guarded, conditions::tag))
    } else if line.takes_match() {
        endpoint.route_layer(from_fn_with_state(guarded, conditions::only_if))
    } else if line.takes_key() {
        endpoint.route_layer(from_fn_with_state(Arc::clone(operator), keys::once))
    } else {
        endpoint
    }
}

/// An answer is what it says, to a browser too, and is kept by nobody on the way; whoever asked may keep it and ask by its tag.
async fn unguessed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

async fn no_route() -> Problem {
    Problem::not_found("no-route", "the operator interface has nothing here")
        .help("its routes begin with /api/v1")
}

async fn no_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-method", "this cannot be done here")
}
