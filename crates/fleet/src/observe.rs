//! What a check-in or a transfer teaches about a device: folds it into the record, and says what is worth an event.

mod trials;
mod turns;

use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::controller::follow;
use crate::intent::settle;
use crate::{
    Artifact, Attempt, Catalogue, CheckIn, Claimant, Decision, Device, Dialect, Event, EventKind, Installed,
    Kind, Mode, Network, Outcome, Proof, Report, Reported, SeenBuild, SeenHandshake, SeenNetwork, Sha256,
    Snapshot, Standing, Time,
};

/// Complete downloads of one image without effect after which a claimant is held.
const LOOP_LIMIT: u32 = 3;
/// The first hold; each further one is twice as long.
const FIRST_HOLD: Duration = Duration::from_hours(1);
/// The longest hold.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_hours(24);
/// A build or network that comes back within this time after another one took its place is taking turns.
const TURN: Duration = Duration::from_hours(24);

/// Folds a check-in and its decision into the record. What comes back is worth keeping; for a poll that only repeats
/// the last one that is nothing.
pub fn observe(
    device: &mut Device,
    check_in: &CheckIn,
    decision: &Decision,
    catalogue: &Catalogue,
    now: Time,
) -> Vec<Event> {
    let mut kinds = Vec::new();
    device.polls += 1;
    device.rhythm.note(check_in.proof, now);
    device.last_seen = device.last_seen.max(now);
    if let Some(name) = check_in.name.as_ref().filter(|name| device.name.as_deref() != Some(name.as_str())) {
        device.name = Some(name.to_string());
    }
    let proof = proof_of_build(check_in, decision, catalogue);
    if device.last.as_ref().is_some_and(|last| last.is_repeated_by(check_in)) {
        repeat(device, check_in, proof, now);
    } else {
        kinds.extend(change(device, check_in, proof, catalogue, now));
    }
    kinds.extend(check_in.report.and_then(|report| note_report(device, report, check_in, now)));
    kinds.extend(trials::hear(device, check_in, catalogue, now));
    if stand(device, check_in, decision, now) {
        kinds.push(EventKind::Decided { decision: Box::new(decision.clone()) });
    }
    let is_new = follow(device, check_in, decision, catalogue, now);
    if check_in.mode != Mode::Version && decision.offered().is_some() && is_new {
        offer(device, check_in, decision, now);
        trials::offer(device, check_in, decision, catalogue, now);
    }
    // The rules ask who speaks only where something was sent.
    if let Some(last) = device.last.as_mut().filter(|_| !device.attempts.is_empty()) {
        last.keep_claimant(check_in);
    }
    settle(device, check_in, catalogue, now);
    // Of a device that was assigned they are for who looks after it, whatever it was taken for.
    let product = device.product.as_ref().or(decision.product.as_ref());
    let event = |kind| Event { at: now, device: Some(device.mac), product: product.cloned(), kind };
    kinds.into_iter().map(event).collect()
}

fn repeat(device: &mut Device, check_in: &CheckIn, proof: Proof, now: Time) {
    if let Some(seen) = device.builds.first_mut() {
        seen.last = seen.last.max(now);
        seen.polls += 1;
        note_handshake(seen, check_in, proof, now);
        note_proof(seen, proof, now);
    }
    if let Some(seen) = device.networks.first_mut() {
        seen.last = now;
    }
}

/// The check-in says something else than the last one did.
fn change(
    device: &mut Device,
    check_in: &CheckIn,
    proof: Proof,
    catalogue: &Catalogue,
    now: Time,
) -> Vec<EventKind> {
    let expected = turns::are_expected(device, check_in, catalogue);
    let turns = [see_build(device, check_in, proof, now) && !expected, see_network(device, check_in, now)];
    device.last = Some(Snapshot::of(check_in));
    let mut kinds = Vec::new();
    if let Some(artifact) = catalogue.running(&check_in.build) {
        kinds.extend(install(device, artifact, check_in, now));
    }
    if turns.contains(&true) {
        let first = device.contested.is_none_or(|last| now.since(last) > TURN);
        device.contested = Some(now);
        kinds.extend(first.then_some(EventKind::Contested));
    }
    kinds
}

