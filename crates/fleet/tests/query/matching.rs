//! What a query finds.

use otary_fleet::query::Field;
use otary_fleet::{Facts, Group, Membership, Query};

use crate::fleet::Fleet;

const EVERYBODY: [&str; 5] = ["kitchen", "hall", "cellar", "garden", "attic"];

#[test]
fn what_is_not_known_matches_neither_a_comparison_nor_its_opposite() {
    let fleet = Fleet::new();
    for (field, value) in
        [("chip", "esp32"), ("build", "0.3"), ("sdk", "5"), ("answer", "wait"), ("pin", "lamp@1")]
    {
        let is = fleet.find(&format!("{field} = {value}"));
        let is_not = fleet.find(&format!("{field} != {value}"));
        assert_eq!(fleet.find(&format!("not {field} = {value}")), is_not, "{field}");
        assert_eq!(fleet.find(&format!("{field} not in ({value})")), is_not, "{field}");
        let unknown = fleet.find(&format!("{field} is unknown"));
        assert_eq!(is.len() + is_not.len() + unknown.len(), EVERYBODY.len(), "{field}");
        assert_eq!(fleet.find(&format!("not {field} is known")), unknown, "{field}");
    }
}

#[test]
fn a_part_that_is_known_decides_as_far_as_it_can() {
    let fleet = Fleet::new();
    assert_eq!(fleet.find("chip = esp32 or polls >= 0"), EVERYBODY);
    assert_eq!(fleet.find("chip = esp32 and polls < 0"), [""; 0]);
    assert_eq!(fleet.find("not (chip = esp32 and polls < 0)"), EVERYBODY);
}

#[test]
fn and_binds_more_tightly_than_or_and_not_than_both() {
    let fleet = Fleet::new();
    let either = fleet.find("channel = beta or product = cam and polls > 100");
    assert_eq!(either, ["hall"]);
    assert_eq!(fleet.find("(channel = beta or product = cam) and polls > 100"), [""; 0]);
    assert_eq!(fleet.find("not channel = beta and product = lamp"), ["kitchen", "cellar", "attic"]);
}

#[test]
fn versions_compare_as_releases_do_and_not_as_texts() {
    let fleet = Fleet::new();
    assert_eq!(fleet.find("build < 0.10"), ["kitchen"]);
    assert_eq!(fleet.find("build = v0.10.0"), ["hall"]);
    assert_eq!(fleet.find("build < blue or build >= blue"), [""; 0], "nothing orders them");
    assert_eq!(fleet.find("build != blue"), ["kitchen", "hall", "garden"]);
}

#[test]
fn a_network_is_a_prefix_and_an_address_alone_its_site() {
    let fleet = Fleet::new();
    for (network, expected) in [
        ("10.0.0.0/8", vec!["garden"]),
        ("10.0.7.200", vec!["garden"]),
        ("10.0.7.200/32", vec![]),
        ("::ffff:10.0.7.1", vec!["garden"]),
        ("2001:db8::/32", vec![]),
        ("0.0.0.0/0", vec!["kitchen", "hall", "garden", "attic"]),
    ] {
        assert_eq!(fleet.find(&format!("network = {network}")), expected, "{network}");
    }
}

#[test]
fn a_group_is_asked_for_by_name() {
    let fleet = Fleet::new();
    assert_eq!(fleet.find("group = friends"), ["kitchen", "garden"]);
    assert_eq!(fleet.find("group = small"), ["attic"]);
    assert_eq!(fleet.find("group in (small, friends) and not group = friends"), ["attic"]);
    assert_eq!(fleet.find("group = gone or not group = gone"), [""; 0], "no such group");
    assert_eq!(fleet.find("group is unknown"), ["hall", "cellar"]);
}

#[test]
fn a_group_whose_query_asks_for_groups_is_empty_and_no_endless_question() {
    let fleet = Fleet::new();
    let query: Query = "group = loop or polls >= 0".parse().unwrap();
    assert!(query.asks_for(Field::Group));
    let group = Group { name: "loop".parse().unwrap(), product: None, by: Membership::Query(query.clone()) };
    let catalogue = fleet.catalogue.clone().with_campaigns([], [group.clone()]);
    let facts = Facts { catalogue: &catalogue, ..fleet.facts(&fleet.devices[0].1) };
    assert!(!group.contains(&facts));
    assert!(query.matches(&facts), "by its other part");
}

#[test]
fn a_group_of_a_product_holds_no_other_products_devices() {
    let fleet = Fleet::new();
    let by = Membership::Query("polls >= 0".parse().unwrap());
    let group = Group { name: "lamps".parse().unwrap(), product: Some("lamp".parse().unwrap()), by };
    let members = fleet.devices.iter().filter(|(_, device)| group.contains(&fleet.facts(device)));
    assert_eq!(members.map(|(name, _)| *name).collect::<Vec<_>>(), ["kitchen", "hall", "cellar", "attic"]);
}
