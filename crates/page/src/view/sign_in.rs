//! Before anybody is signed in: the form for a setup code while there is no account, and the form to sign in.
//!
//! What is typed goes to the API, and its answer's cookie to the browser. A form that was not accepted is shown again with what the API
//! said; what is secret in it is typed again.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Method, StatusCode, header};
use otary_server::operator::Access;
use serde_json::json;

use crate::api::{Answer, Api};
use crate::failure::Failure;
use crate::form::{Form, fields};
use crate::frame::{Bare, html};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    bare: Bare,
    name: String,
    fault: Option<Fault>,
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUp {
    bare: Bare,
    name: String,
    fault: Option<Fault>,
    /// Whether it is the first account, or a way back in.
    first: bool,
}

/// Why a form was not accepted.
struct Fault {
    detail: String,
    help: Option<String>,
}

/// The form to sign in; while nobody could, the way to the other one.
pub(crate) async fn form(api: Api) -> Result<Response, Failure> {
    let access: Access = api.get("/access").await?;
    Ok(match (access.set_up, access.who) {
        (_, Some(_)) => Redirect::to("/").into_response(),
        (false, None) => Redirect::to("/setup").into_response(),
        (true, None) => html(&SignIn { bare: Bare::new(), name: String::new(), fault: None }),
    })
}

/// Signs in.
pub(crate) async fn sign_in(State(router): State<Router>, request: Request) -> Result<Response, Failure> {
    let (api, fields) = read(request, &router).await?;
    let (name, password) = (field(&fields, "name").trim().to_owned(), field(&fields, "password"));
    match api.post("/session", &json!({ "name": name, "password": password })).await {
        Ok(answer) => Ok(entered(&answer)),
        Err(failure) => {
            let page = |fault| html(&SignIn { bare: Bare::new(), name, fault: Some(fault) });
            again(failure, page)
        }
    }
}

/// The form for a setup code: while there is no account, and later for whoever lost a password.
pub(crate) async fn set_up_form(api: Api) -> Result<Response, Failure> {
    let access: Access = api.get("/access").await?;
    Ok(html(&SetUp { bare: Bare::new(), name: String::new(), fault: None, first: !access.set_up }))
}

/// Makes an account that owns the server, or gives one that does a new password.
pub(crate) async fn set_up(State(router): State<Router>, request: Request) -> Result<Response, Failure> {
    let (api, fields) = read(request, &router).await?;
    let access: Access = api.get("/access").await?;
    let name = field(&fields, "name").trim().to_owned();
    let first = !access.set_up;
    let page = |fault| html(&SetUp { bare: Bare::new(), name: name.clone(), fault: Some(fault), first });
    if field(&fields, "password") != field(&fields, "again") {
        let fault = Fault { detail: "the two passwords differ".into(), help: None };
        return Ok((StatusCode::BAD_REQUEST, page(fault)).into_response());
    }
    let (code, password) = (field(&fields, "code").trim(), field(&fields, "password"));
    match api.post("/setup", &json!({ "code": code, "name": name, "password": password })).await {
        Ok(answer) => Ok(entered(&answer)),
        Err(failure) => again(failure, page),
    }
}

/// Ends the session.
pub(crate) async fn sign_out(form: Form) -> Result<Response, Failure> {
    let answer = form.api().send(Method::DELETE, "/session", axum::body::Body::empty()).await?;
    Ok((cookies(&answer), Redirect::to("/sign-in")).into_response())
}

async fn read(request: Request, router: &Router) -> Result<(Api, BTreeMap<String, Vec<String>>), Failure> {
    let (mut parts, body) = request.into_parts();
    let Ok(api) = Api::from_request_parts(&mut parts, router).await;
    Ok((api, fields(Request::from_parts(parts, body), router).await?))
}

fn field<'a>(fields: &'a BTreeMap<String, Vec<String>>, name: &str) -> &'a str {
    fields.get(name).and_then(|values| values.first()).map_or("", String::as_str)
}

fn entered(answer: &Answer) -> Response {
    (cookies(answer), Redirect::to("/")).into_response()
}

/// The cookies that an answer of the API sets.
fn cookies(answer: &Answer) -> HeaderMap {
    let mut cookies = HeaderMap::new();
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        cookies.append(header::SET_COOKIE, cookie.clone());
    }
    cookies
}

/// The form once more, with what the API said.
fn again(failure: Failure, page: impl FnOnce(Fault) -> Response) -> Result<Response, Failure> {
    match failure {
        Failure::Refused(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            Ok((status, page(Fault { detail: problem.detail, help: problem.help })).into_response())
        }
        other => Err(other),
    }
}
