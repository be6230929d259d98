//! The rules by which a device believes an answer: one pure function of what the device keeps and of the bytes.
//!
//! First the root record: where a new one is accepted, that is all that happens, and the next check-in goes on from there.
//! Then the order, if the root record names order keys: it has to be fresh and for this device. Then the manifest.

use otary_image::Chip;

use crate::digest::sha256;
use crate::{
    Action, Clock, Digest, Encoding, Kind, Manifest, Offer, Order, Payload, Refusal, Root, Trusted,
    UnixSeconds,
};

/// What a device keeps in flash, and how much room it has.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// The root record in force.
    pub root: Root<'a>,
    /// The number of the release that was installed last and confirmed; 0 for none.
    pub release: u32,
    /// The SHA-256 of that release's image, if it is known. A firmware that came by wire has none.
    pub installed: Option<Digest>,
    /// The highest floor of all releases that were installed and confirmed.
    pub floor: u32,
    /// The highest signed time ever seen.
    pub time: Option<UnixSeconds>,
    /// How large an image may be, in bytes.
    pub slot: u32,
}

/// What a device is, as it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The product's name.
    pub product: &'a str,
    /// The hardware's name.
    pub hardware: &'a str,
    /// The chip.
    pub chip: Chip,
    /// The MAC address.
    pub device: [u8; 6],
}

/// What an answer that is believed says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Keep this root record and check in again. The rest of the answer was not looked at.
    NewRoot(Root<'a>),
    /// There is nothing to do.
    Wait {
        /// The server's time, if the order is signed: the new lower bound, where it is higher.
        time: Option<UnixSeconds>,
        /// When to ask again, in seconds, by the order.
        poll_after: Option<u32>,
    },
    /// Install what the manifest says. It may be what is installed already: a repair.
    Install {
        /// The manifest.
        manifest: Trusted<'a, Manifest<'a>>,
        /// As for `Wait`.
        time: Option<UnixSeconds>,
        /// As for `Wait`.
        poll_after: Option<u32>,
    },
}

/// Judges an answer to the check-in with this nonce.
///
/// A refusal means that nothing of the answer may be used, with one exception: where the manifest is refused, the order
/// before it may still be good, which [`hear`] tells.
// Not inlined: a chip's code would copy each field of the result by itself.
#[inline(never)]
pub fn verify<'a>(
    stored: &Stored<'_>,
    identity: &Identity<'_>,
    clock: Clock,
    nonce: &[u8; 16],
    offer: &Offer<'a>,
) -> Result<Verdict<'a>, Refusal> {
    if let Some(root) = offer.root.filter(|root| *root != stored.root.signed()) {
        return stored.root.successor(root).map(Verdict::NewRoot);
    }
    let order = hear(stored, identity, nonce, offer)?;
    let time = order.as_ref().map(|order| order.time);
    let poll_after = order.as_ref().map(|order| order.poll_after);
    let Some(manifest) = chosen(order.as_ref(), offer)? else {
        return Ok(Verdict::Wait { time, poll_after });
    };
    let manifest = stored.root.manifest(manifest)?;
    is_for(&manifest, identity)?;
    is_recent(&manifest, stored)?;
    is_alive(&manifest, earliest(clock, stored.time, time))?;
    manifest.payloads.iter().try_for_each(|payload| fits(&payload, stored.slot))?;
    Ok(Verdict::Install { manifest, time, poll_after })
}

/// The order of an answer, if the root record in force asks for one: signed by an order key, for this device and for the
/// check-in with this nonce. Whoever has heard one has reached the server.
pub fn hear<'a>(
    stored: &Stored<'_>,
    identity: &Identity<'_>,
    nonce: &[u8; 16],
    offer: &Offer<'a>,
) -> Result<Option<Trusted<'a, Order<'a>>>, Refusal> {
    if stored.root.order_keys.is_empty() {
        return Ok(None);
    }
    let order = stored.root.order(offer.order.ok_or(Refusal::OrderMissing)?)?;
    if order.nonce != *nonce {
        return Err(Refusal::OrderNonce);
    }
    if order.device != identity.device {
        return Err(Refusal::OrderTarget);
    }
    Ok(Some(order))
}

/// The manifest to be judged: the one that the order names, or, where no orders are given, the one that is there.
fn chosen<'a>(
    order: Option<&Trusted<'_, Order<'_>>>,
    offer: &Offer<'a>,
) -> Result<Option<&'a [u8]>, Refusal> {
    let Some(order) = order else { return Ok(offer.manifest) };
    match order.action {
        Action::Wait => Ok(None),
        Action::Install(named) => {
            let is_named = |manifest: &&[u8]| sha256(manifest) == *named;
            offer.manifest.filter(is_named).map(Some).ok_or(Refusal::OrderManifest)
        }
    }
}

fn is_for(manifest: &Manifest<'_>, identity: &Identity<'_>) -> Result<(), Refusal> {
    if manifest.product != identity.product {
        return Err(Refusal::Product);
    }
    if !manifest.hardware.iter().any(|hardware| hardware == identity.hardware) {
        return Err(Refusal::Hardware);
    }
    if manifest.chip != identity.chip {
        return Err(Refusal::Chip);
    }
    Ok(())
}

/// Whether the release may follow the installed one.
fn is_recent(manifest: &Manifest<'_>, stored: &Stored<'_>) -> Result<(), Refusal> {
    let found = manifest.release;
    if found < stored.root.minimum {
        return Err(Refusal::Minimum { expected: stored.root.minimum, found });
    }
    if found < stored.floor {
        return Err(Refusal::Floor { expected: stored.floor, found });
    }
    if found < stored.release && !manifest.downgrade {
        return Err(Refusal::ReleaseTooOld { installed: stored.release, found });
    }
    let is_other = |installed: Digest| manifest.app().is_none_or(|app| *app.final_digest != installed);
    if found == stored.release && stored.installed.is_some_and(is_other) {
        return Err(Refusal::SameNumber { found });
    }
    Ok(())
}

/// The earliest time that it can be: by the clock, set right by the order of this answer, and never before a signed time.
fn earliest(clock: Clock, bound: Option<UnixSeconds>, order: Option<UnixSeconds>) -> Option<UnixSeconds> {
    let clock = order.map_or(clock, |time| clock.heard(time));
    clock.earliest().max(bound).max(order)
}

fn is_alive(manifest: &Manifest<'_>, now: Option<UnixSeconds>) -> Result<(), Refusal> {
    match (manifest.not_after, now) {
        (Some(not_after), Some(now)) if not_after < now => Err(Refusal::Expired { not_after, now }),
        _ => Ok(()),
    }
}

/// Whether the payload is one that the device can take, before its first byte is asked for.
fn fits(payload: &Payload<'_>, slot: u32) -> Result<(), Refusal> {
    if payload.encoding != Encoding::Raw || payload.base.is_some() {
        return Err(Refusal::EncodingUnknown);
    }
    let same_digest = payload.coded_digest.is_none_or(|coded| coded == payload.final_digest);
    if payload.coded_length != payload.final_length || !same_digest {
        return Err(Refusal::Length);
    }
    if payload.kind == Kind::App && payload.final_length > slot {
        return Err(Refusal::TooLarge { expected: slot, found: payload.final_length });
    }
    Ok(())
}
