//! The description of the API is what it was when it was last looked at: a change of it is seen in review.

use otary_server::operator::{openapi, table};

#[test]
fn the_description_is_what_was_looked_at() {
    let mut document = openapi();
    document["info"]["version"] = "x".into();
    insta::assert_json_snapshot!("openapi", document);
}

#[test]
fn every_route_of_the_api_is_described_once() {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap();
    let described: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(described, table().iter().filter(|line| !line.base.is_empty()).count());
    let mut ids: Vec<&str> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|one, next| one < next), "two have one id");
}

#[test]
fn every_part_of_a_path_and_every_body_has_its_schema() {
    let document = openapi();
    for line in table().iter().filter(|line| !line.base.is_empty()) {
        let operation = &document["paths"][line.path][line.method.as_str().to_lowercase()];
        let parameters = operation["parameters"].as_array().unwrap();
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(in_path, line.path.matches('{').count(), "{line:?}");
        assert!(operation["responses"].as_object().unwrap().len() > 1, "{line:?} says what it answers");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let place = reference.split('"').next().unwrap();
        assert!(document.pointer(place).is_some(), "{place}");
    }
}
