//! The stop rule's arithmetic: three sequential probability ratio tests (Wald 1945) in whole numbers.
//!
//! The release is on trial against one that fails as many devices more as the operator tolerates, `t` (2 %). The other
//! hypothesis is a release that fails so many points more than that. What devices do anyway, `b`, is in both:
//!
//! - **The first contact**, 15 points. Each device that was offered the release either comes to run it and asks twice, or
//!   does not: under the first hypothesis it fails with `b + t`, under the other with `b + t + 15 points`. `b` is the hazard of
//!   the controls times the time between the offer and the second poll that was to follow.
//! - **The same, finer**, 4 points. A release that breaks one device in twenty is no different from a good one by the first
//!   test; in a large fleet this one tells them apart.
//! - **The watch**, 15 points. A device that runs it is watched for some days. Silences there are counted against the hours of
//!   watching, as a Poisson process: `t`, and 15 points more, spread over the watch, beside the hazard of the controls.
//!
//! First contact and watch are two tests because they have two backgrounds. In the minutes between an offer and a reboot next
//! to nothing falls silent by itself, in three days a good deal does: added up in one test, the long watch would hide the
//! release that bricks at once.
//!
//! Each stops by Ville's inequality: the ratio of likelihoods is a martingale under the first hypothesis, so the chance that it
//! ever reaches `x` is at most `1/x`, whenever one looks and however often. The tests stop at 200, 1000 and 400: a release that
//! is as bad as tolerated is stopped in less than 0.85 % of campaigns, and a good one much more seldom, since it uses none of
//! `t`. What is not known yet counts for neither side; success shows sooner than silence, so that errs towards going on, and
//! what keeps the loss small meanwhile is the budget (`advance`).
//!
//! Log-likelihoods are in thousandths of a nat, probabilities in parts per million.

use serde::{Deserialize, Serialize};

/// How much worse than tolerated a release is under the other hypothesis, in parts per million.
const EFFECT: u32 = 150_000;
/// The same of the finer test.
const FINE_EFFECT: u32 = 40_000;
/// The first contact stops at `ln 200`.
const STOP_AT_FIRST: i64 = 5_298;
/// The finer test at `ln 1000`.
const STOP_AT_FINE: i64 = 6_908;
/// The watch at `ln 400`.
const STOP_AT_WATCH: i64 = 5_991;
/// The finer test wanders about more on its way to an answer: below this it raises no doubt.
const DOUBT_AT_FINE: i64 = 2_000;

const MILLION: u64 = 1_000_000;
/// No more than this is expected to fail: beyond it, silence says next to nothing.
const MOST: u32 = 840_000;

/// How the evidence stands in each test, in thousandths of a nat: above zero it speaks against the release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Weight {
    /// Of the first contact.
    pub first: i64,
    /// Of the same by the finer test.
    pub fine: i64,
    /// Of the watch.
    pub watch: i64,
}

/// The two hypotheses of one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    tolerated: u32,
    effect: u32,
}

impl Weight {
    /// Each test with its weight and where it stops the campaign.
    pub const fn tests(self) -> [(&'static str, i64, i64); 3] {
        [
            ("first contact", self.first, STOP_AT_FIRST),
            ("first contact, finer", self.fine, STOP_AT_FINE),
            ("watch", self.watch, STOP_AT_WATCH),
        ]
    }

    /// Whether a test has come to its end, against the release.
    pub const fn stops(self) -> bool {
        self.first >= STOP_AT_FIRST || self.fine >= STOP_AT_FINE || self.watch >= STOP_AT_WATCH
    }

    /// How far the test that is nearest to its end is, in percent.
    pub fn percent(self) -> u32 {
        let ends = [(self.first, STOP_AT_FIRST), (self.fine, STOP_AT_FINE), (self.watch, STOP_AT_WATCH)];
        let nearest = ends.into_iter().map(|(weight, end)| weight.max(0) * 100 / end).max();
        nearest.and_then(|percent| u32::try_from(percent).ok()).unwrap_or(0)
    }

    /// Whether the evidence speaks against the release, if not yet loud enough.
    pub const fn is_against(self) -> bool {
        self.first > 0 || self.fine > DOUBT_AT_FINE || self.watch > 0
    }
}

impl Test {
    /// A test for this tolerated rate, in parts per million.
    pub fn new(tolerated: u32) -> Self {
        Self { tolerated: tolerated.clamp(1_000, MOST - EFFECT), effect: EFFECT }
    }

    /// The same for a smaller effect.
    pub fn fine(tolerated: u32) -> Self {
        Self { effect: FINE_EFFECT, ..Self::new(tolerated) }
    }

    /// The probabilities to fail under both hypotheses.
    fn rates(self, background: u32) -> (u64, u64) {
        let tolerated = u64::from(background) + u64::from(self.tolerated);
        let tolerated = tolerated.min(u64::from(MOST));
        (tolerated, tolerated + u64::from(self.effect))
    }

    /// What one failure weighs, where `background` of the devices fail or fall silent anyway.
    pub fn failure(self, background: u32) -> i64 {
        let (tolerated, worse) = self.rates(background);
        ln(worse, tolerated)
    }

    /// What one success weighs; below zero.
    pub fn success(self, background: u32) -> i64 {
        let (tolerated, worse) = self.rates(background);
        ln(MILLION - worse, MILLION - tolerated)
    }

