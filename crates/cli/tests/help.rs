//! Every `--help`, as a snapshot: whoever changes a command sees what users will read.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

/// What `otary WORDS --help` prints, in a hundred columns and with nothing in its environment.
fn help(words: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otary"));
    let output = command.env_clear().args(words).arg("--help").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A description that goes on in the next line is indented deeper.
    let names = commands.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_help_is_as_it_was_last_read() {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(words) = open.pop() {
        let help = help(&words);
        insta::assert_snapshot!([&["otary".to_owned()], &words[..]].concat().join("_"), help);
        open.extend(listed(&help).into_iter().map(|name| [&words[..], &[name]].concat()));
        seen += 1;
    }
    assert!(seen > 30, "only {seen} commands were found");
}

#[test]
fn the_long_help_begins_with_tasks() {
    let help = help(&[]);
    let first: Vec<&str> = help.lines().map_while(|line| line.strip_prefix("  otary ")).collect();
    assert!(first[0].starts_with("serve "), "{help}");
    assert!(help.contains("\nExit status: 0 done; 1 failed"), "{help}");
}