/// Notes the build. True if it takes turns with another: two builds that were both seen before, and now the first
/// of them again. One return is a rollback; a return of both is two boards, or a stranger.
fn see_build(device: &mut Device, check_in: &CheckIn, proof: Proof, now: Time) -> bool {
    let build = check_in.build;
    let place = device.builds.iter().position(|seen| seen.build == build);
    let turns = place == Some(1)
        && device.builds.iter().take(2).all(|seen| seen.polls > 1 && now.since(seen.last) < TURN)
        && device
            .builds
            .get(1)
            .zip(device.builds.first())
            .is_some_and(|(back, other)| other.first < back.last);
    let mut seen = match place {
        Some(place) => device.builds.remove(place),
        None => SeenBuild {
            build,
            network: Network::of(check_in.source),
            roams: false,
            version: None,
            first: now,
            last: now,
            polls: 0,
            proof: Proof::None,
            proven: None,
            handshakes: Vec::new(),
        },
    };
    seen.version.clone_from(&check_in.version);
    seen.roams |= Network::of(check_in.source) != seen.network;
    note_handshake(&mut seen, check_in, proof, now);
    // The server's clock may have been set back: what was said last stays the last word.
    seen.last = seen.last.max(now);
    seen.polls += 1;
    note_proof(&mut seen, proof, now);
    device.builds.insert(0, seen);
    if device.builds.len() > Device::MAX_BUILDS {
        forget_one(&mut device.builds, |one| (one.proof, one.network, one.first, one.last));
    }
    turns
}

/// What a check-in proves of the build that it tells of: one product's secret proves nothing of another's build.
fn proof_of_build(check_in: &CheckIn, decision: &Decision, catalogue: &Catalogue) -> Proof {
    let running = catalogue.running(&check_in.build);
    let owner = running.and_then(|artifact| catalogue.product_of(&artifact.id));
    let of_another = owner.is_some_and(|owner| decision.product.as_ref() != Some(&owner.name));
    if of_another && check_in.proof == Proof::ProductSecret { Proof::None } else { check_in.proof }
}

/// Notes the proof that came with a build, unless a stronger one came before.
fn note_proof(seen: &mut SeenBuild, proof: Proof, now: Time) {
    if proof > Proof::None && proof >= seen.proof {
        seen.proof = proof;
        seen.proven = Some(now);
    }
}

/// Notes the name asked for and the chain shown. What comes with a proof takes the place of what proved no more; what
/// comes without may be a stranger's, and stands beside what there was.
fn note_handshake(seen: &mut SeenBuild, check_in: &CheckIn, proof: Proof, now: Time) {
    let Some(handshake) = &check_in.handshake else { return };
    let network = Network::of(check_in.source);
    let place = seen.handshakes.iter().position(|before| before.handshake == *handshake);
    let new = || {
        let (handshake, first) = (handshake.clone(), now);
        SeenHandshake { handshake, network, roams: false, first, last: now, polls: 0, proof }
    };
    let mut noted = place.map_or_else(new, |place| seen.handshakes.remove(place));
    noted.last = noted.last.max(now);
    noted.polls += 1;
    noted.roams |= noted.network != network;
    noted.proof = noted.proof.max(proof);
    if proof > Proof::None {
        seen.handshakes.retain(|before| before.proof > proof);
    }
    seen.handshakes.insert(0, noted);
    if seen.handshakes.len() > SeenBuild::MAX_HANDSHAKES {
        forget_one(&mut seen.handshakes, |one| (one.proof, one.network, one.first, one.last));
    }
}

/// Notes what became of an attempt, by the device's word. What was said before is no event again.
pub(crate) fn note_report(
    device: &mut Device,
    report: Report,
    check_in: &CheckIn,
    now: Time,
) -> Option<EventKind> {
    let (network, proof) = (Network::of(check_in.source), check_in.proof);
    let place = device.reported.iter().position(|before| before.report == report);
    let mut noted = match place {
        Some(place) => device.reported.remove(place),
        None => Reported { report, network, first: now, last: now, proof },
    };
    let news = place.is_none() || noted.proof < proof;
    noted.last = noted.last.max(now);
    noted.proof = noted.proof.max(proof);
    device.reported.insert(0, noted);
    if device.reported.len() > Device::MAX_REPORTS {
        forget_one(&mut device.reported, |one| (one.proof, one.network, one.first, one.last));
    }
    news.then_some(EventKind::Reported { report, proof })
}

