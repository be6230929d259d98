//! Roles against routes: every line of the router's table is asked by everybody, and each cell comes out as the table says.
//!
//! What is asked for is always the lamp's. There are people of every role on everything, on the lamp alone, and on the plug
//! alone; nobody at all; and the owner of the data directory.

use axum::body::Body;
use http::Method;
use otary_fleet::{Chip, Grants, Scope};
use otary_server::operator::{CreatedToken, On, RouteLine, table};
use serde_json::{Value, json};

use crate::desk::{Answer, Caller, Desk, firmware, name};

const LAMP: &str = "24:6F:28:00:00:01";
const PLUG: &str = "24:6F:28:00:00:02";
const ABSENT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What says that somebody may not, or that there were nothing.
const REFUSED: [&str; 8] = [
    "no-token",
    "wrong-token",
    "scope-too-small",
    "owner-only",
    "no-product",
    "no-device",
    "no-group",
    "no-campaign",
];

/// What is handed to whoever has the scope on anything, since it is nobody's yet or their own.
const OF_NO_PRODUCT: [&str; 6] =
    ["/artifacts", "/artifacts/{id}", "/tokens", "/tokens/{name}", "/session", "/session/password"];

/// Somebody who asks.
#[derive(Debug, Clone)]
enum Who {
    Local,
    Nobody,
    Token(Grants),
}

impl Who {
    fn all() -> Vec<Self> {
        let everywhere = Scope::ALL.map(Grants::everywhere);
        let lamp = Scope::ALL.map(|scope| Grants::on_products(scope, [name("lamp")]));
        let plug = Scope::ALL.map(|scope| Grants::on_products(scope, [name("plug")]));
        let tokens = everywhere.into_iter().chain(lamp).chain(plug).map(Self::Token);
        [Self::Local, Self::Nobody].into_iter().chain(tokens).collect()
    }

    /// Whether they may ask that of the lamp.
    fn may(&self, line: &RouteLine) -> bool {
        let Some(needs) = line.needs else { return true };
        let grants = match self {
            Self::Local => return true,
            Self::Nobody => return false,
            Self::Token(grants) => grants,
        };
        match line.on {
            On::Keys => false,
            On::Server => grants.allows(needs, None),
            On::Each if line.method == Method::GET || OF_NO_PRODUCT.contains(&line.path) => {
                grants.highest() >= Some(needs)
            }
            _ => grants.allows(needs, Some(&name("lamp"))),
        }
    }

    fn sees_the_lamp(&self) -> bool {
        matches!(self, Self::Local)
            || matches!(self, Self::Token(grants) if grants.allows(Scope::Read, Some(&name("lamp"))))
    }
}

/// A desk with a lamp and a plug, and a token for everybody.
struct World {
    desk: Desk,
    tokens: Vec<Option<CreatedToken>>,
}

impl World {
    async fn new(everybody: &[Who]) -> Self {
        let desk = Desk::new();
        for (product, mac) in [("lamp", LAMP), ("plug", PLUG)] {
            if product == "plug" {
                desk.send(Method::POST, "/products", json!({ "name": product })).await.read::<Value>();
            }
            desk.publish(product, "0.1", &firmware(Chip::Esp32, product)).await;
            let done = |answer: Answer| answer.read::<Value>();
            done(
                desk.send(Method::POST, &format!("/devices/{mac}/assign"), json!({ "product": product }))
                    .await,
            );
            done(desk.send(Method::PUT, &format!("/groups/{product}s"), json!({ "product": product })).await);
            done(
                desk.send(Method::POST, "/campaigns", json!({ "product": product, "version": "0.1" })).await,
            );
            done(desk.send(Method::POST, "/mirrors", mirror(product)).await);
        }
        let mut tokens = Vec::new();
        for (number, who) in everybody.iter().enumerate() {
            let Who::Token(grants) = who else {
                tokens.push(None);
                continue;
            };
            let new = json!({ "name": format!("t{number}"), "grants": grants });
            tokens.push(Some(desk.send(Method::POST, "/tokens", new).await.read()));
        }
        Self { desk, tokens }
    }

    async fn ask(&self, number: usize, who: &Who, line: &RouteLine) -> Answer {
        let token = self.tokens[number].as_ref().map(|token| token.secret.expose().to_owned());
        let from = match who {
            Who::Local => Caller::Here,
            _ => Caller::Net("192.168.1.9", token.as_deref()),
        };
        let body = Body::from(body(line).to_string());
        self.desk.ask(from, line.method.clone(), &path(line), body).await
    }
}

fn mirror(product: &str) -> Value {
    json!({ "product": product, "from": ["https://firmware.example/x.bin"], "every_hours": 0 })
}

