//! *Start here*: all that a board needs that is to be updated from this server, ready to be copied.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::header;
use otary_server::operator::{ProductView, StartView};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use crate::access::Person;
use crate::charts::Svg;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::words::segment;

/// The product that stands in examples while there is none.
const EXAMPLE: &str = "lamp";

#[derive(Template)]
#[template(path = "start.html")]
struct Page {
    frame: Frame,
    origin: Option<String>,
    others: Vec<(String, String)>,
    products: Vec<String>,
    product: String,
    sketch: String,
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

/// The sketch: what the update library of the Arduino cores takes, with this server's URL and roots in it.
#[derive(Template)]
#[template(path = "sketch.txt")]
struct Sketch<'a> {
    url: &'a str,
    anchors: &'a str,
}

/// For what, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    host: String,
    #[serde(default)]
    product: String,
}

pub(crate) async fn show(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let Some(start) = Failure::left_out(person.api.get::<StartView>("/start").await)? else {
        return Ok(html(&Nothing { frame: person.frame(View::Start, "Start here") }));
    };
    let products: Vec<ProductView> = person.api.get("/products").await?;
    let products: Vec<String> = products.iter().map(|view| view.product.name.to_string()).collect();
    let known = products.iter().find(|product| **product == which.product).or(products.first());
    let product = known.cloned().unwrap_or_else(|| EXAMPLE.to_owned());
    let origin = start.origins.iter().find(|origin| **origin == which.host).or(start.origins.first());
    let url = format!("{}/update/{product}", origin.map_or("https://<YOUR-SERVER>:3443", String::as_str));
    let others = start.origins.iter().filter(|other| Some(*other) != origin);
    let here = person.api.host().map(|host| format!("https://{host}/"));
    let page = Page {
        frame: person.frame(View::Start, "Start here"),
        others: others
            .map(|other| {
                (other.clone(), format!("/start?host={}&product={}", segment(other), segment(&product)))
            })
            .collect(),
        sketch: Sketch { url: &url, anchors: &start.anchors }.render().map_err(Failure::internal)?,
        origin: origin.cloned(),
        code: here.as_deref().and_then(code),
        here,
        products,
        product,
        anchors: start.anchors,
        fingerprint: start.fingerprint,
    };
    Ok(html(&page))
}

/// What boards trust, as a file.
pub(crate) async fn ca(person: Person) -> Result<Response, Failure> {
    let start: StartView = person.api.get("/start").await?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"ca.pem\""),
    ];
    Ok((headers, start.anchors).into_response())
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
    fn a_sketch_has_the_address_and_the_roots_and_no_escapes() {
        let pem = "-----BEGIN CERTIFICATE-----\nAA+/==\n-----END CERTIFICATE-----\n";
        let sketch = Sketch { url: "https://otary.lan:3443/update/lamp", anchors: pem }.render().unwrap();
        assert!(sketch.contains("\"https://otary.lan:3443/update/lamp?chip=\""), "{sketch}");
        assert!(sketch.contains(pem) && sketch.contains("#include <HTTPUpdate.h>") && !sketch.contains("&#"));
    }
}
