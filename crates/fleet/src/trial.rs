//! Trials: what became of one release on one device, inferred from bare polls.
//!
//! A stock client reports nothing. What it runs when it asks again tells all the same: the new build twice (or once, of a
//! board that asks only when it starts) is *installed*; the old one after the new is *rolled back*; the old one after two
//! complete downloads, or a day after one, is *refused*, after three *looping*; no poll for longer than the device's own
//! rhythm lets expect is *silent*. A sketch may put off its reboot, so one download and the old build again say nothing yet,
//! and whatever was inferred is corrected by what comes later.
//!
//! **Only polls that can be the device's own count**: from the network of the offer, or with a credential of the device; and
//! under a campaign that gates on proof only those that show as much as the offer's poll did. What is said elsewhere under
//! its address makes it *unknown*, neither a success nor a failure. Reports take precedence and are marked as such.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Artifact, Attempt, Build, CampaignId, CheckIn, Claimant, Ending, Kind, Network, Order, Proof, ReleaseId,
    Rhythm, Sha256, Time, compare,
};

/// Complete downloads without effect that are a refusal: one more than a sketch that puts off its reboot makes.
const REFUSED_AFTER: u32 = 2;
/// Complete downloads without effect that are a loop.
const LOOPING_AFTER: u32 = 3;
/// For how long a sketch may put off its reboot.
const POSTPONED: Duration = Duration::from_hours(24);
/// Who asked once under a new build is missed after this at the soonest: the new build's rhythm is not known yet, and a day
/// and a bit bears a daily rhythm and a night without power.
const NEW_RHYTHM: Duration = Duration::from_hours(26);

/// What became of a release on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It runs the release.
    Installed,
    /// It took the image, and never ran it.
    Refused,
    /// It ran the release, and runs the old build again.
    RolledBack,
    /// It takes the image again and again, and still runs the old build.
    Looping,
    /// It has not asked for longer than its rhythm lets expect.
    Silent,
}

impl Outcome {
    /// The outcome's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Refused => "refused",
            Self::RolledBack => "rolled-back",
            Self::Looping => "looping",
            Self::Silent => "silent",
        }
    }

    /// The same for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled back",
            other => other.name(),
        }
    }
}

/// How an outcome is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The device said so.
    Reported,
    /// Its polls show it.
    Inferred,
}

impl Source {
    /// The source's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Inferred => "inferred",
        }
    }
}

/// An outcome, how it is known and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ended {
    /// What became of it; never silent, which nothing but time shows.
    pub outcome: Outcome,
    /// How it is known.
    pub source: Source,
    /// Since when.
    pub at: Time,
}

/// One device in one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trial {
    /// The campaign.
    pub campaign: CampaignId,
    /// The release.
    pub release: ReleaseId,
    /// Its artifact for this device.
    pub artifact: Sha256,
    /// Program or file system.
    pub kind: Kind,
    /// What ran when it was first offered.
    pub before: Build,
    /// Who seemed to speak when it was last offered.
    pub claimant: Claimant,
    /// Where the offer went to.
    pub network: Network,
    /// What the poll that was answered by the offer showed.
    pub proof: Proof,
    /// Whether only polls that show as much count.
    pub on_proof: bool,
    /// How it went.
    #[serde(flatten)]
    pub course: Course,
}

/// How a trial went: as much as the stop rule needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Course {
    /// When it was first offered.
    pub offered: Time,
    /// How often.
    pub offers: u32,
    /// How often the image was taken whole.
    pub whole: u32,
    /// When it was last taken whole.
    pub downloaded: Option<Time>,
    /// Bytes handed over in the last transfer, with those of the ones that it went on from.
    pub last_bytes: u64,
    /// When it was last heard: a poll that counts, or a transfer.
    pub heard: Time,
    /// When something was last said under its address that does not count.
    pub elsewhere: Option<Time>,
    /// Its polls under the new build.
    pub new: Option<Polls>,
    /// Its polls under the old build since it last took the image whole.
    pub old: u32,
    /// Its usual gap when it was offered, in seconds.
    pub typical: u32,
    /// Its patience when it was offered, in seconds.
    pub patience: u32,
    /// Whether one poll of the new build is enough.
    pub per_boot: bool,
    /// Whether its rhythm was known.
    pub known: bool,
    /// What became of it, if that is known.
    pub ended: Option<Ended>,
}

/// Polls of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Polls {
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
    /// How many.
    pub count: u32,
    /// The longest gap between two, in seconds.
    pub longest: u32,
}

