//! What became of it: the timeline, each campaign, the fleet at the end, and whether it is what the script expects.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use otary_fleet::{CampaignId, Mac, Tally, Version};
use serde::Serialize;

/// What became of a simulated fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The seed that it follows from.
    pub seed: u64,
    /// How long it went on, in seconds.
    pub seconds: u64,
    /// How many boards there are.
    pub boards: u32,
    /// How often they asked, the time before the beginning included.
    pub polls: u64,
    /// What happened, in the order of time.
    pub timeline: Vec<Entry>,
    /// The campaigns, in the order in which they began.
    pub campaigns: Vec<Course>,
    /// The fleet at the end.
    pub end: Census,
    /// What the script expects.
    pub expectations: Vec<Met>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, in seconds from the script's beginning.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// A release was published to everybody.
    Published {
        /// Which.
        version: Version,
    },
    /// A release was withdrawn.
    Withdrawn {
        /// Which.
        version: Version,
    },
    /// A campaign began.
    Began {
        /// Which.
        campaign: CampaignId,
        /// What it brings.
        version: Version,
        /// Its waves, each with those before it.
        waves: Vec<String>,
        /// The campaign that it takes back.
        takes_back: Option<CampaignId>,
    },
    /// A wave opened by itself.
    Opened {
        /// The campaign.
        campaign: CampaignId,
        /// Which wave, counted from 1.
        wave: usize,
        /// How many there are.
        of: usize,
        /// What was known by then.
        seen: Seen,
    },
    /// A campaign has come to a state by itself that no other line tells of.
    Became {
        /// The campaign.
        campaign: CampaignId,
        /// The state's word.
        state: &'static str,
        /// What was known by then.
        seen: Seen,
    },
    /// A campaign was stopped on evidence.
    Stopped {
        /// The campaign.
        campaign: CampaignId,
        /// What the operator is told.
        notice: String,
        /// What was known by then.
        seen: Seen,
    },
    /// The operator said something of a campaign.
    Said {
        /// The campaign.
        campaign: CampaignId,
        /// What.
        word: &'static str,
    },
    /// Something that the script wants was refused.
    Refused {
        /// What.
        what: String,
        /// Why.
        because: String,
    },
    /// A release ended its first board.
    FirstLost {
        /// Which board.
        device: Mac,
        /// The release.
        version: Version,
    },
    /// Sites went off.
    SitesOff {
        /// The first, counted from 1.
        first: u32,
        /// The last.
        last: u32,
        /// How many boards are there.
        boards: usize,
    },
    /// They are back.
    SitesBack {
        /// The first, counted from 1.
        first: u32,
        /// The last.
        last: u32,
    },
    /// The server went off.
    ServerOff,
    /// It is back, and has built anew what it had in memory.
    ServerBack,
    /// Strangers begin to speak under boards' addresses.
    Strangers {
        /// Under how many.
        boards: usize,
        /// What they say that these run.
        version: Version,
        /// From the boards' own networks.
        nearby: bool,
    },
}

/// What the server knows of a campaign at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Boards that were offered the release.
    pub offered: u32,
    /// Those that run it, as far as is known.
    pub installed: u32,
    /// Those that refused it, rolled back or loop.
    pub failed: u32,
    /// Those whose silence counts.
    pub silent: u32,
    /// Those that are missed, maybe with their site.
    pub excused: u32,
    /// Those of which nothing is known yet.
    pub at_risk: u32,
    /// How far the test that is nearest to a stop has come.
    pub evidence_percent: u32,
    #[serde(skip)]
    text: String,
}

impl Seen {
    /// What a tally says.
    pub(super) fn of(tally: &Tally) -> Self {
        Self {
            offered: tally.offered,
            installed: tally.installed,
            failed: tally.failed,
            silent: tally.silent,
            excused: tally.excused,
            at_risk: tally.at_risk,
            evidence_percent: tally.weight.percent(),
            text: tally.to_string(),
        }
    }
}

