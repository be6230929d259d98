//! Devices: what is remembered of one board. Bounded: whatever strangers say under its address, a record stays small.

use std::time::Duration;

use otary_image::Chip;
use serde::{Deserialize, Serialize};

use crate::{
    AgentWords, Build, Channel, CheckIn, Claimant, Controller, Credential, Decision, DeviceName, Dialect,
    Forced, Handshake, Held, Kind, Mac, Network, Outcome, ProductName, Proof, ReleaseId, Reported, Rhythm,
    Sha256, Time, Transport, Trial, Version, Zone,
};

const MONTH: Duration = Duration::from_hours(30 * 24);

/// One board, known by its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// Its address.
    pub mac: Mac,
    /// The product that the operator assigned.
    pub product: Option<ProductName>,
    /// The chip that the operator named.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
    pub chip: Option<Chip>,
    /// The channel that the operator put it on; `stable` without.
    pub channel: Option<Channel>,
    /// Set while the operator wants it left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Held>,
    /// The release that the operator wants it to run, whatever is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<ReleaseId>,
    /// A release that the operator wants it to get once, whatever it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced: Option<Forced>,
    /// The time zone of its site, by the operator's word: it wins over that of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// What it calls itself, where its client says a name instead of an address; at most [`Self::MAX_NAME`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was issued to it, to show who it is; at most [`Self::MAX_CREDENTIALS`].
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// When it first asked.
    pub first_seen: Time,
    /// When it last asked.
    pub last_seen: Time,
    /// How often it asked.
    pub polls: u64,
    /// What it said when it last asked.
    pub last: Option<Snapshot>,
    /// The builds that it reported, the latest first; at most [`Self::MAX_BUILDS`].
    pub builds: Vec<SeenBuild>,
    /// The networks that it asked from, the latest first; at most [`Self::MAX_NETWORKS`].
    pub networks: Vec<SeenNetwork>,
    /// The releases that it met, the latest first; at most [`Self::MAX_ATTEMPTS`].
    pub attempts: Vec<Attempt>,
    /// The last update by otary that it was seen to run.
    pub installed: Option<Installed>,
    /// The same for other networks, one each, the latest first; at most [`Self::MAX_ELSEWHERE`]. What is claimed
    /// elsewhere does not make an update forgotten.
    pub installed_elsewhere: Vec<Installed>,
    /// When the operator told otary to update it all the same, whatever build it had reported by then.
    pub resumed_at: Option<Time>,
    /// How it stands: the last decision on its program, since when and how often.
    pub standing: Option<Standing>,
    /// The same for its file system, for clients that ask for both in turns.
    pub standing_files: Option<Standing>,
    /// When two builds or networks were last seen taking turns under its address.
    pub contested: Option<Time>,
    /// What it reported, the latest first; at most [`Self::MAX_REPORTS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reported: Vec<Reported>,
    /// What is kept of it as a device that speaks hawkBit's protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<Box<Controller>>,
    /// How often it asks.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// What became of it in campaigns, the latest first; at most [`Self::MAX_TRIALS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Trial>,
}

/// What a device said when it last asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Snapshot {
    /// Whose client it is.
    pub dialect: Dialect,
    /// The product that its URL names.
    pub product: Option<ProductName>,
    /// The chip that its URL names.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
    pub chip: Option<Chip>,
    /// What runs.
    pub build: Build,
    /// The version text of what runs.
    pub version: Option<Version>,
    /// Bytes that an update may have.
    pub free_space: Option<u64>,
    /// Bytes of flash.
    pub chip_size: Option<u64>,
    /// The SDK's version.
    pub sdk: Option<String>,
    /// The other end of the connection.
    pub source: std::net::IpAddr,
    /// How it came.
    pub transport: Transport,
    /// What it showed of who it is.
    #[serde(default)]
    pub proof: Proof,
    /// The name that it asked for and the chain that it was shown.
    #[serde(default)]
    pub handshake: Option<Handshake>,
    /// What an agent said besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentWords>,
    /// Who seemed to speak, when it asked for a program; once that was worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimant: Option<Claimant>,
    /// The same when it asked for a file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimant_of_files: Option<Claimant>,
}

impl Snapshot {
    /// What of a check-in is kept.
    pub fn of(check_in: &CheckIn) -> Self {
        Self {
            dialect: check_in.dialect,
            product: check_in.product.clone(),
            chip: check_in.chip,
            build: check_in.build,
            version: check_in.version.clone(),
            free_space: check_in.free_space,
            chip_size: check_in.chip_size,
            sdk: check_in.sdk.clone(),
            source: check_in.source,
            transport: check_in.transport,
            proof: check_in.proof,
            handshake: check_in.handshake.clone(),
            agent: check_in.agent.clone(),
            claimant: None,
            claimant_of_files: None,
        }
    }

