//! Who gets what: the one rule that every check-in of every dialect goes through.
//!
//! The order of the questions is the order of this file: which product, over which transport, is it private, which
//! chip, what is meant for it, is it there already, may it be replaced, what goes first, is it signed, does it fit, does it
//! loop.

use otary_image::Chip;

use crate::controller::gave_up;
use crate::observe::LONGEST_HOLD;
use crate::{
    Artifact, Catalogue, CheckIn, Decision, Device, Dialect, Evidence, Kind, Mode, Network, Order, Product,
    Proof, Reason, Sequence, Target, Time, Transport, Variant, compare,
};

/// What is known when a check-in is decided on.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// All that could be offered.
    pub catalogue: &'a Catalogue,
    /// What is remembered of the device. None: it is not on record, and this check-in is not going to be recorded
    /// (it says no address, or too many new ones ask).
    pub device: Option<&'a Device>,
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
    let mut decision =
        Decision { reason: Reason::NotRecorded, product: None, chip: None, release: None, artifact: None };
    decision.reason = reason(check_in, view, now, &mut decision).unwrap_or_else(|hold| hold);
    decision
}

/// The reason, noting on the way what was found out. `Err` ends the questions early; it is no failure.
fn reason(check_in: &CheckIn, view: View<'_>, now: Time, found: &mut Decision) -> Result<Reason, Reason> {
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
    let channel = view.device.and_then(|device| device.channel.as_ref());
    // What a campaign governs is asked here; of a client that says no device (`check_in.device`), too.
    let target = view.catalogue.target(&product.name, channel, chip, check_in.wanted());
    let target = target.ok_or_else(|| Reason::NoRelease { product: product.name.clone(), chip })?;
    found.release = Some(target.release.id.clone());
    found.artifact = Some(target.artifact.id);

    let offer = replaces(check_in, view, running, product, target)?;
    in_order(check_in, view, chip, target, now)?;
    signed(check_in, target)?;
    fits(check_in, target.artifact)?;
    not_looping(check_in, view, target, now)?;
    Ok(offer)
}

/// From the URL, else from the digest of what runs, else as the operator assigned, else the only one there is. A private
/// product is found by the digest for those alone who may have its images.
fn product<'a>(
    check_in: &CheckIn,
    view: View<'a>,
    of_build: Option<&'a Product>,
) -> Result<&'a Product, Reason> {
    let catalogue = view.catalogue;
    if let Some(name) = &check_in.product {
        return catalogue.product(name).ok_or_else(|| Reason::UnknownProduct { product: name.clone() });
    }
    let assigned = view.device.and_then(|device| device.product.as_ref());
    of_build
        .or_else(|| catalogue.product(assigned?))
        .or_else(|| catalogue.only_product())
        .ok_or(Reason::NoProduct { build: check_in.build })
}

/// The product that the digest of what runs belongs to, where the URL names none.
fn product_of_build<'a>(check_in: &CheckIn, view: View<'a>) -> Option<&'a Product> {
    let running = view.catalogue.running(&check_in.build).filter(|_| check_in.product.is_none())?;
    view.catalogue.product_of(&running.id)
}

/// The artifact that runs, as far as it is known to whoever may have `product`: an image of private products alone is
/// a build like any other elsewhere, or the answer would tell that it is here.
fn running<'a>(check_in: &CheckIn, view: View<'a>, product: &Product) -> Option<&'a Artifact> {
    let catalogue = view.catalogue;
    let shown = |artifact: &&Artifact| {
        !catalogue.is_private(&artifact.id) || catalogue.release_of(&product.name, &artifact.id).is_some()
    };
    catalogue.running(&check_in.build).filter(shown)
}

/// A private product is for those alone who showed that they may have it. Nothing more is found out for others, and
/// every dialect answers them as if there were no such product.
fn opens(check_in: &CheckIn, view: View<'_>, product: &Product) -> Result<(), Reason> {
    let (shown, needed) = (check_in.proof, product.required_proof());
    if product.opens_to(shown, view.device) {
        let enough = shown >= check_in.dialect.required_proof();
        return if enough { Ok(()) } else { Err(Reason::Unauthenticated { product: product.name.clone() }) };
    }
    Err(Reason::NotProven { product: product.name.clone(), shown, needed })
}

