//! Plans: how large the waves of a campaign are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::place;
use crate::Mac;

/// How much of the members a wave and those before it hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "share")))]
#[serde(try_from = "String", into = "String")]
pub enum Share {
    /// So many devices.
    Count(u32),
    /// So many hundredths of a percent: 10,000 are all.
    Percent(u32),
}

impl Share {
    /// Everybody.
    pub const ALL: Self = Self::Percent(10_000);
    /// The fewest devices in the first of several waves that are given in percent: fewer tell nothing.
    pub const FIRST_AT_LEAST: u64 = 3;

    /// How many of `members` it is, rounded up.
    fn of(self, members: u64) -> u64 {
        match self {
            Self::Count(count) => u64::from(count).min(members),
            Self::Percent(hundredths) => members.saturating_mul(u64::from(hundredths)).div_ceil(10_000),
        }
    }
}

impl FromStr for Share {
    type Err = PlanError;

    /// `20` or `2.5%`.
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let wrong = || PlanError::NotAShare { share: text.into() };
        let number = |digits: &str| digits.parse().map_err(|_| wrong());
        let Some(percent) = text.strip_suffix('%') else { return number(text).map(Self::Count) };
        let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
        let hundredths = match part.len() {
            1 => number(part)? * 10,
            2 => number(part)?,
            _ => return Err(wrong()),
        };
        let hundredths: u32 =
            number(whole)?.checked_mul(100).and_then(|n: u32| n.checked_add(hundredths)).ok_or_else(wrong)?;
        if hundredths > 10_000 {
            return Err(PlanError::MoreThanAll { share: text.into() });
        }
        Ok(Self::Percent(hundredths))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(hundredths) => match (hundredths / 100, hundredths % 100) {
                (whole, 0) => write!(f, "{whole}%"),
                (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}%", part / 10),
                (whole, part) => write!(f, "{whole}.{part:02}%"),
            },
        }
    }
}

impl TryFrom<String> for Share {
    type Error = PlanError;

    fn try_from(text: String) -> Result<Self, PlanError> {
        text.parse()
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

/// One wave of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wave {
    /// What it and the waves before it hold together, as it was asked for.
    pub share: Share,
    /// The devices whose place lies below this, and not in a wave before it: its members.
    pub below: u64,
}

/// The waves' shares, each with those before it: they grow, and the last is all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "plan")))]
#[serde(try_from = "String", into = "String")]
pub struct Plan(Vec<Share>);

/// Why a text is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Something in it is no share.
    #[error(
        "`{share}` is no wave: expected a number of devices (20) or a percentage with at most two decimals (2.5%)"
    )]
    NotAShare {
        /// What was found.
        share: String,
    },
    /// A wave of nobody.
    #[error("wave {wave} (`{share}`) holds nobody")]
    Nobody {
        /// Which, counted from 1.
        wave: usize,
        /// What was found.
        share: Share,
    },
    /// More than all.
    #[error("`{share}` is more than all devices")]
    MoreThanAll {
        /// What was found.
        share: String,
    },
    /// A wave that holds no more than the one before it. Shares say how many have it when the wave is done.
    #[error("wave {wave} (`{share}`) does not go beyond wave {} (`{before}`): each share counts the waves before it, too", wave - 1)]
    DoesNotGrow {
        /// Which, counted from 1.
        wave: usize,
        /// What was found.
        share: Share,
        /// What stands before it.
        before: Share,
    },
    /// The last wave leaves devices out.
    #[error("the last wave (`{last}`) leaves devices out: a plan ends with 100%")]
    NotAll {
        /// The last share.
        last: Share,
    },
    /// A number of devices after a percentage: nothing says which is larger.
    #[error("wave {wave} (`{share}`) is a number of devices after a percentage: begin with the numbers")]
    CountAfterPercent {
        /// Which, counted from 1.
        wave: usize,
        /// What was found.
        share: Share,
    },
    /// Too many waves.
    #[error("a plan has at most {} waves, this one {waves}", Plan::MAX_WAVES)]
    TooMany {
        /// How many.
        waves: usize,
    },
}