    /// Keeps who speaks by a check-in that says the same, so that it need not be worked out at each poll.
    pub(crate) fn keep_claimant(&mut self, check_in: &CheckIn) {
        let kept = match check_in.mode.kind() {
            Kind::Filesystem => &mut self.claimant_of_files,
            Kind::App | Kind::Raw => &mut self.claimant,
        };
        kept.get_or_insert_with(|| check_in.claimant());
    }

    /// Whether a check-in says the same again.
    pub fn is_repeated_by(&self, check_in: &CheckIn) -> bool {
        self.dialect == check_in.dialect
            && self.product == check_in.product
            && self.chip == check_in.chip
            && self.build == check_in.build
            && self.version == check_in.version
            && self.free_space == check_in.free_space
            && self.chip_size == check_in.chip_size
            && self.sdk == check_in.sdk
            && self.source == check_in.source
            && self.transport == check_in.transport
            && self.proof == check_in.proof
            && self.handshake == check_in.handshake
            && self.agent == check_in.agent
    }
}

/// A build that a device reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeenBuild {
    /// Its digests.
    pub build: Build,
    /// Where it was first reported from.
    pub network: Network,
    /// Whether it was reported from another network since: the device moved, or a stranger speaks of it.
    #[serde(default)]
    pub roams: bool,
    /// The version text that came with it last.
    pub version: Option<Version>,
    /// When it was first reported.
    pub first: Time,
    /// When it was last reported.
    pub last: Time,
    /// How often.
    pub polls: u64,
    /// The strongest proof that came with it.
    #[serde(default)]
    pub proof: Proof,
    /// When it was last reported with that proof; none without any.
    #[serde(default)]
    pub proven: Option<Time>,
    /// The names asked for and the chains shown when it was reported over TLS, the latest first; at most
    /// [`Self::MAX_HANDSHAKES`].
    #[serde(default)]
    pub handshakes: Vec<SeenHandshake>,
}

impl SeenBuild {
    /// Handshakes that are kept of a build. Its URL is compiled in, so there are as many as chains were shown under it;
    /// the rest are strangers'.
    pub const MAX_HANDSHAKES: usize = 8;
}

/// A name asked for and a chain shown, under one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeenHandshake {
    /// Which.
    pub handshake: Handshake,
    /// Where it first came from.
    pub network: Network,
    /// Whether it came from another network since.
    pub roams: bool,
    /// When it was first made.
    pub first: Time,
    /// When it was last made.
    pub last: Time,
    /// How often.
    pub polls: u64,
    /// The strongest proof that came with it.
    pub proof: Proof,
}

/// A network that a device asked from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeenNetwork {
    /// The network.
    pub network: Network,
    /// When it last asked from there.
    pub last: Time,
}

/// One device meeting one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attempt {
    /// Who seemed to speak.
    pub claimant: Claimant,
    /// From where.
    pub network: Network,
    /// The release.
    pub release: ReleaseId,
    /// The artifact that was sent.
    pub artifact: Sha256,
    /// Program or file system.
    pub kind: Kind,
    /// What ran when it was offered.
    pub build: Build,
    /// When it was first offered.
    pub first_offer: Time,
    /// When it was last offered.
    pub last_offer: Time,
    /// How often it was offered.
    pub offers: u32,
    /// How often every byte was handed over.
    pub whole: u32,
    /// How often the transfer ended before.
    pub cut_off: u32,
    /// Bytes handed over in the last transfer, with those of the ones that it went on from.
    pub last_bytes: u64,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// How often it was held for looping.
    pub holds: u32,
    /// Not offered before this, to this claimant.
    pub held_until: Option<Time>,
}

/// An update by otary that a device was seen to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Installed {
    /// The artifact.
    pub artifact: Sha256,
    /// The release that it came with.
    pub release: ReleaseId,
    /// When the new build first asked.
    pub at: Time,
    /// From where.
    pub network: Network,
    /// What it ran before, and goes back to if it rolls back.
    pub before: Build,
    /// It said so itself; else it is inferred from its polls.
    #[serde(default)]
    pub reported: bool,
}

/// How a device stands: one decision, and how long it has been the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Standing {
    /// The decision.
    pub decision: Decision,
    /// When it was first so.
    pub first: Time,
    /// When it was last so.
    pub last: Time,
    /// How many polls in a row were answered so.
    pub count: u64,
}

