//! The named cases: one certificate or chain each, that differs from a good one in what its name says.

mod anchors;
mod chains;
mod dates;
mod extensions;
mod keys;
mod names;
mod usages;

use std::time::Duration;

use otary_fleet::Time;
use otary_trust::verdict::Meeting;

use crate::forge::{Draft, Issued, dns, p256};

pub const YEAR: Duration = Duration::from_hours(8_766);
/// 2026-11-23.
pub const TODAY: Time = Time::from_secs(1_795_392_000);
/// The host of every case that says nothing else.
pub const HOST: &str = "ota.lan";

/// A meeting of which the certificates are its own.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub anchors: Vec<Vec<u8>>,
    pub chain: Vec<Vec<u8>>,
    pub host: String,
    pub now: Time,
}

/// Every named case, by topic.
pub fn named() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("Dates", dates::cases()),
        ("Names", names::cases()),
        ("Usages", usages::cases()),
        ("Keys and signatures", keys::cases()),
        ("Chains", chains::cases()),
        ("Anchors", anchors::cases()),
        ("Extensions", extensions::cases()),
    ]
}

impl Case {
    pub fn new(name: &str, anchors: &[&Issued], chain: &[&Issued]) -> Self {
        let der = |issued: &&Issued| issued.der.clone();
        Self {
            name: name.to_owned(),
            anchors: anchors.iter().map(der).collect(),
            chain: chain.iter().map(der).collect(),
            host: HOST.to_owned(),
            now: TODAY,
        }
    }

    pub fn at(self, now: Time) -> Self {
        Self { now, ..self }
    }

    pub fn to(self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self }
    }
}

/// Calls `then` with all of them as meetings.
pub fn as_meetings<T>(cases: &[Case], then: impl FnOnce(&[Meeting<'_>]) -> T) -> T {
    let views: Vec<_> = cases.iter().map(|case| (slices(&case.anchors), slices(&case.chain))).collect();
    let meetings: Vec<_> = cases
        .iter()
        .zip(&views)
        .map(|(case, (anchors, chain))| Meeting { anchors, chain, name: &case.host, now: case.now })
        .collect();
    then(&meetings)
}

fn slices(certificates: &[Vec<u8>]) -> Vec<&[u8]> {
    certificates.iter().map(Vec::as_slice).collect()
}

/// The root of most cases.
fn root() -> Issued {
    Draft::authority("root", p256(0)).self_signed()
}

/// A server's certificate for [`HOST`].
fn leaf() -> Draft {
    Draft::new("leaf", p256(1)).names(&[dns(HOST)])
}

/// A CA below a root.
fn between() -> Draft {
    Draft::authority("between", p256(2))
}

/// A server's certificate that the root has signed.
fn by_root(name: &str, draft: &Draft) -> Case {
    let root = root();
    Case::new(name, &[&root], &[&draft.by(&root)])
}
