//! Every route of the operator interface, one line each: what it takes, what it is about, what it does. The door before a
//! route, its line in the documents and the tests of who may do what are made of these lines, so that none of them says
//! something else.
//!
//! To add a route, add a line to the file of its subject.

mod firmware;
mod fleet;
mod notices;
mod server;
mod trust;

use std::sync::Arc;

use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use otary_fleet::Scope;
use schemars::SchemaGenerator;

use super::openapi::{Described, Operation};
use super::site::Operator;

/// A route of the operator interface.
pub(super) struct Route {
    /// What it is, for documents and tests.
    pub line: RouteLine,
    /// What it does, without a door.
    pub endpoint: MethodRouter<Arc<Operator>>,
    /// What it takes and answers.
    pub describe: fn(&mut Operation, &mut SchemaGenerator),
}

/// A route as documents and tests know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteLine {
    /// The method.
    pub method: Method,
    /// What stands before the path: `/api/v1`, or nothing.
    pub base: &'static str,
    /// The path, with its parts in braces: `/products/{product}`.
    pub path: &'static str,
    /// The scope that it takes; none where nobody is asked who they are.
    pub needs: Option<Scope>,
    /// What it is about.
    pub on: On,
    /// What it is for: half a sentence.
    pub says: &'static str,
}

/// What a route is about: on that, who asks must have the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Nothing that is anybody's: whoever reaches the listener may ask.
    Anyone,
    /// The server as a whole.
    Server,
    /// Private keys and setup codes, which are for the owner of the data directory alone, on the server's machine.
    Keys,
    /// The product that `{product}` in the path names.
    Product,
    /// The product of the device that `{mac}` in the path names.
    Device,
    /// The product of the group that `{name}` in the path names.
    Group,
    /// The product of the campaign that `{number}` in the path names.
    Campaign,
    /// Several things, or what the body says. To be let in, the scope on anything will do; the handler shows what the caller
    /// may see, and checks what the caller wants to change.
    Each,
}

/// Where the API is.
const API: &str = "/api/v1";

impl Route {
    /// The same beside the API: a page with a name that other programs expect.
    fn beside(mut self) -> Self {
        self.line.base = "";
        self
    }
}

impl RouteLine {
    /// The whole path, with its parts in braces.
    pub fn full_path(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// Whether it makes something that a client may not know to be made when the connection breaks: it takes an
    /// `Idempotency-Key`.
    pub(super) fn takes_key(&self) -> bool {
        let makes = ["/artifacts", "/releases", "/campaigns", "/tokens"];
        self.method == Method::POST && !self.base.is_empty() && makes.contains(&self.path)
    }

    /// Whether its body is taken as it comes.
    pub(super) fn streams(&self) -> bool {
        self.method == Method::POST && self.path == "/artifacts"
    }

    /// Whether it changes one thing that can be looked at: it takes an `If-Match`.
    pub(super) fn takes_match(&self) -> bool {
        self.method != Method::GET && self.thing().is_some()
    }

    /// The kind of thing that it is of, if it is of one that has settings.
    pub(super) fn thing(&self) -> Option<&'static str> {
        let things = ["products", "releases", "devices", "groups", "campaigns"];
        let (first, rest) = self.path.strip_prefix('/')?.split_once('/')?;
        things.contains(&first).then_some(first).filter(|_| rest.starts_with('{'))
    }
}

impl On {
    /// What follows the scope in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Anyone => "",
            Self::Server => " on everything",
            Self::Keys => ", and is for the owner of the data directory on the server's machine alone",
            Self::Product => " on the product",
            Self::Device => " on the device's product",
            Self::Group => " on the group's product, or on everything",
            Self::Campaign => " on the campaign's product",
            Self::Each => " on what it is about",
        }
    }
}

/// All routes.
pub(super) fn routes() -> Vec<Route> {
    [server::routes(), firmware::routes(), fleet::routes(), trust::routes(), notices::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// The routes as documents and tests know them.
pub fn table() -> Vec<RouteLine> {
    routes().into_iter().map(|route| route.line).collect()
}

/// What is read, and changes nothing.
fn get<H, T>(path: &'static str, needs: Scope, on: On, says: &'static str, handler: H) -> Route
where
    H: Described<T>,
    T: 'static,
{
    route(Method::GET, path, Some(needs), on, says, handler)
}

fn post<H, T>(path: &'static str, needs: Scope, on: On, says: &'static str, handler: H) -> Route
where
    H: Described<T>,
    T: 'static,
{
    route(Method::POST, path, Some(needs), on, says, handler)
}

fn put<H, T>(path: &'static str, needs: Scope, on: On, says: &'static str, handler: H) -> Route
where
    H: Described<T>,
    T: 'static,
{
    route(Method::PUT, path, Some(needs), on, says, handler)
}

fn patch<H, T>(path: &'static str, needs: Scope, on: On, says: &'static str, handler: H) -> Route
where
    H: Described<T>,
    T: 'static,
{
    route(Method::PATCH, path, Some(needs), on, says, handler)
}

fn delete<H, T>(path: &'static str, needs: Scope, on: On, says: &'static str, handler: H) -> Route
where
    H: Described<T>,
    T: 'static,
{
    route(Method::DELETE, path, Some(needs), on, says, handler)
}

/// What nobody is asked for who they are.
fn open<H, T>(method: Method, path: &'static str, says: &'static str, handler: H) -> Route
where
    H: Described<T>,
    T: 'static,
{
    route(method, path, None, On::Anyone, says, handler)
}

fn route<H, T>(
    method: Method,
    path: &'static str,
    needs: Option<Scope>,
    about: On,
    says: &'static str,
    handler: H,
) -> Route
where
    H: Described<T>,
    T: 'static,
{
    let endpoint = on(filter(&method), handler);
    Route {
        line: RouteLine { method, base: API, path, needs, on: about, says },
        endpoint,
        describe: H::describe,
    }
}

/// The methods that routes have; a line with another one would be met by the tests, which ask every route.
fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::TRACE)
}