/// The path of the lamp's.
fn path(line: &RouteLine) -> String {
    let name = if line.path.starts_with("/groups") { "lamps" } else { "nobody" };
    let path = line.full_path();
    let path = path.replace("{product}", "lamp").replace("{version}", "0.1").replace("{mac}", LAMP);
    let path = path.replace("{name}", name).replace("{number}", "1").replace("{step}", "switch");
    let path = path.replace("{id}", ABSENT);
    if line.path == "/artifacts" { path + "?file=x.bin" } else { path }
}

/// A body that is about the lamp.
fn body(line: &RouteLine) -> Value {
    match (line.method.as_str(), line.path) {
        ("POST", "/products") => json!({ "name": "lamp" }),
        ("POST", "/releases") => json!({ "product": "lamp", "version": "0.2", "artifacts": [] }),
        ("POST", "/campaigns") => json!({ "product": "lamp", "version": "0.1", "supersede": true }),
        ("POST", "/mirrors") => mirror("lamp"),
        ("POST", "/devices/{mac}/enroll") => {
            json!({ "product": "lamp", "credential": { "token": ABSENT } })
        }
        ("POST", "/devices/{mac}/assign") | ("PUT", "/groups/{name}") => json!({ "product": "lamp" }),
        ("POST", "/groups/{name}/add" | "/groups/{name}/remove") => json!({ "devices": [LAMP] }),
        ("POST", "/devices/{mac}/pin" | "/devices/{mac}/force") => json!({ "version": "0.1" }),
        ("POST", "/tokens") => {
            json!({ "name": "more", "grants": { "products": {} } })
        }
        _ => json!({}),
    }
}

fn code(answer: &Answer) -> String {
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_role_meets_every_route_as_the_table_says() {
    let everybody = Who::all();
    let mut world = World::new(&everybody).await;
    let (mut cells, mut wrong) = (0, Vec::new());
    for line in table() {
        for (number, who) in everybody.iter().enumerate() {
            let answer = world.ask(number, who, &line).await;
            let code = code(&answer);
            let is_in = !REFUSED.contains(&code.as_str());
            if is_in != who.may(&line) {
                let (method, path) = (&line.method, line.full_path());
                wrong.push(format!("{who:?} {method} {path}: {} {code}", answer.status));
            }
            if !is_in && !who.sees_the_lamp() && !matches!(who, Who::Nobody) {
                let of_lamp = !matches!(line.on, On::Server | On::Keys | On::Each | On::Anyone);
                assert!(!of_lamp || answer.status == 404, "{who:?} {line:?} hears that there is a lamp");
            }
            if is_in && line.method == Method::GET && !who.sees_the_lamp() && line.needs.is_some() {
                let text = String::from_utf8_lossy(&answer.body);
                assert!(
                    !text.contains("lamp") && !text.contains(LAMP),
                    "{who:?} {line:?} shows the lamp: {text}"
                );
            }
            cells += 1;
            if is_in && line.method != Method::GET {
                world = World::new(&everybody).await;
            }
        }
    }
    println!("{cells} cells");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn whoever_knows_the_digest_of_anothers_image_does_not_get_it_as_a_release_of_his_own() {
    let everybody = [Who::Token(Grants::on_products(Scope::Push, [name("plug")]))];
    let world = World::new(&everybody).await;
    let secret = world.tokens[0].as_ref().unwrap().secret.expose().to_owned();
    let lamp: Value = world.desk.get("/releases/lamp/0.1").await;
    let part = json!({ "id": lamp["artifacts"][0], "file": "firmware.bin" });
    let publication = json!({ "product": "plug", "version": "0.2", "artifacts": [part] });
    let from = Caller::Net("192.168.1.9", Some(&secret));
    let body = Body::from(publication.to_string());
    world.desk.request(from, Method::POST, "/releases", body).await.refused("no-artifact");
}

#[tokio::test]
async fn who_makes_up_a_poll_gets_no_power_over_a_device() {
    let everybody = [Who::Token(Grants::on_products(Scope::Operate, [name("plug")]))];
    let World { desk, tokens } = World::new(&everybody).await;
    let secret = tokens[0].as_ref().unwrap().secret.expose().to_owned();
    let mac = "24:6F:28:00:00:03";
    let hold = || async {
        let from = Caller::Net("192.168.1.9", Some(&secret));
        desk.request(from, Method::POST, &format!("/devices/{mac}/hold"), Body::empty()).await
    };
    desk.poll(&crate::desk::board(mac, &firmware(Chip::Esp32, "lamp"), "0.1"));
    hold().await.refused("no-device");
    let mut forged = crate::desk::board(mac, &firmware(Chip::Esp32, "plug"), "0.1");
    forged.product = Some(name("plug"));
    desk.poll(&forged);
    hold().await.refused("scope-too-small");
}
