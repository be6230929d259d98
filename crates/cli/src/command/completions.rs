//! `otary completions` and `otary man`: what a shell and `man` know of the commands, from the same text as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Otary, say};

/// Print what a shell needs to complete otary's commands
///
/// For bash: `otary completions bash > ~/.local/share/bash-completion/completions/otary`
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write one for each command
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write otary.1, otary-push.1 and so on into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the completions.
pub fn complete(args: &CompletionsArgs) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Otary::command(), "otary", &mut text);
    Ok(io::stdout().lock().write_all(&text)?)
}

/// Prints the page of `otary`, or writes all.
pub fn man(args: &ManArgs) -> Result<()> {
    let Some(folder) = &args.out else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Otary::command()).render(&mut text)?;
        return Ok(io::stdout().lock().write_all(&text)?);
    };
    let writing = || format!("writing to {}", folder.display());
    fs::create_dir_all(folder).with_context(writing)?;
    clap_mangen::generate_to(Otary::command(), folder).with_context(writing)?;
    let pages = fs::read_dir(folder).with_context(writing)?.count();
    Ok(say!("{} holds {pages} pages.", folder.display())?)
}
