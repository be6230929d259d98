//! The server by value: a check-in in, an offer out, and what it has heard until then.

use otary_wire::sign;
use otary_wire::{Action, Cause, CheckIn, Digest, Offer, Order, Outcome, UnixSeconds};
use sha2::{Digest as _, Sha256};

use super::scenario::{Scenario, SecondRoot};
use super::workshop::{Release, Workshop, made};

/// Seconds after which a board is to ask again.
const POLL: u32 = 3600;

/// What the server has heard of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Heard {
    /// The release that asked last.
    pub release: u32,
    /// Its root record's version.
    pub root: u32,
    /// The root version whose trust set it used.
    pub trust_set: u32,
    /// The last release that was reported as installed.
    pub installed: u32,
    /// How many reports told of a release that was rolled back.
    pub rolled_back: u32,
    /// Whether a trust set was reported as refused.
    pub set_refused: bool,
    /// How many reports there were.
    pub reports: u32,
    /// The cause in the first report that had one, as its code.
    pub first_cause: Option<u8>,
    /// How often the last release asked in a row, had nothing to report, and was told to wait.
    pub rests: u32,
}

/// What the server is at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server<'c> {
    pub scenario: &'c Scenario,
    pub workshop: &'c Workshop,
    pub now: UnixSeconds,
}

impl<'c> Server<'c> {
    /// The anchors that its certificate leads to.
    pub fn proves(&self, heard: &Heard) -> &'c [Vec<u8>] {
        let anchors = &self.workshop.anchors;
        let range = match self.scenario.root {
            SecondRoot::TrustSet if heard.trust_set >= 2 => 1..2,
            SecondRoot::TrustSet => 0..2,
            _ => 0..1,
        };
        anchors.get(range).unwrap_or_default()
    }

    /// The answer to a check-in.
    pub fn check_in(&self, text: &str, heard: &mut Heard) -> Option<Vec<u8>> {
        let mut bytes = [0; CheckIn::MAX_LEN];
        let check_in = CheckIn::from_text(text, &mut bytes).ok()?;
        hear(&check_in, heard);
        let wanted = (self.scenario.offers)(heard);
        let release = self.workshop.release(wanted).filter(|_| check_in.release != wanted);
        if release.is_none() && check_in.release == self.scenario.last && check_in.report.is_none() {
            heard.rests += 1;
        } else {
            heard.rests = 0;
        }
        let order = self.order(&check_in, release);
        // The chain is served one record at a time.
        let root = self.workshop.roots.get(check_in.root as usize).map(Vec::as_slice);
        let manifest = release.map(|release| release.manifest.as_slice());
        let offer = Offer { root, manifest, order: Some(&order), retry_after: None };
        Some(made(|out| offer.encode(out)))
    }

    fn order(&self, check_in: &CheckIn<'_>, release: Option<&Release>) -> Vec<u8> {
        let named = release.map(|release| Digest::from(Sha256::digest(&release.manifest)));
        let order = Order {
            nonce: check_in.nonce,
            time: self.now,
            device: check_in.device,
            action: named.as_ref().map_or(Action::Wait, Action::Install),
            poll_after: POLL,
        };
        made(|out| sign::order(&order, self.workshop.order_key(check_in.root), out))
    }

    /// The payload of this digest.
    pub fn artifact(&self, digest: &Digest) -> Option<&'c [u8]> {
        let release = self.workshop.releases.iter().find(|release| release.digest == *digest)?;
        Some(&release.image)
    }

    /// The anchor of this digest.
    pub fn anchor(&self, digest: &Digest) -> Option<&'c [u8]> {
        let anchors = self.workshop.anchors.iter().map(Vec::as_slice);
        anchors.into_iter().find(|anchor| Digest::from(Sha256::digest(anchor)) == *digest)
    }
}

fn hear(check_in: &CheckIn<'_>, heard: &mut Heard) {
    (heard.release, heard.root, heard.trust_set) = (check_in.release, check_in.root, check_in.trust_set);
    let Some(report) = check_in.report else { return };
    heard.reports += 1;
    heard.first_cause = heard.first_cause.or(report.cause.map(Cause::code));
    match report.outcome {
        Outcome::Installed => heard.installed = report.release,
        Outcome::RolledBack => heard.rolled_back += 1,
        Outcome::TrustSetRefused => heard.set_refused = true,
        Outcome::Refused => {}
    }
}
