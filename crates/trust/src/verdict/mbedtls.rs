//! The verdict of Mbed TLS: `mbedtls_x509_crt_verify` and the questions that `ssl_tls.c` asks besides.
//!
//! It reads all, finds a way to an anchor, and reports every fault on that way and in the server's own certificate.

use super::fault::{Fault, Place};
use super::flags::{Flag, Flags};
use super::message::{BAD_CERTIFICATE, FATAL, VERIFY_FAILED};
use super::reading::Reading;
use super::rules::Rules;
use super::{Meeting, Verdict, name};

pub(super) fn judge(rules: &Rules, meeting: &Meeting<'_>) -> Verdict {
    let read = || Ok((read_anchors(rules, meeting.anchors)?, read_chain(rules, meeting.chain)?));
    let (anchors, chain) = match read() {
        Ok(read) => read,
        Err(fault) => return Verdict::ended(Flag::Parse, fault, None),
    };
    let Some(leaf) = chain.first() else {
        let fault = Fault::Unreadable { place: Place::Chain(0), why: "there is none" };
        return Verdict::ended(Flag::Parse, fault, None);
    };
    let mut walk = Walk { rules, meeting, anchors: &anchors, chain: &chain, faults: Vec::new() };
    walk.faults.extend(name::check(&leaf.x509, meeting.name, rules).err());
    walk.faults.extend(leaf.check_key(rules).err());
    if let Err(fault) = walk.follow() {
        return Verdict::ended(Flag::TooLong, fault, Some(FATAL));
    }
    let verified = walk.faults.is_empty();
    walk.faults.extend(check_usage(leaf, rules));
    walk.verdict(verified)
}

/// The anchors that can be read; it passes over the others, unless none is left.
fn read_anchors<'a>(rules: &Rules, anchors: &[&'a [u8]]) -> Result<Vec<Reading<'a>>, Fault> {
    let (mut readable, mut fault) = (Vec::new(), "there is none");
    for (position, anchor) in anchors.iter().enumerate() {
        match Reading::strict(anchor, Place::Anchor(position), rules) {
            Ok(anchor) => readable.push(anchor),
            Err(unreadable) => {
                fault = unreadable.why;
                if !rules.passes_over_anchors {
                    break;
                }
            }
        }
    }
    if readable.is_empty() { Err(Fault::UnreadableAnchors { why: fault }) } else { Ok(readable) }
}

fn read_chain<'a>(rules: &Rules, chain: &[&'a [u8]]) -> Result<Vec<Reading<'a>>, Fault> {
    let mut readable = Vec::new();
    for (position, der) in chain.iter().enumerate() {
        let place = Place::Chain(position);
        match Reading::strict(der, place, rules) {
            Ok(reading) => readable.push(reading),
            Err(no) if no.passable && rules.passes_over_chain && position > 0 => {}
            Err(no) => return Err(Fault::Unreadable { place, why: no.why }),
        }
    }
    Ok(readable)
}

/// A server signs its key exchange (`mbedtls_ssl_check_cert_usage`).
fn check_usage(leaf: &Reading<'_>, rules: &Rules) -> Vec<Fault> {
    let may_sign = leaf
        .usage()
        .is_none_or(|usage| usage.digital_signature() || rules.non_repudiation && usage.non_repudiation());
    let by_usage = (rules.server_usage && !may_sign).then_some(Fault::Usage("keyUsage"));
    let extended = rules.extended_usage && leaf.is_for_other_uses();
    by_usage.into_iter().chain(extended.then_some(Fault::Usage("extendedKeyUsage"))).collect()
}

struct Walk<'a> {
    rules: &'a Rules,
    meeting: &'a Meeting<'a>,
    anchors: &'a [Reading<'a>],
    chain: &'a [Reading<'a>],
    faults: Vec<Fault>,
}

/// An issuer that fits by name, use and place.
struct Parent<'a> {
    reading: &'a Reading<'a>,
    /// Its position in the chain; none if it is an anchor.
    position: Option<usize>,
    signed: bool,
}

