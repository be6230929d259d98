//! The otary command: update server, certificate authority, operator's tool and virtual boards.
//!
//! Each command is one file of [`command`], with its options and the function that carries it out. What goes wrong
//! is printed once, here: `error:` and the causes, then `help:` with what to do about it.

mod advice;
mod backup;
mod client;
mod clock;
mod command;
mod config;
mod data;
mod ddns;
mod demo;
mod doctor;
mod file;
mod global;
mod inspect;
mod key_file;
mod mdns;
mod passphrase;
mod platform;
mod roots;
mod secret;
mod serve;
mod service;
mod signals;
mod signing;
mod sntp;
mod table;
mod terminal;
mod verdicts;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use command::Command;
use global::Global;

/// Over-the-air updates for ESP32 and ESP8266 boards, from your own server.
#[derive(Debug, Parser)]
#[command(name = "otary", version, max_term_width = 100, before_long_help = terminal::TASKS, after_help = EXIT_STATUS)]
#[command(disable_help_subcommand = false, subcommand_required = false)]
struct Otary {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_STATUS: &str =
    "Exit status: 0 done; 1 failed, with the reason on standard error; 2 the command line is wrong.";

impl Otary {
    fn run(self) -> anyhow::Result<()> {
        match self.command {
            Some(command) => command.run(&self.global),
            None => terminal::print_tasks(&Self::command().render_version()),
        }
    }

    /// Carries out a command line given as words, the first of which is the program's name.
    fn carry_out(words: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
        Self::try_parse_from(words)?.run()
    }
}

fn main() -> ExitCode {
    match Otary::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if terminal::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<advice::Told>() => ExitCode::FAILURE,
        Err(error) => {
            eprint!("{}", advice::Report(&error));
            ExitCode::FAILURE
        }
    }
}