impl Plan {
    /// The most waves.
    pub const MAX_WAVES: usize = 16;

    /// One wave of everybody.
    pub fn at_once() -> Self {
        Self(vec![Share::ALL])
    }

    /// The shares.
    pub fn shares(&self) -> &[Share] {
        &self.0
    }

    fn new(shares: Vec<Share>) -> Result<Self, PlanError> {
        if shares.len() > Self::MAX_WAVES {
            return Err(PlanError::TooMany { waves: shares.len() });
        }
        for (wave, share) in (1..).zip(&shares) {
            if matches!(share, Share::Count(0) | Share::Percent(0)) {
                return Err(PlanError::Nobody { wave, share: *share });
            }
        }
        for (wave, pair) in (2..).zip(shares.windows(2)) {
            let &[before, share] = pair else { continue };
            match (before, share) {
                (Share::Percent(_), Share::Count(_)) => {
                    return Err(PlanError::CountAfterPercent { wave, share });
                }
                (Share::Count(a), Share::Count(b)) | (Share::Percent(a), Share::Percent(b)) if b <= a => {
                    return Err(PlanError::DoesNotGrow { wave, share, before });
                }
                _ => {}
            }
        }
        match shares.last() {
            Some(&Share::ALL) => Ok(Self(shares)),
            Some(&last) => Err(PlanError::NotAll { last }),
            None => Err(PlanError::NotAShare { share: String::new() }),
        }
    }

    /// The waves of a campaign with this seed, sized for the members that are there today. Devices that come later fall
    /// into a wave by their place like all others. A wave that would add nobody to the one before it is left out.
    pub fn waves(&self, seed: u64, members: impl IntoIterator<Item = Mac>) -> Vec<Wave> {
        let mut places: Vec<u64> = members.into_iter().map(|mac| place(seed, mac)).collect();
        places.sort_unstable();
        let (last, before) =
            self.0.split_last().map_or((Share::ALL, &[][..]), |(last, before)| (*last, before));
        let mut waves: Vec<Wave> = Vec::with_capacity(self.0.len());
        for (number, share) in before.iter().enumerate() {
            let below = bound(*share, number == 0, &places);
            if waves.last().map_or(0, |wave| wave.below) < below {
                waves.push(Wave { share: *share, below });
            }
        }
        waves.push(Wave { share: last, below: u64::MAX });
        waves
    }
}

/// The bound below which as many of `places` lie as `share` says; of nobody, that share of all places.
fn bound(share: Share, is_first: bool, places: &[u64]) -> u64 {
    let members = places.len() as u64;
    let at_least = match share {
        Share::Percent(_) if is_first => Share::FIRST_AT_LEAST.min(members),
        _ => 0,
    };
    match (share, share.of(members).max(at_least).checked_sub(1)) {
        (Share::Percent(hundredths), None) => u64::MAX / 10_000 * u64::from(hundredths),
        (Share::Count(_), None) => 0,
        (_, Some(last)) => {
            let last = usize::try_from(last).ok().and_then(|last| places.get(last));
            last.map_or(u64::MAX, |place| place.saturating_add(1))
        }
    }
}

