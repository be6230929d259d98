//! The verdict of BearSSL: its minimal X.509 engine, as the ESP8266 core sets it up.
//!
//! It takes the certificates as they come and stops at the first fault, or as soon as an anchor vouches for one. Of an
//! anchor it keeps the name, the key, and whether it is a CA: nothing else of it counts.

use x509_parser::extensions::X509Extension;
use x509_parser::prelude::ParsedExtension;

use super::fault::{Fault, Place};
use super::flags::Flag;
use super::message::bear;
use super::reading::{self, Reading};
use super::rules::{Extension, Pinned, Rules};
use super::signature::{Key, Scheme};
use super::{Meeting, Verdict, name};

/// What ends the walk. No number where it depends on the byte.
struct Stop {
    flag: Flag,
    fault: Fault,
    number: Option<i32>,
}

impl Stop {
    fn new(flag: Flag, number: i32, fault: Fault) -> Self {
        Self { flag, fault, number: Some(number) }
    }

    fn unreadable(place: Place, number: i32, why: &'static str) -> Self {
        Self::new(Flag::Parse, number, Fault::Unreadable { place, why })
    }

    fn broken(place: Place, number: i32, why: &'static str) -> Self {
        Self::new(Flag::Trust, number, Fault::BrokenChain { place, why })
    }
}

pub(super) fn judge(rules: &Rules, meeting: &Meeting<'_>) -> Verdict {
    let judged = read_anchors(rules, meeting.anchors)
        .and_then(|anchors| Walk { rules, meeting, anchors: &anchors }.follow());
    match judged {
        Ok(()) => Verdict::believed(),
        Err(stop) => Verdict::ended(stop.flag, stop.fault, stop.number),
    }
}

/// The anchors up to the first that cannot be read (`X509List::append`).
fn read_anchors<'a>(rules: &Rules, anchors: &[&'a [u8]]) -> Result<Vec<Reading<'a>>, Stop> {
    let (mut readable, mut fault) = (Vec::new(), "there is none");
    for (position, der) in anchors.iter().enumerate() {
        let read = Reading::parse(der, Place::Anchor(position)).and_then(|reading| match reading.key {
            _ if reading.has_more && !rules.trailing_bytes => Err("bytes behind the certificate"),
            Key::Rsa { bits } if bits <= rules.largest_rsa => Ok(reading),
            Key::Ec(curve) if rules.curves.contains(&curve) => Ok(reading),
            _ => Err("a key that it does not know"),
        });
        match read {
            Ok(anchor) => readable.push(anchor),
            Err(why) => {
                fault = why;
                if !rules.passes_over_anchors {
                    break;
                }
            }
        }
    }
    if readable.is_empty() {
        return Err(Stop { flag: Flag::Parse, fault: Fault::UnreadableAnchors { why: fault }, number: None });
    }
    Ok(readable)
}

struct Walk<'a> {
    rules: &'a Rules,
    meeting: &'a Meeting<'a>,
    anchors: &'a [Reading<'a>],
}

impl<'a> Walk<'a> {
    /// From certificate to certificate until an anchor vouches for one.
    fn follow(&self) -> Result<(), Stop> {
        let mut seen: Vec<Reading<'a>> = Vec::new();
        for (position, der) in self.meeting.chain.iter().enumerate() {
            let reading = self.read(der, Place::Chain(position))?;
            let pinned = match seen.last() {
                None => self.check_leaf(&reading)?,
                Some(child) => self.check_issuer(&reading, child, position).map(|()| false)?,
            };
            if !pinned {
                self.check_end(&reading)?;
            }
            let believed = pinned || self.is_vouched_for(&reading);
            seen.push(reading);
            if believed {
                return seen.first().map_or(Ok(()), |leaf| self.check_usage(leaf));
            }
        }
        Err(match seen.last() {
            None => Stop::unreadable(Place::Chain(0), bear::EMPTY_CHAIN, "there is none"),
            Some(last) => {
                let issuer = last.x509.issuer().to_string();
                Stop::new(Flag::Trust, bear::NOT_TRUSTED, Fault::UnknownAuthority { issuer })
            }
        })
    }