/// How a trial stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialState {
    /// It was offered, and nothing is known yet.
    Pending,
    /// It asked again and has taken nothing whole: a poor link, or a client that only looks.
    NotTaken,
    /// It runs the release.
    Installed {
        /// Since when.
        since: Time,
    },
    /// It refused, rolled back or loops.
    Failed(Outcome),
    /// It is missed.
    Silent {
        /// When it was last heard.
        since: Time,
        /// Since when it ran the release, if it was seen to.
        ran: Option<Time>,
    },
    /// It counts neither way: its rhythm is unknown, or it is heard where it cannot be told from others.
    Unknown,
}

/// What a poll says of the two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    New,
    Old,
    /// A third build, or nothing that would show it.
    Unsaid,
}

impl Trial {
    /// A trial that begins with this poll's offer.
    pub fn begin(
        (campaign, on_proof): (CampaignId, bool),
        release: ReleaseId,
        artifact: Sha256,
        check_in: &CheckIn,
        rhythm: &Rhythm,
        now: Time,
    ) -> Self {
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        Self {
            campaign,
            release,
            artifact,
            kind: check_in.mode.kind(),
            before: check_in.build,
            claimant: check_in.claimant(),
            network: Network::of(check_in.source),
            proof: check_in.proof,
            on_proof,
            course: Course {
                offered: now,
                offers: 0,
                whole: 0,
                downloaded: None,
                last_bytes: 0,
                heard: now,
                elsewhere: None,
                new: None,
                old: 0,
                typical: seconds(rhythm.typical()),
                patience: seconds(rhythm.patience()),
                per_boot: rhythm.is_per_boot(),
                known: rhythm.is_known(),
                ended: None,
            },
        }
    }

    /// Whether an attempt is the one on trial: of the image, and of whoever was offered it last.
    pub(crate) fn is_of(&self, attempt: &Attempt) -> bool {
        self.artifact == attempt.artifact && self.claimant == attempt.claimant
    }

    /// Whether a poll can be the device's own. A credential tells it anywhere.
    pub fn counts(&self, check_in: &CheckIn) -> bool {
        let here = Network::of(check_in.source) == self.network || check_in.proof == Proof::DeviceCredential;
        here && self.is_proven(check_in)
    }

    /// Whether a poll shows as much as the offer's did, where that is asked for.
    fn is_proven(&self, check_in: &CheckIn) -> bool {
        !self.on_proof || (self.proof > Proof::None && check_in.proof >= self.proof)
    }

    /// Notes that it is offered again.
    pub fn offer(&mut self, check_in: &CheckIn) {
        if self.counts(check_in) {
            self.claimant = check_in.claimant();
            self.course.offers = self.course.offers.saturating_add(1);
        }
    }

    /// Notes a poll. `artifact` is the trial's. What comes back is an outcome that was not known before.
    pub fn poll(&mut self, check_in: &CheckIn, artifact: Option<&Artifact>, now: Time) -> Option<Ended> {
        if !self.counts(check_in) {
            // What is not proven where proof is asked for says nothing at all, not even that the device has moved: or a stranger
            // could speak for one that the release has killed.
            if self.is_proven(check_in) {
                self.course.elsewhere = Some(now);
            }
            return None;
        }
        let before = self.course.ended;
        self.course.heard = self.course.heard.max(now);
        match self.runs(check_in, artifact) {
            Runs::New => self.course.run_new(now),
            Runs::Old => self.course.run_old(now),
            Runs::Unsaid => {}
        }
        self.course.ended.filter(|ended| before.is_none_or(|before| before.outcome != ended.outcome))
    }

    /// What a poll says that runs. The digest decides; where there is none, and of a file system, the version text.
    fn runs(&self, check_in: &CheckIn, artifact: Option<&Artifact>) -> Runs {
        let of_program = self.kind != Kind::Filesystem;
        if of_program && check_in.build.is_known() {
            return match artifact {
                Some(artifact) if artifact.is_run_by(&check_in.build) => Runs::New,
                _ if check_in.build == self.before => Runs::Old,
                _ => Runs::Unsaid,
            };
        }
        let of_same_kind = check_in.mode.kind() == self.kind;
        match check_in.version.as_ref().filter(|_| of_same_kind) {
            Some(version) if compare(version, &self.release.version) == Order::Same => Runs::New,
            Some(_) => Runs::Old,
            None => Runs::Unsaid,
        }
    }

