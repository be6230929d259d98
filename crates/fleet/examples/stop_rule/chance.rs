//! Chance by a seed, the same on every machine: `SplitMix64` (Steele, Lea and Flood, 2014).

#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    pub fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn within(&mut self, from: f64, to: f64) -> f64 {
        from + self.share() * (to - from)
    }

    /// As likely in each order of magnitude.
    pub fn logarithmic(&mut self, from: f64, to: f64) -> f64 {
        self.within(from.ln(), to.ln()).exp()
    }

    /// The time until something that occurs `rate` times in a unit.
    pub fn until(&mut self, rate: f64) -> f64 {
        -(1.0 - self.share()).ln() / rate
    }

    pub fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }
}
