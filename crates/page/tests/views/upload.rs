//! *Upload*: a release is published only as it was looked at.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_server::operator::Uploaded;

use crate::house::{House, reviewed};

#[tokio::test]
async fn what_was_changed_after_it_was_looked_at_is_looked_at_again() {
    let house = House::new();
    let file = house.upload("lamp", "1.0").await;
    let form = [("product", "lamp"), ("file", file.as_str()), ("how", "usual")];
    let review = house.review(&[form.as_slice(), &[("version", "1.0")]].concat()).await;
    assert!(review.text.contains("value=\"publish\""), "{}", review.text);
    let reviewed = reviewed(&review.text);
    let changed = [("version", "2.0"), ("step", "publish"), ("reviewed", &reviewed)];
    let again = house.send("/upload", &[form.as_slice(), &changed].concat()).await;
    assert!(again.location.is_empty() && again.text.contains("lamp 2.0 would go"), "{}", again.text);
    let releases = house.get("/api/v1/releases").await;
    assert_eq!(releases.text, r#"{"releases":[],"next":null}"#, "nothing was published");
}

#[tokio::test]
async fn what_is_refused_can_be_meant_and_the_files_stay_for_it() {
    let house = House::with_releases().await;
    let file = house.upload("toaster", "0.9").await;
    let form = [("product", "lamp"), ("version", "2.0"), ("file", file.as_str())];
    let refused = house.review(&form).await;
    assert!(
        refused.status.is_client_error() && refused.text.contains("value=\"other-project\""),
        "{}",
        refused.text
    );
    let meant =
        house.review(&[form.as_slice(), &[("allow", "other-project"), ("supersede", "yes")]].concat()).await;
    assert_eq!(meant.status, StatusCode::OK, "{}", meant.text);
    assert!(meant.text.contains("value=\"publish\""), "{}", meant.text);
}

#[tokio::test]
async fn a_raw_file_goes_by_way_of_another_version_as_the_form_says() {
    let house = House::with_releases().await;
    let patch =
        house.ask(Method::PATCH, "/api/v1/products/lamp", "application/json", r#"{"allow_raw":true}"#.into());
    assert_eq!(patch.await.status, StatusCode::OK);
    let bytes = Body::from("encrypted".repeat(64));
    let answer = house.ask(Method::POST, "/api/v1/artifacts?file=lamp.enc&raw=true", "", bytes).await;
    let uploaded: Uploaded = serde_json::from_str(&answer.text).unwrap();
    let file = format!("raw:{}:lamp.enc", uploaded.artifact.id);
    let form = [
        ("product", "lamp"),
        ("version", "3.0"),
        ("file", &file),
        ("via", "1.1"),
        ("order", "app-first"),
        ("supersede", "yes"),
    ];
    let review = house.review(&form).await;
    assert!(
        review.text.contains("opaque file") && review.text.contains("value=\"publish\""),
        "{}",
        review.text
    );
    let publish = [("step", "publish"), ("reviewed", &reviewed(&review.text))];
    let published = house.send("/upload", &[form.as_slice(), &publish].concat()).await;
    assert!(published.location.ends_with("?done=published"), "{}", published.text);
    let release: serde_json::Value = house.read("/releases/lamp/3.0").await;
    assert_eq!((&release["via"], &release["order"]), (&"1.1".into(), &"app-first".into()), "{release}");
}
