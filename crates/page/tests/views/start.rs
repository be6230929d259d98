//! *Start here* and *Trust*: what boards and browsers are given is what the API says.

use otary_server::operator::{SketchView, TrustView};

use crate::house::House;

#[tokio::test]
async fn the_sketch_on_the_page_is_the_apis() {
    let house = House::with_releases().await;
    for (kind, asked) in [
        ("kind=esp32", "board=esp32"),
        ("kind=esp8266&network=w5500", "board=esp8266&ethernet=w5500"),
        ("kind=tasmota", "client=tasmota"),
    ] {
        let sketch: SketchView = house.read(&format!("/sketch?product=lamp&{asked}")).await;
        assert!(sketch.text.contains("https://ota.lan:3443"), "{}", sketch.text);
        let file = house.get(&format!("/start/sketch?product=lamp&host=https://ota.lan:3443&{kind}")).await;
        assert_eq!(file.text, sketch.text);
        let shown = house.get(&format!("/start?product=lamp&{kind}")).await.text;
        let shown = shown.split_once("<pre tabindex=\"0\">").unwrap().1.split_once("</pre>").unwrap().0;
        assert_eq!(unescaped(shown), sketch.text);
    }
}

#[tokio::test]
async fn a_form_that_no_board_has_is_refused_on_the_page() {
    let shown = House::new().get("/start?kind=esp8266&network=lan8720").await.text;
    assert!(shown.contains("an ESP8266 has no RMII"), "{shown}");
}

#[tokio::test]
async fn the_pages_own_authority_is_shown_to_be_compared() {
    let house = House::new();
    let trust: TrustView = house.read("/trust").await;
    let own = trust.page.unwrap();
    let shown = house.get("/trust").await.text;
    assert!(shown.contains(&own.sha256) && shown.contains("href=\"/page-ca.crt\""), "{shown}");
    assert!(own.names.contains(&"ota.lan".to_owned()), "{own:?}");
}

/// A text of a template as it was before its marks were written as references.
fn unescaped(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (reference, mark)| text.replace(reference, mark))
}
