//! Who gets what: the one rule that every check-in of every dialect goes through.
//!
//! The order of the questions is the order of [`reason`] and of [`Asked::meant`]: which product, over which transport, is it
//! private, which chip; what is meant for it, as the operator said of this device (held, forced, pinned), by a campaign, or
//! on its channel; is it there already, may it be replaced, does its campaign let it in (state, proof, wave, rhythm,
//! window), does something have to be passed through first, which of its files goes first, is it signed, does it fit, does it loop, may it be begun now.
//!
//! A poll that is answered with *wait* costs no allocation: texts are shared, and nothing is collected.

mod campaign;
mod fare;
mod fits;
mod meant;
mod order;
mod place;
mod replaces;
mod via;

use otary_image::Chip;

use crate::observe::LONGEST_HOLD;
use crate::{
    Artifact, Catalogue, CheckIn, Decision, Device, Evidence, Mode, Openings, Product, Proof, Reason,
    Release, Target, Time, Transport,
};
use fits::{fits, not_looping, signed};
use place::{chip, opens, product, product_of_build, running};

pub use campaign::begins;
pub(crate) use fare::{Fare, fare};
pub use via::{ViaError, check_via};

/// What is known when a check-in is decided on.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// All that could be offered.
    pub catalogue: &'a Catalogue,
    /// What is remembered of the device. None: it is not on record, and this check-in is not going to be recorded
    /// (it says no address, or too many new ones ask).
    pub device: Option<&'a Device>,
    /// What may be begun now under each campaign.
    pub openings: &'a Openings,
}

/// A check-in, and what it was taken for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    check_in: &'a CheckIn,
    view: View<'a>,
    product: &'a Product,
    running: Option<&'a Artifact>,
    /// The release that runs, if its digest is known.
    released: Option<&'a Release>,
    chip: Option<Chip>,
    now: Time,
}

/// What a check-in's evidence proves of the product that it is taken for and of the device that it says it is. Over
/// plain HTTP nothing is proven: whatever is shown there is shown to everybody on the way.
pub fn prove(check_in: &CheckIn, evidence: &Evidence, view: View<'_>) -> Proof {
    if evidence.is_empty() || check_in.transport == Transport::Http {
        return Proof::None;
    }
    // As much is compared whether the build is known here or not.
    let of_build = product_of_build(check_in, view);
    let shown = evidence.proof(of_build, view.device);
    let opened = of_build.filter(|product| product.opens_to(shown, view.device));
    let proof = evidence.proof(product(check_in, view, opened).ok(), view.device);
    // Another product's secret would pass for that of the product that the build is of.
    let mistaken = opened.is_none() && proof == Proof::ProductSecret;
    if mistaken && of_build.is_some_and(|product| product.opens_to(proof, view.device)) {
        return Proof::None;
    }
    proof
}

/// Decides what a check-in is answered. Pure: the same check-in, view and time give the same decision.
pub fn decide(check_in: &CheckIn, view: View<'_>, now: Time) -> Decision {
    let mut decision = Decision::of(Reason::NotRecorded);
    decision.reason = reason(check_in, view, now, &mut decision).unwrap_or_else(|hold| hold);
    decision
}

/// The reason, noting on the way what was found out. `Err` ends the questions early; it is no failure.
fn reason(check_in: &CheckIn, view: View<'_>, now: Time, found: &mut Decision) -> Result<Reason, Reason> {
    asked(check_in, view, now, found)?.meant(found)
}

/// What a check-in is taken for, noting it.
fn asked<'a>(
    check_in: &'a CheckIn,
    view: View<'a>,
    now: Time,
    found: &mut Decision,
) -> Result<Asked<'a>, Reason> {
    let opened = |product: &&Product| product.opens_to(check_in.proof, view.device);
    let product = product(check_in, view, product_of_build(check_in, view).filter(opened));
    found.product = product.as_ref().ok().map(|product| product.name.clone());
    let plain = check_in.transport == Transport::Http;
    if plain && !product.as_ref().is_ok_and(|product| product.goes_over_plain_http()) {
        return Err(Reason::PlainHttp { product: found.product.clone() });
    }
    let product = product?;
    opens(check_in, view, product)?;
    let running = running(check_in, view, product);
    let chip = chip(check_in, view, running, product)?;
    found.chip = chip;
    let program = running.filter(|_| check_in.mode != Mode::Filesystem);
    let released = program.and_then(|running| view.catalogue.release_of(&product.name, &running.id));
    Ok(Asked { check_in, view, product, running, released, chip, now })
}

impl<'a> Asked<'a> {
    /// Whether an image can go out to this device, noting it.
    fn send(&self, target: Target<'a>, found: &mut Decision) -> Result<(), Reason> {
        meant::note(target, found);
        signed(self.check_in, target)?;
        fits(self.check_in, target.artifact)?;
        not_looping(self.check_in, self.view, target, self.now)
    }
}
