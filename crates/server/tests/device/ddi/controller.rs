//! A client of hawkBit's protocol, request by request.

use otary_fleet::{Action, Credential, CredentialKind, Device, DeviceName, Sha256};
use serde_json::{Value, json};

use crate::site::Site;
use crate::wire::{Response, ask, request};

/// Where requests come from.
pub const HOME: &str = "127.0.1.10";
/// The secret that the devices of the product share.
pub const GATEWAY: &str = "99616d4fae39167deddf21cd90047861";
/// The token of the one device.
pub const TARGET: &str = "3bc13b476cb3962a0c63a5c92beacfb7";

/// A device that is enrolled with a token of its own.
pub struct Controller<'a> {
    pub site: &'a Site,
    pub name: &'static str,
    pub authorization: String,
}

/// A site with a gateway's packages, of which 1.0 was released.
pub fn site() -> Site {
    let site = Site::start();
    site.product("gateway", |product| {
        product.allow_raw = true;
        product.secret = Some(Sha256::of(GATEWAY.as_bytes()));
    });
    publish(&site, "1.0", b"package 1.0");
    site
}

pub fn publish(site: &Site, version: &str, bytes: &[u8]) -> Sha256 {
    site.release("gateway", version, "stable", bytes, |artifact| {
        artifact.kind = otary_fleet::Kind::Raw;
        artifact.digests.clear();
        artifact.file_name = format!("gateway-{version}.swu");
    })
}

impl<'a> Controller<'a> {
    /// Enrolled, with its own token.
    pub fn enrolled(site: &'a Site, name: &'static str) -> Self {
        let (kind, issued) = (CredentialKind::Token(Sha256::of(TARGET.as_bytes())), site.clock.now());
        site.operate(&mac(name), |device| {
            device.product = "gateway".parse().ok();
            device.credentials = vec![Credential { kind, issued }];
        });
        Self { site, name, authorization: format!("TargetToken {TARGET}") }
    }

    pub fn showing(site: &'a Site, name: &'static str, authorization: &str) -> Self {
        Self { site, name, authorization: authorization.to_owned() }
    }

    pub fn path(&self, below: &str) -> String {
        format!("/DEFAULT/controller/v1/{}{below}", self.name)
    }

    pub fn get(&self, below: &str) -> Response {
        self.ask("GET", &self.path(below), "", "")
    }

    pub fn put(&self, below: &str, body: &Value) -> Response {
        self.send("PUT", below, &body.to_string())
    }

    pub fn post(&self, below: &str, body: &Value) -> Response {
        self.send("POST", below, &body.to_string())
    }

    pub fn send(&self, method: &str, below: &str, body: &str) -> Response {
        let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.ask(method, &self.path(below), &fields, body)
    }

    pub fn ask(&self, method: &str, path: &str, fields: &str, body: &str) -> Response {
        let authorization = match self.authorization.as_str() {
            "" => String::new(),
            shown => format!("Authorization: {shown}\r\n"),
        };
        ask(self.site, HOME, &format!("{}{body}", request(method, path, &format!("{authorization}{fields}"))))
    }

    /// What a poll answers.
    pub fn poll(&self) -> Value {
        let answer = self.get("");
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        body(&answer)
    }

    /// Where a poll's link of this name leads, below the device.
    pub fn link(&self, name: &str) -> Option<String> {
        let poll = self.poll();
        let href = poll["_links"][name]["href"].as_str()?;
        Some(href.split_once(&self.path("")).unwrap().1.to_owned())
    }

    /// Fetches the deployment that a poll leads to; gives its number.
    pub fn deployment(&self) -> (String, Value) {
        let link = self.link("deploymentBase").unwrap();
        let answer = self.get(&link);
        assert_eq!(answer.status, 200);
        let deployment = body(&answer);
        (deployment["id"].as_str().unwrap().to_owned(), deployment)
    }

    /// Reports on an action.
    pub fn report(&self, on: &str, id: &str, execution: &str, finished: &str, details: &[&str]) -> u16 {
        self.post(&format!("/{on}/{id}/feedback"), &feedback(execution, finished, details)).status
    }

    pub fn record(&self) -> Device {
        self.site.device(&mac(self.name)).unwrap()
    }

    pub fn action(&self) -> Action {
        self.record().controller.unwrap().actions.first().unwrap().clone()
    }
}

pub fn mac(name: &str) -> String {
    name.parse::<DeviceName>().unwrap().mac().to_string()
}

pub fn body(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

pub fn feedback(execution: &str, finished: &str, details: &[&str]) -> Value {
    json!({ "id": 1, "status": { "execution": execution, "result": { "finished": finished }, "details": details } })
}

/// Waits, for ten seconds at most, until the record is as it should be.
pub fn wait(is_so: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed().as_secs() < 10, "it did not come to be");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