    /// Its frame and its dates, which come before all else.
    fn read(&self, der: &'a [u8], place: Place) -> Result<Reading<'a>, Stop> {
        let unreadable =
            |why| Stop { flag: Flag::Parse, fault: Fault::Unreadable { place, why }, number: None };
        let reading = Reading::parse(der, place).map_err(unreadable)?;
        self.check_dates(&reading)?;
        Ok(reading)
    }

    fn check_dates(&self, reading: &Reading<'_>) -> Result<(), Stop> {
        if !self.rules.dates {
            return Ok(());
        }
        reading.check_dates(self.meeting.now).map_err(|fault| {
            let ahead = matches!(fault, Fault::Dates { now, from, .. } if i64::try_from(now).is_ok_and(|now| now < from));
            let flag = if ahead && self.rules.tells_future { Flag::Future } else { Flag::Expired };
            Stop::new(flag, bear::EXPIRED, fault)
        })
    }

    /// The server's certificate, up to its signature; says whether it is itself an anchor.
    fn check_leaf(&self, leaf: &Reading<'_>) -> Result<bool, Stop> {
        self.check_key(leaf)?;
        for extension in leaf.x509.extensions() {
            let empty = reading::is_empty_usage(extension);
            if reading::kind(extension) == Some(Extension::KeyUsage) && empty {
                return Err(Stop::new(Flag::Usage, bear::FORBIDDEN_KEY_USAGE, Fault::Usage("keyUsage")));
            }
            self.check_extension(leaf, extension)?;
        }
        name::check(&leaf.x509, self.meeting.name, self.rules)
            .map_err(|fault| Stop::new(Flag::Name, bear::BAD_SERVER_NAME, fault))?;
        Ok(self.is_pinned(leaf))
    }

    /// A certificate that has to vouch for the one before it, with `position` certificates before it.
    fn check_issuer(&self, issuer: &Reading<'_>, child: &Reading<'_>, position: usize) -> Result<(), Stop> {
        let place = issuer.place;
        if !name::same(child.x509.issuer(), issuer.x509.subject(), self.rules.folds_names) {
            return Err(Stop::broken(place, bear::DN_MISMATCH, "its name is not that of the issuer"));
        }
        self.check_key(issuer)?;
        if !child.algorithm.is_some_and(|algorithm| algorithm.is_by(issuer.key)) {
            return Err(Stop::broken(place, bear::WRONG_KEY_TYPE, "its key is of another kind"));
        }
        if !child.is_signed_by(issuer) {
            return Err(Stop::broken(place, bear::BAD_SIGNATURE, "its key has not signed it"));
        }
        for extension in issuer.x509.extensions() {
            self.check_authority(issuer, extension, position - 1)?;
            self.check_extension(issuer, extension)?;
        }
        if self.rules.issuer_is_ca && issuer.constraints().is_none() {
            return Err(Stop::broken(place, bear::NOT_CA, "it is no CA"));
        }
        Ok(())
    }

    /// Whether an extension says that this may sign certificates, with `between` others between it and the server's.
    fn check_authority(
        &self,
        issuer: &Reading<'_>,
        extension: &X509Extension<'_>,
        between: usize,
    ) -> Result<(), Stop> {
        let place = issuer.place;
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => {
                if self.rules.issuer_is_ca && !constraints.ca {
                    return Err(Stop::broken(place, bear::NOT_CA, "it is no CA"));
                }
                let most = constraints.path_len_constraint.filter(|_| self.rules.path_length);
                if most.is_some_and(|most| usize::try_from(most).is_ok_and(|most| between > most)) {
                    return Err(Stop::broken(place, bear::NOT_CA, "its path length is used up"));
                }
                Ok(())
            }
            ParsedExtension::KeyUsage(usage) if self.rules.issuer_usage && !usage.key_cert_sign() => {
                Err(Stop::new(Flag::Usage, bear::FORBIDDEN_KEY_USAGE, Fault::IssuerUsage { place }))
            }
            _ => Ok(()),
        }
    }

