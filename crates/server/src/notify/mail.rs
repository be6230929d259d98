//! Notices by mail, over SMTP (RFC 5321): always with TLS, unless the server is this machine's own.
//!
//! Headers are made by the mail library, which encodes what stands in them: no text of a release or a device can add a header
//! or a receiver.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use otary_fleet::notice::{Attempt, Dispatch};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

/// How long a mail server may take for each of its answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest subject, in characters.
const SUBJECT: usize = 120;
/// The longest password file, in bytes.
const MAX_PASSWORD: u64 = 4096;

/// Where mail goes out and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRules {
    /// The mail server's name.
    pub host: String,
    /// Its port; that of the way of TLS without.
    pub port: Option<u16>,
    /// How TLS begins.
    pub security: Security,
    /// The account there, if it asks for one.
    pub user: Option<String>,
    /// The file with its password, in the first line. It is read at each mail.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust instead of the system's, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Who writes: `otary <otary@example.org>`.
    pub from: String,
    /// Who reads.
    pub to: Vec<String>,
}

/// How a connection to a mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the first byte (RFC 8314), port 465.
    Implicit,
    /// By the command STARTTLS, without which nothing is sent, port 587.
    #[default]
    Starttls,
    /// Not at all, for a mail server on this machine, port 25.
    None,
}

/// Why no mail can go out.
#[derive(Debug, Error)]
pub enum MailError {
    /// An address is none.
    #[error("{text:?} is no address of mail")]
    Address {
        /// What was said.
        text: String,
        /// Why.
        source: lettre::address::AddressError,
    },
    /// Nobody reads it.
    #[error("mail goes to nobody")]
    NoReceiver,
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An account's password crosses the network only under TLS.
    #[error("an account takes TLS: a password is never sent without it")]
    PasswordInTheClear,
    /// Without TLS mail goes to this machine alone.
    #[error("without TLS mail goes to a server on this machine alone, and {host} is none")]
    NotThisMachine {
        /// The server that was named.
        host: String,
    },
    /// The certificates are none, or TLS is not to be had.
    #[error("TLS to the mail server cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// The mail cannot be put together.
    #[error("the mail cannot be put together")]
    Message(#[source] lettre::error::Error),
}

/// Sends mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    rules: MailRules,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mailer {
    /// One by these rules, which are looked at now.
    pub fn new(rules: MailRules) -> Result<Self, MailError> {
        let from = mailbox(&rules.from)?;
        let to: Vec<Mailbox> = rules.to.iter().map(|to| mailbox(to)).collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(MailError::NoReceiver);
        }
        if rules.security == Security::None {
            if rules.user.is_some() {
                return Err(MailError::PasswordInTheClear);
            }
            if !["localhost", "127.0.0.1", "::1"].contains(&rules.host.as_str()) {
                return Err(MailError::NotThisMachine { host: rules.host });
            }
        }
        Ok(Self { rules, from, to })
    }

    /// By which rules.
    pub const fn rules(&self) -> &MailRules {
        &self.rules
    }

    /// Tries to hand a notice over. `details` is what is known besides. Waits for the mail server.
    pub(crate) fn deliver(&self, dispatch: &Dispatch, details: Option<&str>) -> Attempt {
        let sent = self.message(dispatch, details).and_then(|message| Ok((self.transport()?, message)));
        let (transport, message) = match sent {
            Ok(ready) => ready,
            Err(error) => return Attempt::Failed(with_causes(&error)),
        };
        match transport.send(&message) {
            Ok(response) => Attempt::Taken(response.code().to_string()),
            Err(error) if error.is_permanent() => Attempt::Refused(with_causes(&error)),
            Err(error) => Attempt::Failed(with_causes(&error)),
        }
    }

    fn message(&self, dispatch: &Dispatch, details: Option<&str>) -> Result<Message, MailError> {
        let subject = &dispatch.notice.subject;
        let title: String = format!("otary: {subject}").chars().take(SUBJECT).collect();
        let domain = self.from.email.domain();
        let builder = Message::builder()
            .from(self.from.clone())
            .subject(title)
            .message_id(Some(format!("<{}@{domain}>", dispatch.id)))
            .header(ContentType::TEXT_PLAIN);
        let builder = self.to.iter().cloned().fold(builder, MessageBuilder::to);
        let builder = builder.raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
        builder.body(text(dispatch, details)).map_err(MailError::Message)
    }

    fn transport(&self) -> Result<SmtpTransport, MailError> {
        let rules = &self.rules;
        let (port, tls) = match rules.security {
            Security::Implicit => (465, Tls::Wrapper(self.tls()?)),
            Security::Starttls => (587, Tls::Required(self.tls()?)),
            Security::None => (25, Tls::None),
        };
        let builder = SmtpTransport::builder_dangerous(&rules.host)
            .port(rules.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(PATIENCE));
        let Some(user) = &rules.user else { return Ok(builder.build()) };
        let password = match &rules.password_file {
            Some(file) => password(file)?,
            None => Zeroizing::new(String::new()),
        };
        Ok(builder.credentials(Credentials::new(user.clone(), password.as_str().to_owned())).build())
    }

    fn tls(&self) -> Result<TlsParameters, MailError> {
        let mut builder = TlsParameters::builder(self.rules.host.clone());
        if let Some(file) = &self.rules.ca_file {
            let pem = fs::read(file).map_err(|source| MailError::File { path: file.clone(), source })?;
            let certificate = Certificate::from_pem(&pem).map_err(MailError::Tls)?;
            builder = builder
                .certificate_store(lettre::transport::smtp::client::CertificateStore::None)
                .add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(MailError::Tls)
    }
}

/// What a person reads.
fn text(dispatch: &Dispatch, details: Option<&str>) -> String {
    let subject = &dispatch.notice.subject;
    let details = details.map(|details| format!("\n{details}\n")).unwrap_or_default();
    let advice = subject.advice().map(|advice| format!("\nNext: {advice}\n")).unwrap_or_default();
    format!("{subject}.\n{details}{advice}\nThe audit log's last entry: {}\n", dispatch.audit)
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|source| MailError::Address { text: text.to_owned(), source })
}

fn password(file: &PathBuf) -> Result<Zeroizing<String>, MailError> {
    let failed = |source| MailError::File { path: file.clone(), source };
    let length = fs::metadata(file).map_err(failed)?.len();
    if length > MAX_PASSWORD {
        return Err(failed(std::io::Error::other("the file is too long for a password")));
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(failed)?);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let said = source.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = source.source();
    }
    text
}
