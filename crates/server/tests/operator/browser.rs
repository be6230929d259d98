//! A browser: keeps cookies, and sends with a request what a browser does.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Method, Request, header};
use otary_server::operator::{Access, CSRF_HEADER, CreatedCode, Peer, SESSION_COOKIE};
use serde_json::{Value, json};

use crate::desk::{Answer, Desk};

pub const PASSWORD: &str = "correct horse battery";
pub const HOST: &str = "pi.lan:3444";

/// A browser at an address.
#[derive(Debug, Clone)]
pub struct Browser {
    pub address: String,
    pub cookies: BTreeMap<String, String>,
    pub csrf: Option<String>,
    /// Besides what it sends of itself.
    pub headers: Vec<(&'static str, String)>,
}

impl Browser {
    pub fn at(address: &str) -> Self {
        let (address, headers) = (address.to_owned(), Vec::new());
        Self { address, cookies: BTreeMap::new(), csrf: None, headers }
    }

    /// The same as a page of another origin makes it send.
    pub fn on_a_page_of(mut self, origin: &str) -> Self {
        self.headers.push(("origin", origin.to_owned()));
        self
    }

    pub fn session(&self) -> Option<&str> {
        self.cookies.get(SESSION_COOKIE).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub async fn send(&mut self, desk: &Desk, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        request = request.header(header::HOST, HOST).header(header::CONTENT_TYPE, "application/json");
        if !self.cookies.is_empty() {
            let all: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, all.join("; "));
        }
        if let Some(csrf) = &self.csrf {
            request = request.header(CSRF_HEADER, csrf);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(Peer(self.address.parse().unwrap()));
        let answer = desk.carry(request).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    pub async fn get(&mut self, desk: &Desk, path: &str) -> Answer {
        self.send(desk, Method::GET, path, Value::Null).await
    }

    pub async fn post(&mut self, desk: &Desk, path: &str, body: Value) -> Answer {
        self.send(desk, Method::POST, path, body).await
    }

    /// Signs in, and keeps the token that changes take.
    pub async fn sign_in(&mut self, desk: &Desk, name: &str, password: &str) -> Answer {
        let answer = self.post(desk, "/session", json!({ "name": name, "password": password })).await;
        if answer.status.is_success() {
            self.csrf = answer.read::<Access>().csrf;
        }
        answer
    }

    /// Who the server takes it for.
    pub async fn access(&mut self, desk: &Desk) -> Access {
        self.get(desk, "/access").await.read()
    }
}

/// A code, as the owner of the data directory has it made.
pub async fn setup_code(desk: &Desk) -> String {
    let made: CreatedCode = desk.send(Method::POST, "/setup/code", json!(null)).await.read();
    made.code.expose().to_string()
}

/// An account that the owner of the data directory made.
pub async fn account(desk: &Desk, name: &str, grants: Value) {
    let body = json!({ "name": name, "password": PASSWORD, "grants": grants });
    let answer = desk.send(Method::POST, "/people", body).await;
    assert_eq!(answer.status.as_u16(), 201, "{answer:?}");
}