    fn check_extension(&self, reading: &Reading<'_>, extension: &X509Extension<'_>) -> Result<(), Stop> {
        let kind = reading::kind(extension);
        let known = kind.is_some_and(|kind| self.rules.critical.contains(&kind));
        if extension.critical && !known {
            let why = if kind == Some(Extension::NameConstraints) {
                "critical name constraints"
            } else {
                "an unknown critical extension"
            };
            return Err(Stop::unreadable(reading.place, bear::CRITICAL_EXTENSION, why));
        }
        match extension.parsed_extension() {
            ParsedExtension::CertificatePolicies(policies) if extension.critical => {
                reading::check_policies(policies, self.rules)
                    .map_err(|why| Stop::unreadable(reading.place, bear::CRITICAL_EXTENSION, why))
            }
            _ => Ok(()),
        }
    }

    fn check_key(&self, reading: &Reading<'_>) -> Result<(), Stop> {
        let place = reading.place;
        match reading.key {
            // It counts whole bytes.
            Key::Rsa { bits } if bits.div_ceil(8) * 8 < self.rules.smallest_rsa => {
                let fault = Fault::WeakKey { place, key: format!("RSA of {bits} bits") };
                Err(Stop::new(Flag::WeakKey, bear::WEAK_PUBLIC_KEY, fault))
            }
            Key::Rsa { bits } if bits > self.rules.largest_rsa => {
                Err(Stop::unreadable(place, bear::LIMIT_EXCEEDED, "an RSA key that is too long"))
            }
            Key::Rsa { .. } => Ok(()),
            Key::Ec(curve) if self.rules.curves.contains(&curve) => Ok(()),
            Key::Ec(_) | Key::Other => {
                Err(Stop::unreadable(place, bear::UNSUPPORTED, "a key that it does not know"))
            }
        }
    }

    /// What stands behind the signed part.
    fn check_end(&self, reading: &Reading<'_>) -> Result<(), Stop> {
        let place = reading.place;
        let known = reading
            .algorithm
            .filter(|algorithm| self.rules.pss || !matches!(algorithm.scheme, Scheme::Pss { .. }));
        let strong = known.filter(|algorithm| algorithm.digest >= self.rules.weakest_digest);
        if strong.is_none() {
            return Err(Stop::unreadable(place, bear::UNSUPPORTED, "a signature that it does not know"));
        }
        if reading.has_more && !self.rules.trailing_bytes {
            return Err(Stop::unreadable(place, bear::EXTRA_ELEMENT, "bytes behind the certificate"));
        }
        Ok(())
    }

    fn is_pinned(&self, leaf: &Reading<'_>) -> bool {
        let is_same = |anchor: &&Reading<'_>| match self.rules.pinned {
            Pinned::Certificate => anchor.der == leaf.der,
            Pinned::Key => anchor.x509.public_key().raw == leaf.x509.public_key().raw,
        };
        let folded = self.rules.folds_names;
        let pinned = self.anchors.iter().filter(|anchor| !is_ca(anchor));
        pinned.filter(is_same).any(|anchor| name::same(anchor.x509.subject(), leaf.x509.subject(), folded))
    }

    /// Whether an anchor that is a CA has signed this.
    fn is_vouched_for(&self, reading: &Reading<'_>) -> bool {
        self.anchors.iter().filter(|anchor| is_ca(anchor)).any(|anchor| {
            name::same(reading.x509.issuer(), anchor.x509.subject(), self.rules.folds_names)
                && reading.is_signed_by(anchor)
        })
    }

    /// A server signs its key exchange; the engine says so only when all else is good.
    fn check_usage(&self, leaf: &Reading<'_>) -> Result<(), Stop> {
        let may_sign = leaf.usage().is_none_or(|usage| {
            usage.digital_signature() || self.rules.non_repudiation && usage.non_repudiation()
        });
        if self.rules.server_usage && !may_sign {
            return Err(Stop::new(Flag::Usage, bear::WRONG_KEY_USAGE, Fault::Usage("keyUsage")));
        }
        if self.rules.extended_usage && leaf.is_for_other_uses() {
            return Err(Stop::new(Flag::Usage, bear::WRONG_KEY_USAGE, Fault::Usage("extendedKeyUsage")));
        }
        Ok(())
    }
}

fn is_ca(anchor: &Reading<'_>) -> bool {
    anchor.constraints().is_some_and(|constraints| constraints.ca)
}
