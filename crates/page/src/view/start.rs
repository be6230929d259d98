//! *Start here*: all that a board needs that is to be updated from this server, ready to be copied.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::header;
use otary_server::operator::{ProductView, SketchView, StartView};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use super::fault::Fault;
use crate::access::Person;
use crate::charts::Svg;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};

/// The product that stands in examples while there is none.
const EXAMPLE: &str = "lamp";

/// What can be chosen to be updated: its word, and what people call it. The first two are boards with the Arduino cores, the
/// others are clients of their own; the words are those of the API.
const KINDS: [(&str, &str); 7] = [
    ("esp32", "Arduino: an ESP32 of any kind"),
    ("esp8266", "Arduino: an ESP8266"),
    ("esphome", "ESPHome"),
    ("esp-idf", "ESP-IDF: esp_https_ota"),
    ("esp32fota", "Arduino: the library esp32FOTA"),
    ("tasmota", "Tasmota"),
    ("micropython", "MicroPython"),
];
/// How a board with the Arduino cores reaches the network.
const NETWORKS: [(&str, &str); 4] = [
    ("wifi", "Wi-Fi"),
    ("w5500", "by cable: W5500"),
    ("lan8720", "by cable: LAN8720"),
    ("enc28j60", "by cable: ENC28J60"),
];

#[derive(Template)]
#[template(path = "start.html")]
struct Page {
    frame: Frame,
    origin: Option<String>,
    others: Vec<(String, String)>,
    products: Vec<String>,
    which: Which,
    sketch: Option<SketchView>,
    fault: Option<Fault>,
    command: String,
    download: String,
    anchors: String,
    fingerprint: String,
    here: Option<String>,
    code: Option<Svg>,
}

/// Nothing to show yet: there is no authority.
#[derive(Template)]
#[template(path = "start_none.html")]
struct Nothing {
    frame: Frame,
}

/// For what, as the address says.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Which {
    /// An origin of the server.
    #[serde(default)]
    host: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    network: String,
}

pub(crate) async fn show(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let Some(start) = Failure::left_out(person.api.get::<StartView>("/start").await)? else {
        return Ok(html(&Nothing { frame: person.frame(View::Start, "Start here") }));
    };
    let products = products(&person).await?;
    let which = which.among(&start.origins, &products);
    let (sketch, fault) = match sketch(&person, &which).await {
        Ok(sketch) => (Some(sketch), None),
        // The view says so above everything else.
        Err(failure) if failure.code() == "no-name-for-boards" => (None, None),
        Err(failure) => (None, Some(Fault::of(failure)?)),
    };
    let here = person.api.host().map(|host| format!("https://{host}/"));
    let others = start.origins.iter().filter(|other| **other != which.host);
    let page = Page {
        frame: person.frame(View::Start, "Start here"),
        others: others
            .map(|other| (other.clone(), Which { host: other.clone(), ..which.clone() }.address("/start")))
            .collect(),
        origin: Some(which.host.clone()).filter(|origin| !origin.is_empty()),
        command: which.command(),
        download: which.address("/start/sketch"),
        code: here.as_deref().and_then(code),
        anchors: start.anchors,
        fingerprint: start.fingerprint,
        sketch,
        fault,
        here,
        products,
        which,
    };
    Ok(html(&page))
}

async fn products(person: &Person) -> Result<Vec<String>, Failure> {
    let products: Vec<ProductView> = person.api.get("/products").await?;
    Ok(products.iter().map(|view| view.product.name.to_string()).collect())
}

/// What the API hands out for it.
async fn sketch(person: &Person, which: &Which) -> Result<SketchView, Failure> {
    person.api.get(&format!("/sketch?{}", which.query())).await
}

impl Which {
    /// The same with what there is, where it says nothing or something else.
    fn among(self, origins: &[String], products: &[String]) -> Self {
        let known = |said: String, there_are: &[String], else_: &str| {
            let first = there_are.first().map_or(else_, String::as_str).to_owned();
            if there_are.contains(&said) { said } else { first }
        };
        let word = |said: String, words: &[(&str, &str)]| {
            let found = words.iter().find(|(word, _)| *word == said).or(words.first());
            found.map_or_else(String::new, |(word, _)| (*word).to_owned())
        };
        Self {
            host: known(self.host, origins, ""),
            product: known(self.product, products, EXAMPLE),
            kind: word(self.kind, &KINDS),
            network: word(self.network, &NETWORKS),
        }
    }