/// Forgets one of what was said: not the latest, and rather what proved less; of the network that brought the most, the one
/// whose time is over. Its time is as long again as it was in use. So what strangers invent does not crowd out what the
/// device ran.
fn forget_one<T>(said: &mut Vec<T>, of: impl Fn(&T) -> (Proof, Network, Time, Time)) {
    let share = |network| said.iter().filter(|one| of(one).1 == network).count();
    let worth = |one: &T| {
        let (proof, network, first, last) = of(one);
        (Reverse(proof), share(network), Reverse(last + last.since(first)))
    };
    let others = said.iter().enumerate().skip(1);
    let expendable = others.max_by_key(|(place, one)| (worth(one), *place));
    if let Some((place, _)) = expendable {
        said.remove(place);
    }
}

/// Notes the network. True if it takes turns with another.
fn see_network(device: &mut Device, check_in: &CheckIn, now: Time) -> bool {
    let network = Network::of(check_in.source);
    let place = device.networks.iter().position(|seen| seen.network == network);
    let turns = place.filter(|place| *place > 0).and_then(|place| device.networks.get(place));
    let turns = turns.is_some_and(|seen| now.since(seen.last) < TURN);
    if let Some(place) = place {
        device.networks.remove(place);
    }
    device.networks.insert(0, SeenNetwork { network, last: now });
    device.networks.truncate(Device::MAX_NETWORKS);
    turns
}

/// The device runs what it was sent.
fn install(device: &mut Device, artifact: &Artifact, check_in: &CheckIn, now: Time) -> Option<EventKind> {
    let network = Network::of(check_in.source);
    let attempt = device
        .attempts
        .iter_mut()
        .find(|attempt| attempt.artifact == artifact.id && attempt.whole > 0 && attempt.network == network)?;
    attempt.outcome = Some(Outcome::Installed);
    let (release, before) = (attempt.release.clone(), attempt.build);
    if device.installed_in(network).is_some_and(|last| last.artifact == artifact.id) {
        return None;
    }
    let (artifact, reported) = (artifact.id, false);
    note_installed(
        device,
        Installed { artifact, release: release.clone(), at: now, network, before, reported },
    );
    Some(EventKind::Installed { release })
}

/// Notes the update that a device runs now; it takes the place of what ran in the same network.
pub(crate) fn note_installed(device: &mut Device, installed: Installed) {
    let network = installed.network;
    device.installed_elsewhere.splice(0..0, device.installed.replace(installed));
    device.installed_elsewhere.retain(|elsewhere| elsewhere.network != network);
    device.installed_elsewhere.truncate(Device::MAX_ELSEWHERE);
}

/// Keeps the decision, or counts it. True if it is worth an event: every offer, and every other answer than before.
fn stand(device: &mut Device, check_in: &CheckIn, decision: &Decision, now: Time) -> bool {
    // Who compares by itself is told of the same release again and again, and takes nothing by that. An action that goes on
    // is not offered anew.
    let again = check_in.dialect.compares() || check_in.dialect == Dialect::Hawkbit;
    let sends = check_in.mode != Mode::Version && !again;
    let offers = sends && decision.offered().is_some();
    let standing = match check_in.mode.kind() {
        Kind::Filesystem => &mut device.standing_files,
        Kind::App | Kind::Raw => &mut device.standing,
    };
    match standing {
        Some(standing) if decision.repeats(&standing.decision) => {
            standing.last = now;
            standing.count += 1;
            offers
        }
        standing => {
            *standing = Some(Standing { decision: decision.clone(), first: now, last: now, count: 1 });
            true
        }
    }
}

