//! What holds of every text and every query.

use otary_fleet::Query;
use otary_fleet::query::Field;
use proptest::prelude::*;

use crate::fleet::Fleet;

/// Texts that are queries, or nearly.
fn nearly() -> impl Strategy<Value = String> {
    let fields = Field::all().map(Field::name).collect::<Vec<_>>();
    let piece = prop_oneof![
        prop::sample::select(fields).prop_map(str::to_owned),
        prop::sample::select(
            &[
                "and", "or", "not", "is", "in", "known", "unknown", "(", ")", ",", "=", "!=", "<", "~", "\"",
                "'"
            ][..]
        )
        .prop_map(str::to_owned),
        prop::sample::select(
            &["esp32", "0.9", "7d", "1MiB", "10.0.0.0/8", "lamp@0.3", "ä b", "none", "\\"][..]
        )
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.join(" "))
}

/// One comparison, list or flag.
fn tests() -> impl Strategy<Value = String> {
    let text = "[ -~äöü]{1,20}"
        .prop_map(|text: String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    prop_oneof![
        prop::sample::select(
            &[
                "hold",
                "contested",
                "chip = ESP32-C3",
                "chip not in (esp32,esp32c3)",
                "seen < 1h30m",
                "first-seen>=90s",
                "polls != 7",
                "free >= 1024KiB",
                "network = 192.168.1.70",
                "network=2001:db8::1/48",
                "proof >= product-secret",
                "anchor = ABCDEF",
                "mac = 24-6f-28-aa-bb-cc",
                "mac ~ 24:6f",
                "rule=looping",
                "release = 'lamp@0.3 beta'",
                "pin is unknown",
                "group in ( a, b )",
                "answer = Hold",
                "NAME is KNOWN",
            ][..]
        )
        .prop_map(str::to_owned),
        (
            prop::sample::select(&["build", "sdk", "name"][..]),
            prop::sample::select(&["=", "!=", "~"][..]),
            text
        )
            .prop_map(|(field, operator, value)| format!("{field}{operator}{value}")),
    ]
}

/// Queries of every form.
fn queries() -> impl Strategy<Value = String> {
    tests().prop_recursive(6, 48, 4, |inner| {
        let joined = |joint: &'static str| {
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(move |parts| format!("({})", parts.join(joint)))
        };
        prop_oneof![joined(" and "), joined(" OR "), inner.clone().prop_map(|part| format!("not {part}"))]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![nearly(), "\\PC{0,64}", any::<String>()]) {
        match Query::parse(&text) {
            Ok(query) => prop_assert_eq!(Query::parse(&query.to_string()), Ok(query)),
            Err(error) => {
                prop_assert!(error.at <= text.len());
                prop_assert!(!error.render(&text).is_empty());
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_query(text in queries()) {
        let Ok(query) = Query::parse(&text) else { return Ok(()) };
        let printed = query.to_string();
        prop_assert_eq!(Query::parse(&printed), Ok(query));
        prop_assert!(printed.len() <= Query::MAX_LENGTH);
    }

    #[test]
    fn the_printed_query_finds_the_same_devices_and_its_opposite_finds_none_of_them(text in queries()) {
        let Ok(query) = Query::parse(&text) else { return Ok(()) };
        let fleet = Fleet::new();
        let found = fleet.find(&text);
        prop_assert_eq!(&fleet.find(&query.to_string()), &found);
        if let Ok(opposite) = Query::parse(&format!("not ({query})")) {
            let others = fleet.devices.iter().filter(|(_, device)| opposite.matches(&fleet.facts(device)));
            prop_assert!(others.into_iter().all(|(name, _)| !found.contains(name)));
        }
    }
}

#[test]
fn the_longest_query_still_reads_back_when_it_is_printed() {
    let value = "\"".repeat(Query::MAX_VALUE);
    let test = format!("{}name='{value}'", "not ".repeat(Query::MAX_DEPTH));
    let joined = vec![test; Query::MAX_TESTS].join(" and ");
    let query = Query::parse(&joined).unwrap();
    assert_eq!(Query::parse(&query.to_string()), Ok(query));
}
