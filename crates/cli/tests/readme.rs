//! The console blocks of the README and of docs/CLIENTS.md, carried out: what they show is what otary prints.
//!
//! A block is fenced as `console`. Each line that begins with `$ ` is a command, and the lines behind it are what it
//! prints. In them, `[..]` stands for any part of a line, and a line `...` for any lines; how wide a gap is does not
//! matter. All blocks run one after the other in one folder, beside the server that the README starts:
//!
//! - `otary serve` and `otary demo` without `--once` go on in the background; what they print first is compared.
//! - A firmware that is not there (`lamp-0.3.bin`) is a sample image of that version.
//! - A command that is not otary's is not run, and the test says so: `skipped: ...`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "readme/block.rs"]
mod block;
#[path = "readme/desk.rs"]
mod desk;
#[path = "readme/pattern.rs"]
mod pattern;

use std::fs;
use std::path::Path;

use desk::Desk;

/// What starts the README's server, in a block of its own for the shell.
const SERVER: &str = "otary serve --data ./x";

#[test]
fn the_readme_shows_what_otary_prints() {
    let commands = carry_out("README.md");
    assert!(
        commands.starts_with("# otary") && commands.contains(&format!("\n{SERVER}\n")),
        "the README starts another server"
    );
}

#[test]
fn the_page_of_the_clients_shows_what_otary_prints() {
    carry_out("docs/CLIENTS.md");
}

/// Carries out the blocks of a page, beside a server, and gives its text.
fn carry_out(page: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = fs::read_to_string(page).unwrap();
    let commands = block::commands(&text);
    assert!(commands.iter().any(block::Command::is_otary), "the page shows nothing that could be tried");
    let mut desk = Desk::new();
    desk.carry_out(&block::Command { line: 0, text: SERVER.to_owned(), prints: Vec::new() });
    for command in &commands {
        desk.carry_out(command);
    }
    text
}
