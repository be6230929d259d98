//! Campaigns: a release on its way to a target, in waves, with a gate between them.
//!
//! A campaign is a record and nothing else. Which device belongs to which wave follows from the device's address and the
//! campaign's seed ([`Campaign::place`]), so a device never moves between waves, and nothing about it has to be stored.
//! Whether a wave is open is the campaign's [`State`] and [`Campaign::wave`]; moving on is a new record.

mod advance;
mod member;
mod notice;
mod opening;
mod pace;
mod plan;
mod roster;
mod rules;
mod state;
mod tally;
mod test;
mod window;
mod witness;
mod zone;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Channel, GroupName, Kind, Mac, ProductName, ReleaseId, Time};

pub use advance::{Need, advance, opening};
pub use notice::{Common, StopNotice};
pub use opening::{Opening, Openings};
pub use pace::{Pace, PaceError};
pub use plan::{Plan, PlanError, Share, Wave};
pub use roster::{Roster, RosterEntry};
pub use rules::{Gate, Rules};
pub use state::{State, Stop};
pub use tally::{Tally, WaveTally};
pub use test::{Test, Weight};
pub use window::{Days, Window, WindowError};
pub use zone::{UnknownZone, Zone};

/// Which campaign: numbered from 1, in the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct CampaignId(pub u32);

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CampaignId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A release on its way to the devices of a channel, or of a group of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Campaign {
    /// Which.
    pub id: CampaignId,
    /// The product.
    pub product: ProductName,
    /// Program or file system.
    pub kind: Kind,
    /// The release that is brought.
    pub release: ReleaseId,
    /// The devices that follow this channel are its members.
    pub channel: Channel,
    /// Of those, only the ones in this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    /// Its waves, in the order in which they open; at least one, and the last holds whoever is left.
    pub waves: Vec<Wave>,
    /// What has to be so before the next wave opens.
    #[serde(default)]
    pub gate: Gate,
    /// When something may be offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How fast.
    #[serde(default)]
    pub pace: Pace,
    /// What is tolerated, and of whom.
    #[serde(default)]
    pub rules: Rules,
    /// The campaign whose release this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<CampaignId>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// The last wave that is open, counted from 0: those before it are open too.
    pub wave: usize,
    /// When that wave opened.
    pub wave_since: Time,
    /// When it was made.
    pub created: Time,
    /// By whom: a token's name, or `local` for the owner of the data directory.
    pub by: String,
    /// Shuffles its members anew, so that not the same devices go first in every campaign.
    pub seed: u64,
}

impl Campaign {
    /// Where a device stands among all that could be members, the same for as long as the campaign lives: the
    /// finaliser of `SplitMix64` (Steele, Lea and Flood, 2014), a bijection, over the address and the seed. Two
    /// devices never share a place.
    pub const fn place(&self, mac: Mac) -> u64 {
        place(self.seed, mac)
    }

    /// The wave that a device belongs to, counted from 0.
    pub fn wave_of(&self, mac: Mac) -> usize {
        let place = self.place(mac);
        let last = self.waves.len().saturating_sub(1);
        self.waves.iter().position(|wave| place < wave.below).unwrap_or(last)
    }

    /// Whether every wave is open.
    pub const fn is_all_open(&self) -> bool {
        self.wave + 1 >= self.waves.len() || matches!(self.state, State::Finished { .. })
    }

    /// Whether it may still move: neither finished nor aborted.
    pub const fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Finished { .. } | State::Aborted { .. })
    }

    /// Whether it is for the same devices as `other`, whatever it brings them.
    pub fn has_target_of(&self, other: &Self) -> bool {
        (&self.product, self.kind, &self.channel, &self.group)
            == (&other.product, other.kind, &other.channel, &other.group)
    }
}

const fn place(seed: u64, mac: Mac) -> u64 {
    let mut z = mac.number() ^ seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