/// From the digest of what runs, else from the URL's query, else as the operator said, else the product's only one.
/// A file system is for no chip in particular.
fn chip(
    check_in: &CheckIn,
    view: View<'_>,
    running: Option<&Artifact>,
    product: &Product,
) -> Result<Option<Chip>, Reason> {
    let chip = running
        .and_then(|artifact| artifact.chip)
        .or(check_in.chip)
        .or_else(|| view.device?.chip)
        .or_else(|| view.catalogue.only_chip(product))
        .or_else(|| check_in.dialect.only_chip());
    match chip {
        Some(chip) if !check_in.dialect.runs_on(chip) => {
            Err(Reason::ChipContradicts { chip, dialect: check_in.dialect })
        }
        None if check_in.dialect == Dialect::Hawkbit => Ok(None),
        None if check_in.mode.kind() == Kind::App && view.catalogue.has_apps(&product.name) => {
            Err(Reason::ChipUnknown { product: product.name.clone() })
        }
        chip => Ok(chip),
    }
}

/// Whether the target is to replace what runs; `Ok` is the reason to offer it.
fn replaces(
    check_in: &CheckIn,
    view: View<'_>,
    running: Option<&Artifact>,
    product: &Product,
    target: Target<'_>,
) -> Result<Reason, Reason> {
    // What a device says of its program says nothing of its file system, nor of the image that stands by.
    match check_in.mode {
        Mode::Filesystem => return by_version(check_in, view, target),
        Mode::Safeboot => return Ok(Reason::AskedFor { offered: target.release.id.version.clone() }),
        Mode::Sketch | Mode::Minimal | Mode::Version => {}
    }
    if target.artifact.is_run_by(&check_in.build) {
        return Err(Reason::UpToDate { version: target.release.id.version.clone() });
    }
    if let Some(reason) = gave_up(view, target).filter(|_| check_in.dialect == Dialect::Hawkbit) {
        return Err(reason);
    }
    if let Some(variant) = running.map(|artifact| artifact.variant).filter(|v| *v != Variant::Whole) {
        return Ok(Reason::NotWhole { variant, offered: target.release.id.version.clone() });
    }
    let released = running.and_then(|artifact| view.catalogue.release_of(&product.name, &artifact.id));
    if let Some(release) = released {
        return by_release(release, target);
    }
    if let Some(reason) = reflashed(check_in, view, running) {
        return Err(reason);
    }
    by_version(check_in, view, target)
}

/// A known digest wins over any version text.
fn by_release(runs: &crate::Release, target: Target<'_>) -> Result<Reason, Reason> {
    let (version, published) = (runs.id.version.clone(), target.release.id.version.clone());
    match Catalogue::order(runs, target.release) {
        Order::Older | Order::Different => Ok(Reason::OlderRelease { runs: version, offered: published }),
        Order::Same => Err(Reason::UpToDate { version }),
        Order::Newer => Err(Reason::NewerRelease { runs: version, published }),
    }
}

/// Of an unknown build only the version text is left, and where there is none, one complete download.
fn by_version(check_in: &CheckIn, view: View<'_>, target: Target<'_>) -> Result<Reason, Reason> {
    let published = target.release.id.version.clone();
    let Some(reports) = check_in.version.clone() else {
        // The client compares, or whoever wrote its program: nothing here could tell what it has.
        let says_nothing = check_in.device.is_none() && check_in.dialect.may_say_nothing();
        if check_in.dialect.compares() || says_nothing {
            return Ok(Reason::ComparesItself { offered: published });
        }
        let device = view.device.ok_or(Reason::NotRecorded)?;
        let attempt = device.attempt(check_in.claimant(), &target.artifact.id);
        let takes_it_on_trust = check_in.dialect != Dialect::Hawkbit;
        return match attempt {
            Some(attempt) if attempt.whole > 0 && takes_it_on_trust => {
                Err(Reason::TakenOnce { version: published })
            }
            _ => Ok(Reason::FirstTry { offered: published }),
        };
    };
    match compare(&reports, &published) {
        Order::Older => Ok(Reason::OlderVersion { reports, offered: published }),
        Order::Different => Ok(Reason::OtherVersion { reports, offered: published }),
        Order::Same | Order::Newer => Err(Reason::NotOlder { reports, published }),
    }
}

