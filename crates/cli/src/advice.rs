//! Errors that say what to do about them: printed as `error:` with every cause, then `help:` for each advice.

use std::error::Error;
use std::fmt;

/// An error with a line of advice; its text is the error's own.
#[derive(Debug)]
struct Advised {
    error: anyhow::Error,
    help: String,
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Advised {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// Adds advice to what went wrong.
pub trait Advise<T> {
    /// What the user can do about it: one sentence, or a command to type.
    fn help(self, help: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advise<T> for Result<T, E> {
    fn help(self, help: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| advised(error.into(), help))
    }
}

/// `error` with advice.
pub fn advised(error: anyhow::Error, help: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Advised { error, help: help.into() })
}

/// A failure of which everything was said already: nothing is left but the exit status.
#[derive(Debug, thiserror::Error)]
#[error("it failed, as was said")]
pub struct Told;

/// An error as it is printed: `error:` with its causes in one line, then a `help:` line for each advice in it.
pub struct Report<'a>(pub &'a anyhow::Error);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let causes: Vec<String> = self.0.chain().map(ToString::to_string).collect();
        writeln!(f, "error: {}", causes.join(": "))?;
        for advised in self.0.chain().filter_map(|cause| cause.downcast_ref::<Advised>()) {
            advised.fmt_help(f)?;
        }
        Ok(())
    }
}

impl Advised {
    /// This advice and those below it: an advised error may hold another one.
    fn fmt_help(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "help: {}", self.help)?;
        match self.error.downcast_ref::<Self>() {
            Some(inner) => inner.fmt_help(f),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn printed(result: anyhow::Result<()>) -> String {
        Report(&result.unwrap_err()).to_string()
    }

    #[test]
    fn causes_come_first_then_what_to_do() {
        let result =
            Err(anyhow!("no such file")).help("look in the build folder").context("reading lamp.bin");
        assert_eq!(
            printed(result),
            "error: reading lamp.bin: no such file\nhelp: look in the build folder\n"
        );
    }

    #[test]
    fn a_cause_is_told_once_however_often_advice_is_added() {
        let result = Err(anyhow!("refused")).context("pushing").help("first this").help("or that");
        assert_eq!(printed(result), "error: pushing: refused\nhelp: or that\nhelp: first this\n");
    }
}
