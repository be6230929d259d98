//! Passphrases: out of a file, or asked for at the terminal, which does not show them. Never from the command line, where
//! every process of this machine could read them.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::exit;

use anyhow::{Context, Result, anyhow};
use otary_server::operator::Password;
use otary_trust::Passphrase;
use zeroize::Zeroizing;

use crate::advice::{Advise, advised};
use crate::config::Trust;
use crate::file::{check_private, read_text};
use crate::platform::{Closing, Terminal};
use crate::signals::on_ending;

/// Where the passphrase comes from.
#[derive(Debug, Default, clap::Args)]
pub struct PassphraseArgs {
    /// The file with the passphrase in its first line, `-` for standard input [default: asked for]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Where a password comes from: an account's, which the server is told.
#[derive(Debug, Default, clap::Args)]
pub struct PasswordArgs {
    /// The file with the password in its first line, `-` for standard input [default: asked for]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// The largest file with a passphrase that is read, in bytes.
const MAX_PASSPHRASE: u64 = 4 * 1024;
/// The exit status of a command whose question was answered with Ctrl-C, as shells give it: 128 and SIGINT's number.
const BROKEN_OFF: i32 = 130;

impl PassphraseArgs {
    /// As if `--passphrase-file` had been given, or not.
    pub const fn from_file(passphrase_file: Option<PathBuf>) -> Self {
        Self { passphrase_file }
    }

    /// The passphrase of something that is there; `of` says of what.
    pub fn read(&self, of: &str) -> Result<Passphrase> {
        match &self.passphrase_file {
            Some(file) => given(file),
            None => ask(&format!("Passphrase of {of}: ")).map(|text| passphrase(&text)),
        }
    }

    /// A passphrase for something new, long enough for that; asked for twice.
    pub fn read_new(&self, of: &str) -> Result<Passphrase> {
        let Some(file) = &self.passphrase_file else { return ask_for_new(of) };
        let passphrase = given(file)?;
        passphrase.check_length()?;
        Ok(passphrase)
    }
}

impl PasswordArgs {
    /// As if `--password-file` had been given, or not.
    pub const fn from_file(password_file: Option<PathBuf>) -> Self {
        Self { password_file }
    }

    /// The password of an account that is there; `whose` says of which: `of lena`.
    pub fn read(&self, whose: &str) -> Result<Password> {
        match &self.password_file {
            Some(file) => password_in(file),
            None => ask(&format!("Password {whose}: ")).map(|text| Password::new(text.as_str())),
        }
    }

    /// A new one, asked for twice. Whether it is long enough is the server's to say.
    pub fn read_new(&self, whose: &str) -> Result<Password> {
        if self.password_file.is_some() {
            return self.read(whose);
        }
        let text = ask(&format!("Password {whose}: "))?;
        if *ask("The same again: ")? != *text {
            return Err(anyhow!("the two passwords differ"));
        }
        Ok(Password::new(text.as_str()))
    }
}

fn password_in(file: &Path) -> Result<Password> {
    check_private(file, "the password")?;
    let text = read_text(file, MAX_PASSPHRASE)?;
    Ok(Password::new(text.lines().next().unwrap_or_default()))
}

/// The passphrase of the authority's keys, if the settings name a file with it, which nobody else may read.
pub fn of_keys(settings: &Trust) -> Result<Option<Passphrase>> {
    let Some(file) = &settings.passphrase_file else { return Ok(None) };
    let reading = || format!("reading the keys' passphrase in {}", file.display());
    fs::metadata(file).with_context(reading).help("trust.passphrase_file names it")?;
    check_private(file, "the keys' passphrase")?;
    let passphrase = first_line(file)?;
    let long_enough = passphrase.check_length().with_context(|| file.display().to_string());
    long_enough
        .help("its first line is the passphrase; write a longer one there before keys are under it")?;
    Ok(Some(passphrase))
}

/// Asks for the passphrase of the authority's keys, of which the one in `key` is locked.
pub fn ask_for_keys(key: &Path) -> Result<Passphrase> {
    if !io::stdin().is_terminal() {
        let error =
            anyhow!("{} is under a passphrase, and there is no terminal to ask for it", key.display());
        return Err(advised(
            error,
            "name a file with it that you alone may read: trust.passphrase_file in the settings file, or \
             OTARY_TRUST_PASSPHRASE_FILE",
        ));
    }
    ask("Passphrase of the authority's keys: ").map(|text| passphrase(&text))
}

/// The passphrase in the file that an option names, which nobody else may read either.
pub fn given(file: &Path) -> Result<Passphrase> {
    check_private(file, "the passphrase")?;
    first_line(file)
}

fn first_line(file: &Path) -> Result<Passphrase> {
    let text = read_text(file, MAX_PASSPHRASE)?;
    Ok(passphrase(text.lines().next().unwrap_or_default()))
}

fn ask_for_new(of: &str) -> Result<Passphrase> {
    let text = ask(&format!("Passphrase for {of}: "))?;
    let first = passphrase(&text);
    first.check_length()?;
    if *ask("The same again: ")? != *text {
        return Err(anyhow!("the two passphrases differ"));
    }
    Ok(first)
}

/// Asks at the terminal. Ctrl-C puts the terminal back as it was, and ends the process.
fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    let terminal = Terminal::now();
    on_ending(Closing::Goes, move |_| {
        terminal.restore();
        exit(BROKEN_OFF);
    })?;
    let asked = rpassword::prompt_password(prompt).map(Zeroizing::new).context("asking for the passphrase");
    asked.help("without a terminal, give it by --passphrase-file, or a password by --password-file")
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use otary_trust::LEAST_CHARACTERS;

    use super::*;
    use crate::advice::Report;
    use crate::config::Values;

    fn settings(text: &str, mode: u32) -> (tempfile::TempDir, Trust) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("words");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        (folder, Trust { passphrase_file: Some(file), ..Values::default().trust })
    }

    fn refusal(settings: &Trust) -> String {
        Report(&of_keys(settings).unwrap_err()).to_string()
    }

    #[test]
    fn without_the_setting_there_is_none_and_with_it_the_first_line_is_it() {
        assert!(of_keys(&Values::default().trust).unwrap().is_none());
        let (_folder, trust) = settings(&format!("{}\nshort\n", "ö".repeat(LEAST_CHARACTERS)), 0o600);
        assert!(of_keys(&trust).unwrap().is_some());
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        for mode in [0o640, 0o604] {
            let refused = refusal(&settings("a very long passphrase\n", mode).1);
            assert!(refused.starts_with("error: others may read the keys' passphrase in "), "{refused}");
            assert!(refused.contains("\nhelp: chmod 0600 "), "{refused}");
        }
    }

    #[test]
    fn one_that_is_not_there_or_too_short_is_refused_and_not_shown() {
        let (folder, trust) = settings("a little one\n", 0o600);
        fs::write(trust.passphrase_file.as_ref().unwrap(), "\nseal\n").unwrap();
        let refused = refusal(&trust);
        assert!(
            refused.contains("words: the passphrase has 0 characters, and needs at least 12"),
            "{refused}"
        );
        assert!(!refused.contains("seal"), "{refused}");
        drop(folder);
        assert!(refusal(&trust).contains("\nhelp: trust.passphrase_file names it\n"));
    }
}
