//! Chance by a seed, the same on every machine and for every version of otary: `SplitMix64` (Steele, Lea and Flood, 2014), and
//! integers alone.

use std::time::Duration;

/// A source of numbers.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// One that belongs to `seed` and to one `part` of the fleet: what one board draws changes nothing for another.
    pub(super) const fn new(seed: u64, part: u64) -> Self {
        let mut of_seed = Self(seed);
        let mut of_part = Self(part ^ of_seed.number());
        Self(of_part.number())
    }

    /// Any number.
    pub(super) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if there is none.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        let drawn = self.number();
        if bound == 0 { 0 } else { drawn % bound }
    }

    /// Whether something happens that happens so often in a million times.
    pub(super) const fn happens(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < ppm as u64
    }

    /// A time from `from` up to `to`, to the millisecond: boards are not in step.
    pub(super) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let width = u64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(u64::MAX);
        from + Duration::from_millis(self.below(width))
    }

    /// `time`, give or take so many millionths of it.
    pub(super) fn about(&mut self, time: Duration, ppm: u32) -> Duration {
        let part = u128::from(ppm.min(1_000_000));
        let width = time.as_millis() * part / 1_000_000;
        let width = Duration::from_millis(u64::try_from(width).unwrap_or(u64::MAX));
        self.between(time.saturating_sub(width), time.saturating_add(width))
    }
}
