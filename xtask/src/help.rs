//! What there is to ask for: the page of `cargo xtask help`, and of it the part that a command's `--help` prints.
//!
//! Names of lanes and fuzz targets come from where they are kept, so the page cannot miss one.

use std::fmt::Write as _;

use crate::{fuzz, lane, lanes};

/// A command, how it may be called, and what each form does.
struct Command {
    name: &'static str,
    forms: &'static [(&'static str, &'static str)],
}

const COMMANDS: &[Command] = &[
    Command { name: "test", forms: &[("", "run every test; ends with `N passed, N failed, N skipped`")] },
    Command {
        name: "ci",
        forms: &[
            ("", "what must hold before a change is merged: every lane, one after the other"),
            ("--quick", "the lanes that take minutes: no test of the whole, fuzzer, demo or chip"),
            ("LANE", "one lane"),
        ],
    },
    Command {
        name: "firmware",
        forms: &[("", "build, check and measure the programs for the ESP32-C3; says what to install for it")],
    },
    Command {
        name: "package",
        forms: &[("", "make the Debian package; as root with PACKAGE_TRIAL=1 install, start and purge it")],
    },
    Command {
        name: "aarch64",
        forms: &[("", "build for 64-bit ARM and start it under qemu: a quarter of an hour")],
    },
    Command {
        name: "bench",
        forms: &[
            ("", "measure beside nginx and Node; writes docs/BENCHMARKS.md"),
            ("--quick", "see that the measurement works; writes nothing"),
            ("fleet", "measure looks at a fleet of 100,000 alone, without peers; writes nothing"),
        ],
    },
    Command {
        name: "fuzz",
        forms: &[
            ("", "run each fuzz target for a minute"),
            ("--seconds N", "run each for so long"),
            ("TARGET", "run one alone, with or without --seconds"),
        ],
    },
    Command {
        name: "stop-rule",
        forms: &[
            ("", "measure the stop rule on 1,000 simulated fleets of each kind; writes docs/STOP-RULE.md"),
            ("--seeds N", "on so many; writes nothing"),
        ],
    },
    Command {
        name: "powercut",
        forms: &[
            ("", "cut the power at every flash operation of an update, singly and in pairs: minutes"),
            ("--exhaustive", "the same with larger images and more ways to tear: hours"),
        ],
    },
    Command { name: "help", forms: &[("", "print this page; --help behind a command prints its part")] },
];

/// The whole page.
pub fn page() -> String {
    COMMANDS.iter().map(Command::part).collect()
}

/// The part of a command; none if there is no such command.
pub fn part(name: &str) -> Option<String> {
    COMMANDS.iter().find(|command| command.name == name).map(Command::part)
}

impl Command {
    fn part(&self) -> String {
        let mut part = String::new();
        for (options, does) in self.forms {
            let typed = format!("cargo xtask {} {options}", self.name);
            // Writing to a string does not fail.
            let _ = writeln!(part, "{:<34} {does}", typed.trim_end());
        }
        match self.name {
            "ci" => {
                let _ = writeln!(part, "  lanes: {}", names(lanes::FULL.iter().map(lane_name)));
                let _ = writeln!(part, "  quick: {}", names(lanes::QUICK.iter().map(lane_name)));
            }
            "fuzz" => {
                let _ = writeln!(part, "  targets: {}", names(fuzz::names()));
            }
            _ => {}
        }
        part
    }
}

const fn lane_name(lane: &lane::Lane) -> &'static str {
    lane.name
}

fn names(all: impl Iterator<Item = &'static str>) -> String {
    all.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_and_target_is_named_and_each_part_is_in_the_page() {
        let page = page();
        let lanes = lanes::FULL.iter().chain(lanes::QUICK).map(lane_name);
        for name in lanes.chain(fuzz::names()) {
            assert!(page.split_whitespace().any(|word| word == name), "{name}\n{page}");
        }
        for command in COMMANDS {
            assert!(page.contains(&part(command.name).unwrap()), "{}", command.name);
        }
        assert_eq!(part("powercuts"), None);
    }

    #[test]
    fn a_part_lists_the_options_of_its_command_alone() {
        let part = part("powercut").unwrap();
        assert!(part.contains("cargo xtask powercut --exhaustive") && part.lines().count() == 2, "{part}");
    }
}
