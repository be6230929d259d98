//! Mail by the settings.

use anyhow::{Context, Result, anyhow};
use otary_server::notify::{MailRules, Mailer};
use otary_server::operator::Operator;

use crate::advice::{Advise, advised};
use crate::config::Mail;
use crate::file::check_private;

/// The same operator with somebody who sends mail, if the settings say how. Settings that cannot work are refused.
pub fn with_mailer(operator: Operator, settings: &Mail) -> Result<Operator> {
    let Some(host) = &settings.server else { return Ok(operator) };
    let needed = |key: &str, what: &str| {
        advised(anyhow!("mail.server is set and mail.{key} is not"), format!("it is {what}"))
    };
    let from = settings.from.clone().ok_or_else(|| needed("from", "who writes: otary@example.org"))?;
    if settings.to.is_empty() {
        return Err(needed("to", "who reads: [\"ann@example.org\"]"));
    }
    if settings.user.is_some() && settings.password_file.is_none() {
        return Err(needed("password_file", "the file with the account's password"));
    }
    if let Some(file) = &settings.password_file {
        check_private(file, "the password")?;
    }
    let rules = MailRules {
        host: host.clone(),
        port: settings.port,
        security: settings.tls,
        user: settings.user.clone(),
        password_file: settings.password_file.clone(),
        ca_file: settings.ca_file.clone(),
        from,
        to: settings.to.clone(),
    };
    let mailer = Mailer::new(rules).context("the settings under [mail]");
    Ok(operator.with_mailer(mailer.help("docs/SIGNALS.md has settings to copy")?))
}
