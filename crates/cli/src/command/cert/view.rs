//! A certificate for people and for programs.

use anyhow::Result;
use otary_fleet::Time;
use otary_trust::Certificate;
use serde::Serialize;

use crate::clock;
use crate::inspect::Page;
use crate::table::{date, plain};
use crate::terminal::in_two_lines;

/// What is in a certificate.
#[derive(Debug, Serialize)]
pub struct CertificateView {
    subject: String,
    issuer: String,
    /// Whether it names itself as its issuer.
    self_issued: bool,
    serial: String,
    names: Vec<String>,
    not_before: Time,
    not_after: Time,
    key: String,
    signature: String,
    /// Whether it is an authority's; none if it does not say.
    ca: Option<bool>,
    key_usage: Option<Vec<&'static str>>,
    extended_key_usage: Option<Vec<String>>,
    sha256: String,
    sha1: String,
}

impl CertificateView {
    /// Reads all of it.
    pub fn of(certificate: &Certificate) -> Result<Self> {
        let told = certificate.describe()?;
        Ok(Self {
            subject: told.subject,
            issuer: told.issuer,
            self_issued: told.self_issued,
            serial: told.serial,
            names: told.alternative_names,
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            key: told.key,
            signature: told.signature,
            ca: told.authority,
            key_usage: told.key_usage,
            extended_key_usage: told.purposes,
            sha256: certificate.fingerprint().to_string(),
            sha1: told.sha1,
        })
    }

    /// The same on a page.
    pub fn page(&self, title: &str) -> String {
        let mut page = Page::default();
        page.heading(plain(title));
        page.row("subject", or(plain(&self.subject), "nobody"));
        page.row("issuer", if self.self_issued { "itself".to_owned() } else { plain(&self.issuer) });
        page.row("names", or(plain(&self.names.join(", ")), "none but the subject's"));
        page.row("valid", format!("{} to {}{}", date(self.not_before), date(self.not_after), self.remark()));
        page.row("key", format!("{}, signed by {}", self.key, self.signature));
        page.row("CA", self.ca.map_or("does not say", |is_ca| if is_ca { "yes" } else { "no" }));
        page.row("usage", self.usage());
        page.row("serial", &self.serial);
        let [first, second] = in_two_lines(&self.sha256);
        page.row("SHA-256", first);
        page.row("", second);
        page.row("SHA-1", &self.sha1);
        page.finish()
    }

    fn remark(&self) -> &'static str {
        match clock::now() {
            now if now > self.not_after => ": it has ended",
            now if now < self.not_before => ": it has not begun",
            _ => "",
        }
    }

    fn usage(&self) -> String {
        let usage = self.key_usage.iter().flatten().copied();
        let purposes = self.extended_key_usage.iter().flatten().map(String::as_str);
        or(plain(&usage.chain(purposes).collect::<Vec<_>>().join(", ")), "any: it does not say")
    }
}

fn or(text: String, instead: &str) -> String {
    if text.is_empty() { instead.to_owned() } else { text }
}
