//! The sketch for this server, and what other clients take instead: the text that `otary sketch` prints. A private product's has
//! a place for its secret; the secret itself is known to nobody here.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::ProductName;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::problem::Problem;
use super::request::Options;
use super::site::{Operator, carry_out};
use super::start::{anchors, hosts};
use crate::sketch::{
    Board, Client, Ethernet, FIRST_VERSION, Form, Host, NO_SECRET, Network, Sketch, Snippet, is_version,
};

/// Which one is wanted; the words are those of `otary sketch`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// What another client takes; without, it is a sketch for the Arduino cores.
    client: Option<Client>,
    /// The board's family.
    #[serde(default)]
    board: Board,
    /// By cable, with this module; without, by Wi-Fi.
    ethernet: Option<Ethernet>,
    /// Believes every server: no protection, for the bench only.
    #[serde(default)]
    insecure: bool,
    /// The product that it is, if the server is to know it by its URL. Other clients' need one.
    product: Option<ProductName>,
    /// The server's name in the URL; the best one without.
    host: Option<String>,
    /// The version that it says it has; `0.1` without.
    version: Option<String>,
}

/// What a board or another client is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SketchView {
    /// The text, as `otary sketch` prints it.
    pub text: String,
    /// What a file with it is called.
    pub file: String,
    /// Where it asks: scheme, host and port.
    pub origin: String,
    /// What has to be installed and chosen in the Arduino IDE to build it; nothing for another client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// What has to be known of it, a sentence each.
    pub notes: Vec<String>,
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(wanted): Options<Wanted>,
) -> Result<Json<SketchView>, Problem> {
    carry_out(operator, move |operator| operator.sketch(&wanted, &actor)).await.map(Json)
}

/// Where it asks, and whom it trusts.
struct Server {
    host: Host,
    port: u16,
    roots: String,
}

impl Operator {
    /// Notes that devices can ask this machine for the time, at the only port that they ask.
    pub fn note_time_server(&self) {
        let _ = self.tells_time.set(());
    }

    fn sketch(&self, wanted: &Wanted, actor: &Actor) -> Result<SketchView, Problem> {
        let version = wanted.version.as_deref().unwrap_or(FIRST_VERSION);
        if !is_version(version) {
            let detail = "a sketch's version has 1 to 64 of letters, digits and . - + _";
            return Err(Problem::bad_request("sketch-form", detail));
        }
        let server = self.server_for_boards(wanted.host.as_deref())?;
        match wanted.client {
            Some(client) => other(client, wanted, version, &server),
            None => self.arduino(wanted, version, &server, actor),
        }
    }

    fn arduino(
        &self,
        wanted: &Wanted,
        version: &str,
        server: &Server,
        actor: &Actor,
    ) -> Result<SketchView, Problem> {
        let network = wanted.ethernet.map_or(Network::Wifi, Network::Ethernet);
        let form = Form::new(wanted.board, network, wanted.insecure).map_err(|error| {
            Problem::bad_request("sketch-form", error.to_string()).help("a module on SPI: w5500 or enc28j60")
        })?;
        let form = form.for_local(server.host.label().is_some());
        let product = wanted.product.as_ref();
        let private = product.is_some_and(|product| self.is_private(product, actor));
        let path = product.map(|product| format!("/{product}")).unwrap_or_default();
        let sketch = Sketch {
            form,
            url: &format!("{}/update{path}", server.origin()),
            host: &server.host,
            time: self.tells_time.get().is_some(),
            version,
            roots: &server.roots,
            secret: private.then_some(NO_SECRET),
        };
        Ok(SketchView {
            text: sketch.render(),
            file: format!("{}.ino", product.map_or("otary", ProductName::as_str)),
            origin: server.origin(),
            needs: Some(form.needs().to_owned()),
            notes: notes(&sketch),
        })
    }

    /// Whether a product is private, for those who see it. One that is yet to be made is not.
    fn is_private(&self, product: &ProductName, actor: &Actor) -> bool {
        let catalogue = self.store.catalogue();
        actor.sees(product) && catalogue.product(product).is_some_and(|product| product.private)
    }

    /// The name that was asked for, or the best one.
    fn server_for_boards(&self, asked: Option<&str>) -> Result<Server, Problem> {
        let port = self.devices_at.get().copied();
        let (hosts, roots) = self.custody()?.look(|held| (hosts(held), anchors(held)));
        let asked_for = |host: &Host| asked.is_none_or(|asked| host.to_string().eq_ignore_ascii_case(asked));
        let found = port.zip(hosts.into_iter().find(asked_for));
        found.map(|(port, host)| Server { host, port, roots }).ok_or_else(|| {
            let detail = match asked {
                Some(asked) => format!("this server has no name {asked} that a board could ask for"),
                None => "this server has no name that a board could ask for".to_owned(),
            };
            Problem::conflict("no-name-for-boards", detail).help("`otary serve --name NAME` adds one")
        })
    }
}

impl Server {
    fn origin(&self) -> String {
        format!("https://{}:{}", self.host, self.port)
    }
}

/// What has to be known of a sketch.
fn notes(sketch: &Sketch<'_>) -> Vec<String> {
    let private = sketch.secret.map(|_| "the product is private: fill in UPDATE_SECRET".to_owned());
    let address = sketch.host.is_address();
    let address = address.then(|| format!("it asks an address: keep this machine at {}", sketch.host));
    let insecure = sketch.form.is_insecure();
    let insecure =
        insecure.then(|| "no protection: it believes every server and runs what it sends".to_owned());
    [private, address, insecure].into_iter().flatten().collect()
}

/// What another client takes.
fn other(client: Client, wanted: &Wanted, version: &str, server: &Server) -> Result<SketchView, Problem> {
    let product = wanted.product.as_ref().ok_or_else(|| {
        Problem::bad_request("sketch-form", "another client's piece names its product")
            .help("say which product it is")
    })?;
    let origin = server.origin();
    let roots = server.roots.as_str();
    let snippet = Snippet { client, origin: &origin, link: None, product, version, roots };
    Ok(SketchView {
        text: snippet.render(),
        file: format!("{product}.{}", client.extension()),
        notes: snippet.notes().into_iter().map(str::to_owned).collect(),
        needs: None,
        origin,
    })
}