    fn is_arduino(&self) -> bool {
        ["esp32", "esp8266"].contains(&self.kind.as_str())
    }

    /// The module, if it is by cable.
    fn module(&self) -> Option<&str> {
        Some(self.network.as_str()).filter(|module| self.is_arduino() && *module != "wifi")
    }

    /// What the API is asked.
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("product", &self.product);
        let authority = self.host.strip_prefix("https://").and_then(|authority| authority.rsplit_once(':'));
        if let Some((host, _)) = authority {
            query.append_pair("host", host);
        }
        query.append_pair(if self.is_arduino() { "board" } else { "client" }, &self.kind);
        if let Some(module) = self.module() {
            query.append_pair("ethernet", module);
        }
        query.finish()
    }

    /// The command that prints the same.
    fn command(&self) -> String {
        let kind = match self.kind.as_str() {
            "esp32" => String::new(),
            "esp8266" => " --esp8266".to_owned(),
            client => format!(" --client {client}"),
        };
        let module = self.module().map(|module| format!(" --ethernet {module}")).unwrap_or_default();
        format!("otary sketch --product {}{kind}{module}", self.product)
    }

    /// The same choice at a path of the page.
    fn address(&self, path: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("host", &self.host).append_pair("product", &self.product);
        query.append_pair("kind", &self.kind).append_pair("network", &self.network);
        format!("{path}?{}", query.finish())
    }
}

/// The sketch, as a file.
pub(crate) async fn sketch_file(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let start: StartView = person.api.get("/start").await?;
    let which = which.among(&start.origins, &products(&person).await?);
    let SketchView { text, file, .. } = sketch(&person, &which).await?;
    Ok(attachment("text/plain; charset=utf-8", &file, text))
}

/// What boards trust, as a file.
pub(crate) async fn ca(person: Person) -> Result<Response, Failure> {
    let start: StartView = person.api.get("/start").await?;
    Ok(attachment("application/x-pem-file", "ca.pem", start.anchors))
}

fn attachment(media_type: &'static str, file: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{file}\"");
    ([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text)
        .into_response()
}

/// A text as a code that a phone reads. One that is too long has none.
fn code(text: &str) -> Option<Svg> {
    let code = QrCode::new(text).ok()?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(180, 180)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    // What stands before the drawing belongs to a file of its own.
    let (_, drawn) = drawn.split_once("<svg")?;
    Some(Svg(format!("<svg role=\"img\" aria-label=\"QR code of this page's address\"{drawn}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_drawing_for_a_page() {
        let Svg(drawn) = code("https://otary.lan:3444/").unwrap();
        assert!(drawn.starts_with("<svg role=") && !drawn.contains("<?xml") && !drawn.contains("style="));
    }

    #[test]
    fn a_choice_is_the_same_for_the_api_the_command_and_the_address() {
        let which = Which { kind: "esp8266".into(), network: "w5500".into(), ..Which::default() };
        let which = which.among(&["https://ota.lan:3443".to_owned()], &[]);
        assert_eq!(which.query(), "product=lamp&host=ota.lan&board=esp8266&ethernet=w5500");
        assert_eq!(which.command(), "otary sketch --product lamp --esp8266 --ethernet w5500");
        let other = Which { kind: "esphome".into(), ..which };
        assert_eq!(other.query(), "product=lamp&host=ota.lan&client=esphome", "a client has no board");
        assert_eq!(other.command(), "otary sketch --product lamp --client esphome");
    }

    #[test]
    fn what_is_not_there_is_not_chosen() {
        let strange = Which { host: "https://x".into(), kind: "toaster".into(), ..Which::default() };
        let which = strange.among(&[], &["plug".to_owned()]);
        assert_eq!((which.host.as_str(), which.product.as_str()), ("", "plug"));
        assert_eq!((which.kind.as_str(), which.network.as_str()), ("esp32", "wifi"));
    }
}