/// A build that otary does not know, on a device that otary has updated, was flashed by a person: what it is now is
/// for a person to say (`resume`, or a URL that names the product together with a version).
///
/// Only a build first seen after the update and on the network of the update counts, so that no stranger can put a
/// device into this state by telling of an update that never was, nor out of it by telling of another one.
fn reflashed(check_in: &CheckIn, view: View<'_>, running: Option<&Artifact>) -> Option<Reason> {
    let device = view.device?;
    let installed = device.installed_in(Network::of(check_in.source))?;
    let build = check_in.build;
    let says_so_itself = check_in.product.is_some() && check_in.version.is_some();
    let is_old = |first: Time| first < installed.at || device.resumed_at.is_some_and(|at| first <= at);
    let seen_before = build == installed.before
        || device.builds.iter().any(|seen| seen.build == build && is_old(seen.first));
    (build.is_known() && running.is_none() && !says_so_itself && !seen_before)
        .then_some(Reason::Reflashed { installed: installed.artifact, build })
}

/// Of a program and a file system that were released together, one goes first.
///
/// A file system that waits for its program is told by the digest of what runs. A program waits only for files that the
/// same build was offered in the same network within a day, and did not take: who never asks for files is not held.
fn in_order(
    check_in: &CheckIn,
    view: View<'_>,
    chip: Option<Chip>,
    target: Target<'_>,
    now: Time,
) -> Result<(), Reason> {
    let other = |kind: Kind| target.release.artifact_for(|id| view.catalogue.artifact(id), chip, kind);
    let version = || target.release.id.version.clone();
    match (target.release.order, target.artifact.kind) {
        (Sequence::AppFirst, Kind::Filesystem) => {
            let app = other(Kind::App).filter(|app| !app.is_run_by(&check_in.build));
            let waits = check_in.build.is_known() && app.is_some();
            if waits { Err(Reason::AppFirst { version: version() }) } else { Ok(()) }
        }
        (Sequence::FilesFirst, Kind::App) => {
            let (Some(files), Some(device)) = (other(Kind::Filesystem), view.device) else { return Ok(()) };
            let network = Network::of(check_in.source);
            let offered = device.attempts.iter().find(|attempt| {
                let same = attempt.artifact == files.id && attempt.network == network;
                same && attempt.build == check_in.build && now.since(attempt.last_offer) <= LONGEST_HOLD
            });
            let waits = offered.is_some_and(|attempt| attempt.whole == 0);
            if waits { Err(Reason::FilesFirst { version: version() }) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// An agent installs what a manifest describes, and nothing else. Other clients verify no manifest.
fn signed(check_in: &CheckIn, target: Target<'_>) -> Result<(), Reason> {
    let signed = target.release.manifest_of(&target.artifact.id).is_some();
    if check_in.dialect != Dialect::Agent || signed {
        return Ok(());
    }
    Err(Reason::Unsigned { release: target.release.id.clone() })
}

/// An image larger than its slot is never sent. The space that a client reports is that of its app slot.
fn fits(check_in: &CheckIn, artifact: &Artifact) -> Result<(), Reason> {
    match check_in.free_space {
        _ if check_in.mode == Mode::Filesystem => Ok(()),
        Some(0) => Err(Reason::NoSlot),
        Some(space) if space < artifact.size => Err(Reason::TooLarge { size: artifact.size, space }),
        _ => Ok(()),
    }
}

/// After three complete downloads without effect, and after each further one, a claimant has to wait.
fn not_looping(check_in: &CheckIn, view: View<'_>, target: Target<'_>, now: Time) -> Result<(), Reason> {
    let Some(device) = view.device else { return Ok(()) };
    if device.attempts.is_empty() {
        return Ok(());
    }
    let attempt = device.attempt(check_in.claimant(), &target.artifact.id);
    match attempt.and_then(|attempt| Some((attempt.whole, attempt.held_until?))) {
        // A hold that is longer than any began by a clock that ran ahead.
        Some((taken, until)) if now < until && until.since(now) <= LONGEST_HOLD => {
            Err(Reason::Looping { taken, until, now })
        }
        _ => Ok(()),
    }
}