/// What became of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Course {
    /// Which.
    pub campaign: CampaignId,
    /// What it brings.
    pub version: Version,
    /// Where it stands at the end.
    pub state: &'static str,
    /// When it began, in seconds from the script's beginning.
    pub began: u64,
    /// When the evidence stopped it, in seconds after its beginning.
    pub stopped_after: Option<u64>,
    /// When it finished, in seconds after its beginning.
    pub finished_after: Option<u64>,
    /// What the server knows of it.
    pub seen: Seen,
    /// Boards that it took for silent at some time though no release had ended them.
    pub false_silence: usize,
    /// Boards that its release ended.
    pub lost: usize,
}

/// The fleet at the end, as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// Boards that are alive, by the version that they run.
    pub running: BTreeMap<String, usize>,
    /// Boards that a release bricked.
    pub bricked: usize,
    /// Boards that work, and that no release will ever reach again.
    pub unreachable: usize,
    /// Of those that are alive, how many are off by themselves.
    pub off: usize,
    /// Boards that were offered something by a campaign.
    pub offered: usize,
    /// Boards that a campaign took for silent though no release had ended them.
    pub false_silence: usize,
}

impl Census {
    /// Boards that a release ended.
    pub const fn lost(&self) -> usize {
        self.bricked + self.unreachable
    }
}

/// What a script expects, and whether it came so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Met {
    /// The line of the script.
    pub line: usize,
    /// What is expected, as it is written there.
    pub expected: String,
    /// What came.
    pub found: String,
    /// Whether it is as expected.
    pub met: bool,
}

impl fmt::Display for Entry {
    /// One line, and the notice of a stop under it: `day 3 04:10  campaign 1: wave 2 of 4 is open; 20 offered: 20 installed; ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", clock(self.at), self.what)
    }
}

/// `day 3 04:10`.
pub(super) fn clock(seconds: u64) -> String {
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    format!("day {day:>2} {:02}:{:02}", rest / 3600, rest % 3600 / 60)
}

/// `3 d 4 h`, `4 h 10 min`, `10 min`.
pub fn duration(seconds: u64) -> String {
    let [days, hours, minutes] = [seconds / 86_400, seconds % 86_400 / 3600, seconds % 3600 / 60];
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        (_, 0) => format!("{days} d"),
        _ => format!("{days} d {hours} h"),
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published { version } => write!(f, "{version} is published to everybody at once"),
            Self::Withdrawn { version } => write!(f, "{version} is withdrawn"),
            Self::Began { campaign, version, waves, takes_back } => {
                write!(f, "campaign {campaign} begins: {version} in waves of {}", waves.join(", "))?;
                takes_back.map_or(Ok(()), |back| write!(f, ", taking campaign {back} back"))
            }
            Self::Opened { campaign, wave, of, seen } => {
                write!(f, "campaign {campaign}: wave {wave} of {of} is open; {seen}")
            }
            Self::Became { campaign, state: "awaits-approval", seen } => {
                write!(f, "campaign {campaign} waits for a person's approval; {seen}")
            }
            Self::Became { campaign, state, seen } => write!(f, "campaign {campaign} is {state}; {seen}"),
            Self::Stopped { campaign, notice, seen } => {
                write!(f, "campaign {campaign} is stopped; {seen}")?;
                notice.lines().try_for_each(|line| write!(f, "\n               {line}"))
            }
            Self::Said { campaign, word } => write!(f, "the operator says: {word} campaign {campaign}"),
            Self::Refused { what, because } => write!(f, "{what}: refused, {because}"),
            Self::FirstLost { device, version } => write!(f, "{version} has ended its first board, {device}"),
            Self::SitesOff { first, last, boards } => {
                write!(f, "{} off: {boards} boards", sites(*first, *last))
            }
            Self::SitesBack { first, last } => write!(f, "{} back", sites(*first, *last)),
            Self::ServerOff => f.write_str("the server is off"),
            Self::ServerBack => f.write_str("the server is back"),
            Self::Strangers { boards, version, nearby } => {
                let from = if *nearby { "their own networks" } else { "elsewhere" };
                write!(f, "strangers say from {from} that {boards} boards run {version}")
            }
        }
    }
}

fn sites(first: u32, last: u32) -> String {
    if first == last { format!("site {first} is") } else { format!("sites {first} to {last} are") }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whole seconds of a length of time.
pub(super) const fn seconds(time: Duration) -> u64 {
    time.as_secs()
}
