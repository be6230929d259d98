//! An OpenSSL request file as a [`Request`]: what `openssl req -x509 -config` would make of it.
//!
//! Held against the real `openssl req` (3.0) by a test: subject, names and extensions are the same. Where versions of
//! OpenSSL differ, the newest is followed: a file without extensions gives a version 3 certificate with the subject key
//! identifier (3.2), not one of version 1.

use super::conf::{Conf, Entry};
use super::fault::{ConfigFault, KeyFault};
use super::subject::{self, Attribute};
use super::{Digest, Request, values};
use crate::key::KeyKind;

const REQ: &str = "req";

/// Keys of `[req]`, for people.
const KNOWN: &str = "distinguished_name, x509_extensions, req_extensions, attributes, prompt, utf8, string_mask, default_bits, default_md, default_days, default_keyfile and \
     encrypt_key";

/// Reads a request file.
pub(super) fn read(text: &str) -> Result<Request, ConfigFault> {
    let conf = Conf::read(text)?;
    for entry in conf.section(REQ)?.unwrap_or_default() {
        check(entry)?;
    }
    let named = conf.get(REQ, "distinguished_name")?.ok_or(ConfigFault::NoSubject)?;
    let subject = Subject {
        conf: &conf,
        asks: find(&conf, "prompt")?.as_deref() != Some("no"),
        is_utf8: find(&conf, "utf8")?.as_deref() == Some("yes"),
    };
    let extensions = match conf.get(REQ, "x509_extensions")? {
        Some(entry) => values::extensions(&conf, &section(&conf, entry)?)?,
        None => values::extensions(&conf, &[])?,
    };
    Ok(Request {
        subject: subject.read(named)?,
        extensions,
        key: key(&conf)?,
        digest: digest(&conf)?,
        days: days(&conf)?,
    })
}

/// Checks that a key of `[req]` is known, and that a value which is not followed further is one that changes nothing.
fn check(entry: &Entry) -> Result<(), ConfigFault> {
    match entry.key() {
        // The last four say what goes into a request, or where the key goes, which `-x509 -nodes -keyout` overrules.
        "distinguished_name" | "x509_extensions" | "prompt" | "default_bits" | "default_md"
        | "default_days" | "req_extensions" | "attributes" | "default_keyfile" | "encrypt_key" => Ok(()),
        "utf8" => expect(entry, &["yes", "no"], "yes or no"),
        "string_mask" => expect(entry, &["utf8only"], "utf8only"),
        _ => {
            let section = entry.section().to_owned();
            Err(entry.fault(KeyFault::Unknown { section, known: KNOWN }))
        }
    }
}

fn expect(entry: &Entry, allowed: &[&str], expected: &'static str) -> Result<(), ConfigFault> {
    let value = entry.value()?;
    if allowed.contains(&value.as_str()) { Ok(()) } else { Err(entry.unexpected(expected, &value)) }
}

fn find(conf: &Conf, key: &str) -> Result<Option<String>, ConfigFault> {
    conf.get(REQ, key)?.map(Entry::value).transpose()
}

/// The section that an entry names.
fn section<'a>(conf: &'a Conf, entry: &Entry) -> Result<Vec<&'a Entry>, ConfigFault> {
    let name = entry.value()?;
    let found = conf.section(&name)?;
    found.ok_or_else(|| entry.fault(KeyFault::NoSection(name)))
}

fn key(conf: &Conf) -> Result<KeyKind, ConfigFault> {
    let Some(entry) = conf.get(REQ, "default_bits")? else { return Ok(KeyKind::Rsa2048) };
    match entry.value()?.as_str() {
        "2048" => Ok(KeyKind::Rsa2048),
        "3072" => Ok(KeyKind::Rsa3072),
        "4096" => Ok(KeyKind::Rsa4096),
        other => Err(entry.unexpected("2048, 3072 or 4096", other)),
    }
}

fn digest(conf: &Conf) -> Result<Option<Digest>, ConfigFault> {
    let Some(entry) = conf.get(REQ, "default_md")? else { return Ok(None) };
    match entry.value()?.to_ascii_lowercase().as_str() {
        "default" => Ok(None),
        "sha256" => Ok(Some(Digest::Sha256)),
        "sha384" => Ok(Some(Digest::Sha384)),
        "sha512" => Ok(Some(Digest::Sha512)),
        other => Err(entry.unexpected("sha256, sha384 or sha512", other)),
    }
}

fn days(conf: &Conf) -> Result<Option<u32>, ConfigFault> {
    let Some(entry) = conf.get(REQ, "default_days")? else { return Ok(None) };
    let value = entry.value()?;
    let days = value.parse().ok().filter(|days| (1..=Request::MAX_DAYS).contains(days));
    days.map(Some).ok_or_else(|| entry.unexpected("1 to 36500 days", &value))
}

/// How the section with the subject is to be read.
struct Subject<'a> {
    conf: &'a Conf,
    /// Its values are questions, and the answers are in keys that end in `_default`, as with `openssl req -batch`.
    asks: bool,
    is_utf8: bool,
}

impl Subject<'_> {
    fn read(&self, named: &Entry) -> Result<Vec<Attribute>, ConfigFault> {
        let entries = section(self.conf, named)?;
        let mut subject = Vec::new();
        for entry in entries {
            let Some(text) = self.text(entry)? else { continue };
            if !self.is_utf8 && !text.is_ascii() {
                return Err(entry.fault(KeyFault::Letters));
            }
            let attribute = Attribute::new(kind(entry.key()), text).ok_or_else(|| {
                let section = entry.section().to_owned();
                entry.fault(KeyFault::Unknown { section, known: subject::KNOWN })
            })?;
            subject.push(attribute.map_err(|fault| entry.fault(fault))?);
        }
        if subject.is_empty() {
            return Err(ConfigFault::EmptySubject { section: named.value()? });
        }
        Ok(subject)
    }

    /// The text that goes into the subject; none if the entry is a question without an answer, or no question.
    fn text(&self, entry: &Entry) -> Result<Option<String>, ConfigFault> {
        if !self.asks {
            return entry.value().map(Some);
        }
        let key = entry.key();
        if ["_default", "_value", "_min", "_max"].iter().any(|end| key.ends_with(end)) {
            return Ok(None);
        }
        for end in ["_value", "_default"] {
            if let Some(answer) = self.conf.get(entry.section(), &format!("{key}{end}"))? {
                return answer.value().map(|text| Some(text).filter(|text| !text.is_empty() && text != "."));
            }
        }
        Ok(None)
    }
}

/// What stands behind the mark that lets one kind be there several times: `1.OU`.
fn kind(key: &str) -> &str {
    match key.split_once([':', ',', '.']) {
        Some((_, kind)) if !kind.is_empty() => kind,
        _ => key,
    }
}