    /// What it weighs that installed devices were heard for so many seconds together, where each is watched for `watch`;
    /// below zero.
    pub fn heard(seconds: u64, watch: u64) -> i64 {
        let weight = u128::from(seconds) * u128::from(EFFECT) / 1000 / u128::from(watch.max(1));
        -i64::try_from(weight).unwrap_or(i64::MAX)
    }
}

/// The natural logarithm of a ratio of numbers of at most 32 bits that are not zero, in thousandths, by integers alone: the
/// same on every machine. The binary logarithm comes digit by digit, by squaring.
fn ln(above: u64, below: u64) -> i64 {
    const DIGITS: u32 = 24;
    /// `ln 2`, in thousandths, times `2^32`.
    const LN_2: i128 = 2_977_044_471_820;
    let (above, below) = (above.clamp(1, u64::from(u32::MAX)), below.clamp(1, u64::from(u32::MAX)));
    let shift = i64::from(below.leading_zeros()) - i64::from(above.leading_zeros());
    // Both with their highest bit at the top: the ratio lies between a half and two. In units of 2^-62.
    let ratio =
        (u128::from(above << above.leading_zeros()) << 62) / u128::from(below << below.leading_zeros());
    let (mut ratio, mut whole) = (ratio, shift);
    if ratio < 1 << 62 {
        (ratio, whole) = (ratio << 1, whole - 1);
    }
    let mut binary = i128::from(whole);
    for _ in 0..DIGITS {
        ratio = (ratio * ratio) >> 62;
        binary <<= 1;
        if ratio >= 1 << 63 {
            (ratio, binary) = (ratio >> 1, binary + 1);
        }
    }
    let scale = 1_i128 << (DIGITS + 32);
    let thousandths = (binary * LN_2 + scale / 2).div_euclid(scale);
    i64::try_from(thousandths).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The weight of a first contact of `of` devices of which `failed` failed, without a background.
    fn seen(failed: i64, of: i64) -> Weight {
        let test = Test::new(20_000);
        let fine = Test::fine(20_000);
        let weigh = |test: Test| failed * test.failure(0) + (of - failed) * test.success(0);
        Weight { first: weigh(test), fine: weigh(fine), watch: 0 }
    }

    #[test]
    fn three_of_eight_stop_a_release() {
        assert!(seen(3, 8).stops(), "{:?}", seen(3, 8));
        assert!(!seen(2, 8).stops());
    }

    #[test]
    fn one_of_two_hundred_does_not_nor_do_two_of_twenty() {
        assert!(!seen(1, 200).is_against());
        assert!(!seen(2, 20).stops());
    }

    #[test]
    fn one_in_fifteen_stops_a_release_in_a_large_fleet_and_one_in_thirty_does_not() {
        assert!(seen(20, 300).stops() && !seen(20, 300).first.is_positive(), "{:?}", seen(20, 300));
        assert!(!seen(34, 1_000).stops());
    }

    #[test]
    fn who_tolerates_more_is_stopped_later() {
        let weight = |tolerated| 3 * Test::new(tolerated).failure(0) + 5 * Test::new(tolerated).success(0);
        assert!(weight(20_000) > weight(50_000) && weight(50_000) > weight(200_000));
        assert!(weight(50_000) < STOP_AT_FIRST);
    }

    #[test]
    fn a_failure_weighs_less_where_devices_fall_silent_anyway() {
        let test = Test::new(20_000);
        let weights = [0, 10_000, 100_000, 500_000, 1_000_000].map(|background| test.failure(background));
        assert!(weights.is_sorted_by(|a, b| a > b || *a > 0 && a == b), "{weights:?}");
    }

    #[test]
    fn three_silences_stop_by_the_watch_alone_if_few_were_watched() {
        let test = Test::new(20_000);
        let day = 24 * 3600;
        let after = |devices: u64| 3 * test.failure(0) + Test::heard(devices * day, 3 * day);
        assert!(after(8) >= STOP_AT_WATCH, "{}", after(8));
        assert!(after(60) < STOP_AT_WATCH);
    }

    proptest! {
        #[test]
        fn the_logarithm_is_that_of_floating_point(above in 1_u64..=0xFFFF_FFFF, below in 1_u64..=0xFFFF_FFFF) {
            #[allow(clippy::cast_precision_loss)]
            let expected = (above as f64 / below as f64).ln() * 1000.0;
            #[allow(clippy::cast_precision_loss)]
            let found = ln(above, below) as f64;
            prop_assert!((found - expected).abs() <= 0.6, "{found} {expected}");
        }

        /// Under the first hypothesis the ratio of likelihoods is expected to be one, or Ville's inequality says nothing.
        #[test]
        fn a_device_that_is_as_bad_as_tolerated_is_expected_to_weigh_nothing(
            tolerated in 1_000_u32..500_000, background in 0_u32..300_000,
        ) {
          for test in [Test::new(tolerated), Test::fine(tolerated)] {
            #[allow(clippy::cast_precision_loss)]
            let (rate, ratio) = (test.rates(background).0 as f64 / 1e6, |weight: i64| (weight as f64 / 1000.0).exp());
            let expected = rate * ratio(test.failure(background)) + (1.0 - rate) * ratio(test.success(background));
            prop_assert!((expected - 1.0).abs() < 0.001, "{expected}");
          }
        }
    }
}