/// Notes that an image goes out.
fn offer(device: &mut Device, check_in: &CheckIn, decision: &Decision, now: Time) {
    let (Some(artifact), Some(release)) = (decision.artifact, decision.release.clone()) else { return };
    let claimant = device.claimant(check_in);
    let place = device.attempts.iter().position(|a| a.claimant == claimant && a.artifact == artifact);
    let mut attempt = match place {
        Some(place) => device.attempts.remove(place),
        None => Attempt {
            claimant,
            network: Network::of(check_in.source),
            release,
            artifact,
            kind: check_in.mode.kind(),
            build: check_in.build,
            first_offer: now,
            last_offer: now,
            offers: 0,
            whole: 0,
            cut_off: 0,
            last_bytes: 0,
            outcome: None,
            holds: 0,
            held_until: None,
        },
    };
    attempt.offers += 1;
    attempt.last_offer = now;
    device.attempts.insert(0, attempt);
    if device.attempts.len() > Device::MAX_ATTEMPTS {
        forget_an_attempt(&mut device.attempts);
    }
}

/// Forgets one attempt, and with it its brake: not the latest, but one of the network that has the most, first those
/// that took nothing whole, first the oldest. So a stranger crowds out the device's own only from as many networks as
/// there is room for, and by as many complete downloads.
fn forget_an_attempt(attempts: &mut Vec<Attempt>) {
    let share = |network| attempts.iter().filter(|attempt| attempt.network == network).count();
    let others = attempts.iter().enumerate().skip(1);
    let expendable = others.max_by_key(|(place, a)| (share(a.network), a.whole == 0, *place));
    if let Some((place, _)) = expendable {
        attempts.remove(place);
    }
}

/// A transfer that ended, whole or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delivery {
    /// Who took it.
    pub claimant: Claimant,
    /// The artifact.
    pub artifact: Sha256,
    /// The offset at which it began.
    pub from: u64,
    /// Bytes that were asked for.
    pub asked: u64,
    /// Bytes handed over.
    pub bytes: u64,
    /// Bytes that there are.
    pub size: u64,
}

impl Delivery {
    /// How far the artifact is handed over with this, if it begins where `before` left off or earlier. A download that is
    /// whole begins anew: its last byte, asked for again, is not another one.
    fn reaches(&self, before: u64) -> Option<u64> {
        let end = self.from.saturating_add(self.bytes);
        match self.from {
            0 => Some(end),
            from => (from <= before && before < self.size).then_some(end.max(before)),
        }
    }
}

/// Folds the end of a transfer into the record. From the third complete download on, the claimant is held for a while:
/// a device that runs what it took is not concerned, since it then reports another build.
///
/// A part that was handed over as it was asked for is neither cut off nor an event, unless it is the last.
/// A download in parts is complete when every byte was handed over: a last part alone counts for nothing, or a stranger
/// could have a device held for less than whole downloads.
pub fn delivered(device: &mut Device, delivery: Delivery, now: Time) -> Option<Event> {
    let Delivery { claimant, artifact, asked, bytes, size, .. } = delivery;
    let attempt = device.attempts.iter_mut().find(|a| a.claimant == claimant && a.artifact == artifact);
    let product = attempt.as_ref().map(|attempt| &attempt.release.product);
    let product = device.product.as_ref().or(product).cloned();
    let reached = attempt.as_ref().and_then(|attempt| delivery.reaches(attempt.last_bytes));
    if let Some((attempt, reached)) = attempt.zip(reached) {
        attempt.last_bytes = reached;
        match reached < size {
            true if bytes < asked => attempt.cut_off += 1,
            true => {}
            false => attempt.whole += 1,
        }
        if reached >= size && attempt.whole >= LOOP_LIMIT {
            attempt.held_until = Some(now + hold(attempt.holds));
            attempt.holds += 1;
            attempt.outcome = Some(Outcome::Looping);
        }
        let of_image = device.trials.iter_mut().filter(|trial| trial.artifact == artifact);
        of_image.for_each(|trial| trial.deliver(claimant, reached, size, now));
    }
    let is_part = bytes >= asked && reached.is_some_and(|reached| reached < size);
    let bytes = reached.unwrap_or(bytes);
    let kind = EventKind::Delivered { artifact, bytes, size };
    (!is_part).then_some(Event { at: now, device: Some(device.mac), product, kind })
}

/// One hour, doubling to a day.
fn hold(earlier: u32) -> Duration {
    FIRST_HOLD.saturating_mul(1 << earlier.min(8)).min(LONGEST_HOLD)
}
