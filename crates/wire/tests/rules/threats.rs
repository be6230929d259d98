//! docs/THREATS.md names tests, and those tests exist.

use std::fs;
use std::path::PathBuf;

/// The tests that the page links to: the name and the file.
fn named(page: &str) -> Vec<(&str, &str)> {
    let links = page.split("[`").skip(1);
    let links = links.filter_map(|text| text.split_once("`]("));
    let tests = links.filter_map(|(name, rest)| Some((name, rest.split_once(')')?.0)));
    tests.filter(|(_, file)| file.contains("/tests/")).collect()
}

#[test]
fn every_test_that_the_page_on_threats_names_exists() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = fs::read_to_string(docs.join("THREATS.md")).unwrap();
    let named = named(&page);
    for (name, path) in &named {
        let source = fs::read_to_string(docs.join(path)).unwrap_or_else(|_| panic!("{path} is not there"));
        // `#[test]` or `#[tokio::test]`.
        let test = source.split("test]\n").skip(1).any(|test| test.contains(&format!("fn {name}(")));
        assert!(test, "{path} has no test {name}");
    }
    assert!(named.len() > 20, "found {} names: the page or its reading has changed", named.len());
}

#[test]
fn the_page_has_a_row_for_each_attack_of_the_lists() {
    let page = include_str!("../../../../docs/THREATS.md");
    let attacks =
        ["Arbitrary software", "Rollback", "Freeze", "Mix-and-match", "Endless data", "Slow retrieval"];
    for attack in attacks {
        assert!(page.contains(&format!("| **{attack}**")), "{attack}");
    }
    assert!(page.contains("## Key compromise"));
}
