//! One poll: a board asks, `decide` answers, `observe` and `delivered` keep what was learnt.
//!
//! Most polls of a fleet say what the last one said and are answered as it was. Such a poll is **quiet**: nothing that the answer
//! rests on has changed since, so it is not asked for again, and the record is left as `observe` would leave it. A test holds
//! fleets that are played so against the same fleets played poll by poll.

use otary_fleet::{
    Catalogue, CheckIn, Decision, Delivery, Device, Outcome, Proof, Reason, Sha256, Time, Version, View,
    begins, decide, delivered, observe,
};

use super::board::Board;
use super::campaigns::Campaigns;
use super::shelf::Shelf;

/// What a poll is answered from.
pub(super) struct Server<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) catalogue: &'a Catalogue,
    pub(super) campaigns: &'a mut Campaigns,
    pub(super) versions: &'a [Version],
    /// Grows with every change of what answers rest on, but for how many devices may be begun with.
    pub(super) knows: u64,
    /// Whether polls may be quiet.
    pub(super) quiet: bool,
}

impl Server<'_> {
    /// A board asks, and does what it does with the answer.
    pub(super) fn hear(&mut self, board: &mut Board, at: Time) {
        if self.knows_what_it_says(board) {
            self.repeat(board, at);
            return;
        }
        let device = Some(&board.record).filter(|_| !board.nameless);
        let decision = self.answer(&board.says, device, at);
        if !board.nameless {
            observe(&mut board.record, &board.says, &decision, self.catalogue, at);
        }
        board.answered = self.knows;
        let release = decision.offered().and_then(|artifact| self.load(board, artifact, at));
        board.was_heard(self.versions, at);
        if let Some((release, version)) = release.and_then(|place| Some((place, self.versions.get(place)?))) {
            board.take(release, version, at);
        }
    }

    /// A board loads an image. The place of its release, if it comes to the end.
    fn load(&self, board: &mut Board, artifact: Sha256, at: Time) -> Option<usize> {
        let size = self.shelf.size(&artifact);
        let cut_off = board.chance.happens(board.cut_off);
        let bytes = if cut_off { board.chance.below(size) } else { size };
        if !board.nameless {
            let claimant = board.says.claimant();
            let delivery = Delivery { claimant, artifact, from: 0, asked: size, bytes, size };
            delivered(&mut board.record, delivery, at);
        }
        let release = self.catalogue.release_of(self.shelf.product(), &artifact).filter(|_| !cut_off)?;
        self.versions.iter().position(|version| *version == release.id.version)
    }

    /// Whether a board's next poll is sure to be answered as its last was, and to leave nothing but counts.
    pub(super) fn knows_what_it_says(&self, board: &Board) -> bool {
        self.quiet && board.answered == self.knows && is_settled(board)
    }

    /// A stranger asks under a board's address, and takes nothing.
    pub(super) fn hear_stranger(&mut self, says: &CheckIn, record: &mut Device, at: Time) {
        let decision = self.answer(says, Some(record), at);
        observe(record, says, &decision, self.catalogue, at);
    }

    fn answer(&mut self, says: &CheckIn, device: Option<&Device>, at: Time) -> Decision {
        let view = View { catalogue: self.catalogue, device, openings: &self.campaigns.openings };
        let decision = decide(says, view, at);
        if let Some(campaign) = begins(says, device, &decision, self.catalogue) {
            self.campaigns.openings.take(campaign);
        }
        decision
    }

    /// What `observe` leaves of a poll that says the same and is answered the same.
    fn repeat(&self, board: &mut Board, at: Time) {
        let (record, says) = (&mut board.record, &board.says);
        record.polls += 1;
        record.rhythm.note(says.proof, at);
        record.last_seen = at;
        if let Some(seen) = record.builds.first_mut() {
            (seen.last, seen.polls) = (at, seen.polls + 1);
            if says.proof > Proof::None {
                seen.proven = Some(at);
            }
        }
        if let Some(seen) = record.networks.first_mut() {
            seen.last = at;
        }
        for trial in &mut record.trials {
            trial.poll(says, self.catalogue.artifact(&trial.artifact), at);
        }
        if let Some(standing) = &mut record.standing {
            (standing.last, standing.count) = (at, standing.count + 1);
        }
    }
}

/// Whether a board says the same as last time, and is sure to be answered the same, as long as nothing changes that the answer
/// rests on, and time is no part of that.
fn is_settled(board: &Board) -> bool {
    let Board { record, says, .. } = board;
    let is_steady = record.standing.as_ref().is_some_and(|standing| {
        matches!(
            standing.decision.reason,
            Reason::UpToDate { .. }
                | Reason::NewerRelease { .. }
                | Reason::NotOlder { .. }
                | Reason::NoRelease { .. }
                | Reason::LaterWave { .. }
                | Reason::AwaitsApproval { .. }
                | Reason::CampaignPaused { .. }
                | Reason::CampaignStopped { .. }
        )
    });
    let on_trial = |trial: &otary_fleet::Trial| {
        trial.course.ended.is_none_or(|ended| ended.outcome != Outcome::Installed)
    };
    is_steady
        && says.report.is_none()
        && record.last.as_ref().is_some_and(|last| last.is_repeated_by(says))
        && !record.trials.first().is_some_and(on_trial)
}