impl Device {
    /// Builds that are remembered.
    pub const MAX_BUILDS: usize = 8;
    /// Networks that are remembered.
    pub const MAX_NETWORKS: usize = 4;
    /// Attempts that are remembered.
    pub const MAX_ATTEMPTS: usize = 8;
    /// Networks, apart from the latest, whose last update is remembered.
    pub const MAX_ELSEWHERE: usize = 7;
    /// Reports that are remembered.
    pub const MAX_REPORTS: usize = 8;
    /// Trials that are remembered.
    pub const MAX_TRIALS: usize = 4;
    /// The longest name, in bytes.
    pub const MAX_NAME: usize = DeviceName::MAX;
    /// Credentials that are valid at the same time: the one in use, its successor, and one of either kind.
    pub const MAX_CREDENTIALS: usize = 4;

    /// A device that has not asked yet.
    pub const fn new(mac: Mac, now: Time) -> Self {
        Self {
            mac,
            product: None,
            chip: None,
            channel: None,
            hold: None,
            pin: None,
            forced: None,
            zone: None,
            name: None,
            credentials: Vec::new(),
            first_seen: now,
            last_seen: now,
            polls: 0,
            last: None,
            builds: Vec::new(),
            networks: Vec::new(),
            attempts: Vec::new(),
            installed: None,
            installed_elsewhere: Vec::new(),
            resumed_at: None,
            standing: None,
            standing_files: None,
            contested: None,
            reported: Vec::new(),
            controller: None,
            rhythm: Rhythm::NEW,
            trials: Vec::new(),
        }
    }

    /// Whether the operator spoke of it, issued it a credential, or otary updated it. Others are strangers: their number
    /// is capped, and the least recently seen ones are dropped.
    pub const fn is_known(&self) -> bool {
        self.product.is_some()
            || self.chip.is_some()
            || self.channel.is_some()
            || self.hold.is_some()
            || self.pin.is_some()
            || self.forced.is_some()
            || self.zone.is_some()
            || self.installed.is_some()
            || !self.credentials.is_empty()
    }

    /// Who seems to speak by a check-in: [`CheckIn::claimant`], as it was worked out when the device last said the same.
    pub fn claimant(&self, check_in: &CheckIn) -> Claimant {
        let last = self.last.as_ref().filter(|last| last.is_repeated_by(check_in));
        let kept = last.and_then(|last| match check_in.mode.kind() {
            Kind::Filesystem => last.claimant_of_files,
            Kind::App | Kind::Raw => last.claimant,
        });
        kept.unwrap_or_else(|| check_in.claimant())
    }

    /// The product that it was assigned to, else the one that it was taken for when it last asked. What it last claimed to be is
    /// anybody's word: it does not take a device away from where people put it.
    pub fn belongs_to(&self) -> Option<&ProductName> {
        let decided = || self.standing.as_ref()?.decision.product.as_ref();
        self.product.as_ref().or_else(decided)
    }

    /// The attempt of a claimant at an artifact.
    pub fn attempt(&self, claimant: Claimant, artifact: &Sha256) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.claimant == claimant && attempt.artifact == *artifact)
    }

    /// The builds that it may run: the one that it reported last, and those of the month before it. The last word under
    /// its address alone may be a stranger's.
    pub fn may_run(&self) -> impl Iterator<Item = Build> {
        let last = self.last.iter().map(|last| last.build);
        let seen = self.builds.iter().filter(|seen| self.last_seen.since(seen.last) <= MONTH);
        last.chain(seen.map(|seen| seen.build))
    }

    /// The artifacts that its slots may hold: those that otary saw it install, and those that it was offered in the month
    /// before it last asked, of which one may start next.
    pub fn may_hold(&self) -> impl Iterator<Item = Sha256> {
        let installed = self.installed.iter().chain(&self.installed_elsewhere);
        let offered =
            self.attempts.iter().filter(|attempt| self.last_seen.since(attempt.last_offer) <= MONTH);
        installed.map(|installed| installed.artifact).chain(offered.map(|attempt| attempt.artifact))
    }

    /// The operator lets it try again: every brake on it is let go.
    pub fn release_brakes(&mut self) {
        self.attempts.clear();
        if let Some(controller) = &mut self.controller {
            controller.forget_failures();
        }
    }

    /// The last update that it was seen to run in a network.
    pub fn installed_in(&self, network: Network) -> Option<&Installed> {
        self.installed.iter().chain(&self.installed_elsewhere).find(|installed| installed.network == network)
    }

    /// The operator wants it updated although it was reflashed by hand: whichever of the builds so far it runs, since
    /// the one that spoke last may be a stranger's.
    pub fn resume(&mut self) {
        self.resumed_at = Some(self.last_seen);
    }
}
