//! `docs/VERDICTS.md`: the named cases as a table, written by the rules that the other tests hold against the stacks.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use otary_trust::verdict::{Library, Meeting, Rules, judge};

use crate::cases::{as_meetings, named};

/// Set to anything: the table is written anew instead of compared.
const BLESS: &str = "OTARY_BLESS";

const HEAD: &str = "\
# What a device's TLS stack says

The verdict of each stack on a server's certificates, a case a line. The device asks for `ota.lan` on 2026-11-23 if the
case says nothing else. Words: *parse*, it cannot read a certificate; *trust*, no anchor vouches for it; *name*, it is
for others; *expired* and *future*, by the device's clock; *usage*, it is not for a server; *weak-key* and
*weak-digest*, not good enough for this stack; *too-long*, more certificates than it follows. Mbed TLS says all that it
finds, BearSSL the first.

Two verdicts in a cell are those of a build that looks at dates, and of one that does not, as the Arduino cores for the
ESP32 and ESP-IDF have it. BearSSL always looks.

This page is written by a test: `OTARY_BLESS=1 cargo test -p otary-trust --test stacks table`. Other tests there build
programs on the real libraries (Mbed TLS 2.28.3 and 3.6.5, BearSSL 0.6) and allow no difference, in these cases and in
300 chains put together at random. The rules are in `crates/trust/src/verdict/rules.rs`; with any one of them changed, a
case here comes out differently, and the test fails.
";

fn cell(library: Library, meeting: &Meeting<'_>) -> String {
    let [with, without] = [true, false].map(|dates| judge(&Rules::of(library, dates), meeting).flags);
    if with == without { with.to_string() } else { format!("{with} / {without}") }
}

fn row(first: &str, cells: &[String; 3]) -> String {
    format!("| {first} | {} |\n", cells.join(" | "))
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (topic, cases) in named() {
        let head = row("case", &Library::ALL.map(|library| library.name().to_owned()));
        write!(page, "\n## {topic}\n\n{head}|---|---|---|---|\n").unwrap();
        as_meetings(&cases, |meetings| {
            for (meeting, case) in meetings.iter().zip(&cases) {
                page.push_str(&row(&case.name, &Library::ALL.map(|library| cell(library, meeting))));
            }
        });
    }
    page
}

#[test]
fn the_table_in_the_documentation_is_what_the_rules_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/VERDICTS.md");
    let page = page();
    if std::env::var_os(BLESS).is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let changed = page.lines().zip(kept.lines()).find(|(now, then)| now != then);
    assert!(page == kept, "docs/VERDICTS.md is not what {BLESS}=1 would write; first change: {changed:?}");
}