    /// Notes what the device itself said became of the image.
    pub fn report(&mut self, check_in: &CheckIn, ending: Ending, now: Time) -> Option<Ended> {
        let outcome = match ending {
            Ending::Installed => Outcome::Installed,
            Ending::Refused => Outcome::Refused,
            Ending::RolledBack => Outcome::RolledBack,
            Ending::TrustSetRefused => return None,
        };
        let said = |ended: Ended| (ended.outcome, ended.source) == (outcome, Source::Reported);
        if !self.counts(check_in) || self.course.ended.is_some_and(said) {
            return None;
        }
        self.course.ended = Some(Ended { outcome, source: Source::Reported, at: now });
        self.course.ended
    }

    /// Notes that a transfer to `claimant` ended, so many bytes into the artifact of `size`.
    pub fn deliver(&mut self, claimant: Claimant, reached: u64, size: u64, now: Time) {
        if claimant != self.claimant {
            return;
        }
        self.course.last_bytes = reached;
        self.course.heard = self.course.heard.max(now);
        if reached >= size {
            self.course.whole = self.course.whole.saturating_add(1);
            self.course.downloaded = Some(now);
            self.course.old = 0;
        }
    }
}

impl Course {
    fn run_new(&mut self, now: Time) {
        let new = self.new.get_or_insert(Polls { first: now, last: now, count: 0, longest: 0 });
        let gap = u32::try_from(now.since(new.last).as_secs()).unwrap_or(u32::MAX);
        new.longest = new.longest.max(gap);
        new.last = new.last.max(now);
        new.count = new.count.saturating_add(1);
        // One that went back before has to show more than a start.
        let went_back = self.ended.is_some_and(|ended| ended.outcome == Outcome::RolledBack);
        if new.count >= 2 || (self.per_boot && !went_back) {
            self.infer(Outcome::Installed, now);
        }
    }

    fn run_old(&mut self, now: Time) {
        self.old = self.old.saturating_add(1);
        let waited = self.downloaded.is_some_and(|at| now.since(at) >= POSTPONED);
        if let Some(new) = &mut self.new {
            // It is counted anew if it comes back.
            new.count = 0;
        }
        match self.whole {
            _ if self.new.is_some() => self.infer(Outcome::RolledBack, now),
            LOOPING_AFTER.. => self.infer(Outcome::Looping, now),
            REFUSED_AFTER.. => self.infer(Outcome::Refused, now),
            1 if waited => self.infer(Outcome::Refused, now),
            _ => {}
        }
    }

    /// What was reported is not inferred otherwise, and an outcome that is known keeps its time.
    fn infer(&mut self, outcome: Outcome, now: Time) {
        let stands = |ended: Ended| ended.source == Source::Reported || ended.outcome == outcome;
        if !self.ended.is_some_and(stands) {
            self.ended = Some(Ended { outcome, source: Source::Inferred, at: now });
        }
    }

    /// Whether it took the image whole more than once, and went back.
    pub(crate) fn goes_back_again(&self) -> bool {
        self.whole > 1 && self.ended.is_some_and(|ended| ended.outcome == Outcome::RolledBack)
    }

    /// For how long nothing need be heard of it. What it does under the new build counts as its rhythm, too.
    pub fn patience(&self) -> Duration {
        let own = Duration::from_secs(self.patience.into());
        match self.new {
            None => own,
            Some(Polls { count: 1, .. }) if !self.per_boot => own.max(NEW_RHYTHM),
            Some(Polls { longest, .. }) => own.max(Duration::from_secs(longest.into()) * 3),
        }
    }

    /// How it stands at `now`, if an installed device is watched for `watch`. `deaf` is the time since it was last heard in
    /// which nobody could be heard, because the server was off.
    pub fn state(&self, watch: Duration, deaf: Duration, now: Time) -> TrialState {
        let missed = now.since(self.heard) > self.patience() + deaf;
        let moved = missed && self.elsewhere.is_some_and(|at| at > self.heard);
        let silent = |ran| TrialState::Silent { since: self.heard, ran };
        match self.ended.map(|ended| (ended.outcome, ended.at)) {
            _ if !self.known || moved => TrialState::Unknown,
            Some((Outcome::Installed, at)) if missed && self.heard <= at + watch => silent(Some(at)),
            Some((Outcome::Installed, since)) => TrialState::Installed { since },
            Some((outcome, _)) => TrialState::Failed(outcome),
            None if missed => silent(None),
            None if self.whole == 0 && self.heard > self.offered && (self.offers > 1 || self.old > 1) => {
                TrialState::NotTaken
            }
            None => TrialState::Pending,
        }
    }
}
