//! What is said of a text that is no query: the place, what is expected there, what is probably meant.

use otary_fleet::Query;
use otary_fleet::query::Expected;

#[track_caller]
fn refused(text: &str, at: usize, said: &str) {
    let error = Query::parse(text).unwrap_err();
    assert_eq!(error.at, at, "{text}: {error}");
    let rendered = error.render(text);
    assert!(rendered.contains(said), "{text}:\n{rendered}");
}

#[test]
fn a_slip_is_told_by_its_place_and_its_word() {
    refused("", 0, "expected a field");
    refused("chp = esp32", 0, "did you mean chip?");
    refused("chip = esp23c3", 7, "did you mean esp32c3?");
    refused("dialect = arduino", 10, "did you mean arduino-esp32?");
    refused("proof >= devise-credential", 9, "did you mean device-credential?");
    refused("rule = lopping", 7, "did you mean looping?");
    refused("seen < 7", 7, "a length of time such as 7d");
    refused("free < 1M", 7, "a number of bytes such as 900KiB");
    refused("mac = 24:6F", 6, "an address such as");
    refused("network = 10.0.0.0/40", 10, "a network such as");
    refused("anchor = 12", 9, "4 or more hex digits");
    refused("release = 0.3", 10, "a release such as lamp@0.3");
    refused("product = Lamp", 10, "in lower case");
    refused("polls > many", 8, "a number");
}

#[test]
fn what_other_languages_say_is_understood_and_refused() {
    refused("chip == esp32", 5, "did you mean =?");
    refused("hold && contested", 5, "did you mean and?");
    refused("hold || contested", 5, "did you mean or?");
    refused("!hold", 0, "did you mean not?");
    refused("chip <> esp32", 5, "did you mean !=?");
    refused("hold an contested", 5, "did you mean and?");
    refused("hold; drop table device", 4, "expected a word");
}

#[test]
fn a_comparison_that_makes_no_sense_is_refused() {
    refused("chip < esp32", 5, "=, !=, in or is behind chip");
    refused("seen = 7d", 5, "<, <=, >, >= or is behind seen");
    refused("seen in (7d)", 5, "<, <=, >, >= or is behind seen");
    refused("hold = yes", 5, "write hold or not hold");
    refused("free ~ 9", 5, "behind free");
    refused("chip is missing", 8, "known or unknown");
}

#[test]
fn what_is_cut_short_is_told_at_its_end() {
    refused("chip", 4, "behind chip");
    refused("chip =", 6, "a chip such as");
    refused("chip = esp32 and", 16, "expected a field");
    refused("(chip = esp32", 13, "and, or, or )");
    refused("chip = esp32)", 12, "and, or, or the end");
    refused("chip in esp32", 8, "a list in parentheses");
    refused("chip in (esp32 esp32c3)", 15, "a comma or )");
    refused("name = \"kitchen", 7, "the other \"");
    refused("name = ''", 7, "a text");
    refused("name = \"a\nb\"", 9, "can be printed");
}

#[test]
fn every_bound_is_told() {
    let expected = |text: &str| Query::parse(text).unwrap_err().expected;
    let nested = |depth| format!("{}hold{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(Query::MAX_DEPTH)).is_ok());
    assert_eq!(expected(&nested(Query::MAX_DEPTH + 1)), Expected::Shallower);
    assert_eq!(expected(&format!("{}hold", "not ".repeat(Query::MAX_DEPTH + 1))), Expected::Shallower);
    let many = |tests: usize| vec!["hold"; tests].join(" or ");
    assert!(Query::parse(&many(Query::MAX_TESTS)).is_ok());
    assert_eq!(expected(&many(Query::MAX_TESTS + 1)), Expected::Fewer);
    assert_eq!(
        expected(&format!("polls in ({})", vec!["1"; Query::MAX_TESTS + 1].join(","))),
        Expected::Fewer
    );
    assert_eq!(expected(&" ".repeat(Query::MAX_LENGTH + 1)), Expected::Shorter);
    assert_eq!(expected(&format!("name = {}", "x".repeat(Query::MAX_VALUE + 1))), Expected::ShorterValue);
}

#[test]
fn the_carets_stand_under_the_place_in_a_long_query_too() {
    let text =
        format!("{} and chp = esp32 and {}", vec!["hold"; 20].join(" and "), vec!["hold"; 20].join(" and "));
    let rendered = Query::parse(&text).unwrap_err().render(&text);
    let [line, carets] = rendered.lines().collect::<Vec<_>>()[..] else { panic!("{rendered}") };
    let place = carets.find('^').unwrap();
    assert_eq!(line.get(place..place + 3), Some("chp"));
    assert!(line.len() < 80 && line.starts_with("...") && line.ends_with("..."), "{rendered}");
    let tabs = "hold\tand\tchp = esp32";
    assert!(Query::parse(tabs).unwrap_err().render(tabs).starts_with("hold and chp"));
}
