//! Which artifact a client began with that does not say who it is, so that the parts of one download are parts of one
//! file: a release that is published meanwhile is for the next download.
//!
//! Kept by address, product and chip, in memory, for a day. Two such clients behind one address share an entry: if one of
//! them begins with a newer release, what the other goes on with is that, and its device finds out by the image's digest.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use otary_fleet::{CheckIn, Chip, ProductName, Sha256, Time};

use crate::limits::DOWNLOADS_BEGUN;
use crate::peer;

/// How long a download may rest.
const REST: Duration = Duration::from_hours(24);

/// Whose download it is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Whose {
    peer: IpAddr,
    product: ProductName,
    chip: Option<Chip>,
}

impl Whose {
    fn of(check_in: &CheckIn) -> Option<Self> {
        let product = check_in.product.clone()?;
        Some(Self { peer: peer::counted(check_in.source), product, chip: check_in.chip })
    }
}

/// The downloads that were begun.
#[derive(Debug, Default)]
pub(crate) struct Begun(Mutex<HashMap<Whose, (Sha256, Time)>>);

impl Begun {
    /// Notes that one begins. Where there is no room for it, its parts are refused later and it begins anew.
    pub(crate) fn note(&self, check_in: &CheckIn, artifact: Sha256, now: Time) {
        let Some(whose) = Whose::of(check_in) else { return };
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= DOWNLOADS_BEGUN {
            table.retain(|_, (_, begun)| now.since(*begun) < REST);
        }
        if table.len() < DOWNLOADS_BEGUN || table.contains_key(&whose) {
            table.insert(whose, (artifact, now));
        }
    }

    /// What was begun.
    pub(crate) fn find(&self, check_in: &CheckIn, now: Time) -> Option<Sha256> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (artifact, begun) = table.get(&Whose::of(check_in)?)?;
        (now.since(*begun) < REST).then_some(*artifact)
    }
}