impl<'a> Walk<'a> {
    /// From the server's certificate to an anchor, or as far as it goes.
    fn follow(&mut self) -> Result<(), Fault> {
        let (mut position, mut steps, mut self_issued) = (0, 0, 0);
        while let Some(child) = self.chain.get(position) {
            self.look_at(child);
            if steps == 0 && self.is_pinned(child) {
                return Ok(());
            }
            let Some(parent) = self.parent(child, position, steps - self_issued) else {
                self.faults.push(Fault::UnknownAuthority { issuer: child.x509.issuer().to_string() });
                return Ok(());
            };
            if steps > 0 && !self.rules.counts_self_issued && child.is_self_issued(self.rules) {
                self_issued += 1;
            }
            steps += 1;
            if let (Some(_), Some(most)) =
                (parent.position, self.rules.most_between.filter(|most| steps > *most))
            {
                return Err(Fault::TooLong { most });
            }
            self.look_at_parent(&parent);
            match parent.position {
                Some(next) => position = next,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn look_at(&mut self, child: &Reading<'_>) {
        if self.rules.dates {
            self.faults.extend(child.check_dates(self.meeting.now).err());
        }
        let digest = child.algorithm.map(|algorithm| algorithm.digest);
        if let Some(digest) = digest.filter(|digest| *digest < self.rules.weakest_digest) {
            self.faults.push(Fault::WeakDigest { place: child.place, digest: digest.name() });
        }
    }

    fn look_at_parent(&mut self, parent: &Parent<'_>) {
        let (anchor, reading) = (parent.position.is_none(), parent.reading);
        if !parent.signed {
            self.faults.push(Fault::BrokenChain { place: reading.place, why: "its key has not signed it" });
        }
        if !anchor || self.rules.whole_anchors {
            self.faults.extend(reading.check_key(self.rules).err());
        }
        if anchor && self.rules.whole_anchors && self.rules.dates {
            self.faults.extend(reading.check_dates(self.meeting.now).err());
        }
    }

    /// Whether the server's certificate is itself an anchor.
    fn is_pinned(&self, leaf: &Reading<'_>) -> bool {
        let key = |reading: &Reading<'_>| reading.x509.public_key().raw.to_vec();
        self.anchors.iter().any(|anchor| match self.rules.pinned {
            super::Pinned::Certificate => leaf.is_self_issued(self.rules) && anchor.der == leaf.der,
            super::Pinned::Key => {
                let is_ca = anchor.constraints().is_some_and(|constraints| constraints.ca);
                let same_name =
                    name::same(anchor.x509.subject(), leaf.x509.subject(), self.rules.folds_names);
                !is_ca && same_name && key(anchor) == key(leaf)
            }
        })
    }

    /// Who issued `child`: an anchor, or else a certificate further on in the chain, with so many between it and the
    /// server's. One whose dates are good is preferred.
    fn parent(&self, child: &Reading<'_>, position: usize, between: usize) -> Option<Parent<'a>> {
        let (anchors, chain) = (self.anchors, self.chain);
        let of_anchors = anchors.iter().filter(|anchor| self.may_issue(child, anchor, between, true));
        let of_anchors = of_anchors.filter(|anchor| child.is_signed_by(anchor)).map(|reading| Parent {
            reading,
            position: None,
            signed: true,
        });
        self.prefer(of_anchors).or_else(|| {
            let others = chain.iter().enumerate().skip(position + 1);
            let others = others.filter(|(_, other)| self.may_issue(child, other, between, false));
            self.prefer(others.map(|(position, reading)| {
                let signed = child.is_signed_by(reading);
                Parent { reading, position: Some(position), signed }
            }))
        })
    }

    /// The first whose dates are good, or else the first.
    fn prefer(&self, parents: impl Iterator<Item = Parent<'a>>) -> Option<Parent<'a>> {
        let mut fallback = None;
        for parent in parents {
            if !self.rules.dates || parent.reading.check_dates(self.meeting.now).is_ok() {
                return Some(parent);
            }
            fallback.get_or_insert(parent);
        }
        fallback
    }

    /// Whether a certificate may sign `child`, with `between` others between it and the server's.
    fn may_issue(&self, child: &Reading<'_>, parent: &Reading<'_>, between: usize, anchor: bool) -> bool {
        let rules = self.rules;
        if !name::same(child.x509.issuer(), parent.x509.subject(), rules.folds_names) {
            return false;
        }
        let constraints = parent.constraints();
        let is_old = anchor && rules.v1_anchors && parent.x509.version().0 < 2;
        let is_ca = is_old || !rules.issuer_is_ca || constraints.is_some_and(|constraints| constraints.ca);
        let whole = !anchor || rules.whole_anchors;
        let may_sign = is_old
            || !(whole && rules.issuer_usage)
            || parent.usage().is_none_or(x509_parser::extensions::KeyUsage::key_cert_sign);
        let most = constraints.and_then(|constraints| constraints.path_len_constraint);
        let most = most.filter(|_| whole && rules.path_length);
        is_ca && may_sign && most.is_none_or(|most| usize::try_from(most).is_ok_and(|most| between <= most))
    }

    fn verdict(self, verified: bool) -> Verdict {
        let flags: Flags = self.faults.iter().map(|fault| flag(fault, self.rules)).collect();
        let number = match (flags.is_empty(), verified) {
            (true, _) => 0,
            (false, true) => BAD_CERTIFICATE,
            (false, false) => VERIFY_FAILED,
        };
        Verdict { flags, faults: self.faults, number: Some(number) }
    }
}

fn flag(fault: &Fault, rules: &Rules) -> Flag {
    match fault {
        Fault::Unreadable { .. } | Fault::UnreadableAnchors { .. } => Flag::Parse,
        Fault::UnknownAuthority { .. } | Fault::BrokenChain { .. } => Flag::Trust,
        Fault::WrongName { .. } => Flag::Name,
        Fault::Usage(_) | Fault::IssuerUsage { .. } => Flag::Usage,
        Fault::Dates { now, from, .. } => {
            let future = i64::try_from(*now).is_ok_and(|now| now < *from);
            if future && rules.tells_future { Flag::Future } else { Flag::Expired }
        }
        Fault::WeakKey { .. } => Flag::WeakKey,
        Fault::WeakDigest { .. } => Flag::WeakDigest,
        Fault::TooLong { .. } => Flag::TooLong,
    }
}