impl Default for Plan {
    /// 1 % (at least 3), 5 %, 25 %, 100 %.
    fn default() -> Self {
        Self(vec![Share::Percent(100), Share::Percent(500), Share::Percent(2_500), Share::ALL])
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    /// `1%,5%,25%,100%` or `3,20,100%`.
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let shares = text.split(',').map(|share| share.trim().parse()).collect::<Result<_, _>>()?;
        Self::new(shares)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, share) in self.0.iter().enumerate() {
            write!(f, "{}{share}", if number == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Plan {
    type Error = PlanError;

    fn try_from(text: String) -> Result<Self, PlanError> {
        text.parse()
    }
}

impl From<Plan> for String {
    fn from(plan: Plan) -> Self {
        plan.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn macs(count: u32) -> impl Iterator<Item = Mac> {
        (1..=count).filter_map(|n| {
            let [a, b, c, d] = n.to_be_bytes();
            Mac::new([0x24, 0x6F, a, b, c, d]).ok()
        })
    }

    /// How many of `count` devices the waves hold, each with those before it.
    fn sizes(plan: &str, count: u32) -> Vec<usize> {
        let plan: Plan = plan.parse().unwrap();
        let below = |bound| macs(count).filter(|mac| place(7, *mac) < bound).count();
        plan.waves(7, macs(count)).iter().map(|wave| below(wave.below)).collect()
    }

    #[test]
    fn waves_hold_as_many_as_was_asked_for() {
        assert_eq!(sizes("1%,5%,25%,100%", 1_000), [10, 50, 250, 1_000]);
        assert_eq!(sizes("3,20,100%", 312), [3, 20, 312]);
        assert_eq!(sizes("2.5%,100%", 401), [11, 401], "rounded up");
        assert_eq!(sizes("100%", 5), [5]);
    }

    #[test]
    fn a_small_fleet_has_fewer_waves_and_never_fewer_than_three_devices_first() {
        assert_eq!(sizes("1%,5%,25%,100%", 20), [3, 5, 20]);
        assert_eq!(sizes("1%,5%,25%,100%", 2), [2, 2], "whoever comes later is in the last");
        assert_eq!(sizes("30,100%", 12), [12, 12]);
    }

    #[test]
    fn without_a_device_on_record_percentages_are_of_those_that_come() {
        let waves = Plan::default().waves(7, []);
        assert_eq!(waves.len(), 4);
        let first = macs(100_000).filter(|mac| place(7, *mac) < waves[0].below).count();
        assert!((900..1_100).contains(&first), "{first} of 100,000");
    }

    #[test]
    fn a_plan_that_does_not_add_up_says_where() {
        let why = |text: &str| text.parse::<Plan>().unwrap_err().to_string();
        assert!(why("1%,five,100%").starts_with("`five` is no wave"));
        assert_eq!(
            why("5%,5%,100%"),
            "wave 2 (`5%`) does not go beyond wave 1 (`5%`): each share counts the waves before it, too"
        );
        assert_eq!(why("1%,25%"), "the last wave (`25%`) leaves devices out: a plan ends with 100%");
        assert_eq!(why("3,20"), "the last wave (`20`) leaves devices out: a plan ends with 100%");
        assert_eq!(
            why("1%,20,100%"),
            "wave 2 (`20`) is a number of devices after a percentage: begin with the numbers"
        );
        assert_eq!(why("50%,120%"), "`120%` is more than all devices");
        assert_eq!(why("0,100%"), "wave 1 (`0`) holds nobody");
        for text in
            ["", ",", "1%,,100%", "-1%,100%", "1.234%,100%", "1.%", "%", "4294967296,100%", "99999999999%"]
        {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_plan_reads_back_as_it_is_written() {
        for text in ["1%,5%,25%,100%", "3,20,100%", "0.25%,2.5%,100%"] {
            assert_eq!(text.parse::<Plan>().unwrap().to_string(), text);
        }
        assert_eq!(Plan::default().to_string(), "1%,5%,25%,100%");
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_a_plan_or_an_error(text in "[0-9.,% ]{0,20}") {
            if let Ok(plan) = text.parse::<Plan>() {
                prop_assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
            }
        }

        #[test]
        fn no_two_devices_share_a_place(a in 1..1_u64 << 48, b in 1..1_u64 << 48, seed: u64) {
            let mac = |n: u64| {
                let [_, _, bytes @ ..] = n.to_be_bytes();
                Mac::new(bytes).unwrap()
            };
            prop_assert_eq!(place(seed, mac(a)) == place(seed, mac(b)), a == b);
        }
    }
}
