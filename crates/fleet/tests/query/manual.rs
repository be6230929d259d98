//! The manual: every example in `docs/QUERY.md` is true.

use otary_fleet::Query;
use otary_fleet::query::Field;

use crate::fleet::Fleet;

const MANUAL: &str = include_str!("../../../../docs/QUERY.md");

/// The lines of every block of a kind.
fn blocks(kind: &str) -> Vec<Vec<&'static str>> {
    let mut blocks = Vec::new();
    let mut lines = MANUAL.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{kind}") {
            blocks.push(lines.by_ref().take_while(|line| *line != "```").collect());
        }
    }
    blocks
}

#[test]
fn every_example_finds_what_the_manual_says() {
    let fleet = Fleet::new();
    let examples: Vec<_> = blocks("query").into_iter().flatten().collect();
    assert!(examples.len() > 30);
    for example in examples {
        let (query, found) = example.split_once(" -> ").unwrap();
        let expected: Vec<&str> = found.split(", ").filter(|name| *name != "nobody").collect();
        assert_eq!(fleet.find(query.trim()), expected, "{query}");
    }
}

#[test]
fn every_error_reads_as_the_manual_says() {
    let errors = blocks("error");
    assert!(errors.len() > 3);
    for error in errors {
        let (query, rendered) = (error[0], error.join("\n"));
        assert_eq!(Query::parse(query).unwrap_err().render(query), rendered);
    }
}

#[test]
fn every_field_is_in_the_manual_and_in_an_example() {
    let examples: String = blocks("query").concat().join("\n");
    for field in Field::all() {
        assert!(MANUAL.contains(&format!("| `{}` |", field.name())), "{}", field.name());
        assert!(examples.contains(field.name()), "{} has no example", field.name());
    }
}
