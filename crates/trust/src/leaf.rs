//! When the server's certificate is made anew, and which names it then carries.
//!
//! - It is renewed when a third of its life is left, when a wanted name is not in it, or when another root is in
//!   place. Each time it gets a new key.
//! - A host name, once in, stays in: a device in a drawer may know no other, and an own host name in an own
//!   certificate costs a few bytes.
//! - An address that went away causes nothing, since a link that comes and goes must not cause a new key each time;
//!   the next certificate leaves it out, since the address may be another machine's by then.
//! - The names take at most [`MAX_NAMES`] bytes, wanted ones first, so that the certificate stays small enough for a
//!   device's receive buffer whatever a machine with forty interfaces asks for.

use std::fmt;

use otary_fleet::Time;

use crate::certificate::Certificate;
use crate::clock::Utc;
use crate::key::KeyKind;
use crate::life::Life;
use crate::name::Name;
use crate::profile;

/// Room for names in a certificate, in bytes: with it a leaf stays below 1.5 KB, and a chain of two below 2 KB.
pub const MAX_NAMES: usize = 960;

/// Why a new leaf is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There is none of this kind.
    NoLeaf(KeyKind),
    /// The one that is there was signed by another root.
    OtherRoot,
    /// The server is to be reached by a name that is not in it.
    MissingName(Name),
    /// A third of its life is left, or less.
    Ageing {
        /// Its last moment.
        ends: Time,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeaf(kind) => write!(f, "there is no server certificate with a key of kind {kind}"),
            Self::OtherRoot => f.write_str("the server certificate was signed by another root"),
            Self::MissingName(name) => write!(f, "the server certificate lacks the name {name}"),
            Self::Ageing { ends } => write!(f, "the server certificate ends at {}", Utc(*ends)),
        }
    }
}

/// Whether a new leaf is needed at `now`, and why.
pub(crate) fn find_cause(
    kind: KeyKind,
    leaf: Option<&Certificate>,
    root: &Certificate,
    wanted: &[Name],
    now: Time,
) -> Option<Cause> {
    let Some(leaf) = leaf else {
        return Some(Cause::NoLeaf(kind));
    };
    if leaf.check_issuer(root).is_err() {
        return Some(Cause::OtherRoot);
    }
    if let Some(name) = fit(wanted).into_iter().find(|name| !leaf.names().contains(name)) {
        return Some(Cause::MissingName(name));
    }
    Life::from(leaf).is_ageing(root.into(), now).then(|| Cause::Ageing { ends: leaf.not_after() })
}

/// The names of the next leaf: the wanted ones, then the host names of the last one, as many as fit.
pub(crate) fn choose_names(wanted: &[Name], last: &[Name]) -> Vec<Name> {
    let kept = last.iter().filter(|name| matches!(name, Name::Host(_)));
    fit(wanted.iter().chain(kept))
}

/// When a certificate of ours was made.
pub(crate) fn made_at(certificate: &Certificate) -> Time {
    Life::from(certificate).made()
}

fn fit<'a>(names: impl IntoIterator<Item = &'a Name>) -> Vec<Name> {
    let mut fitting: Vec<Name> = Vec::new();
    let mut room = MAX_NAMES;
    for name in names {
        let len = profile::encoded_len(name);
        if len <= room && !fitting.contains(name) {
            room -= len;
            fitting.push(name.clone());
        }
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_however_often_it_was_asked_for() {
        let names = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Name>>();
        let chosen = choose_names(
            &names(&["a.lan", "10.0.0.1", "A.lan", "10.0.0.1"]),
            &names(&["a.lan", "10.0.0.9", "old.lan"]),
        );
        assert_eq!(chosen, names(&["a.lan", "10.0.0.1", "old.lan"]));
    }
}
