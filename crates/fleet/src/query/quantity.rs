//! Lengths of time and numbers of bytes as people write them: `7d`, `1h30m`, `900KiB`.
//!
//! A bare number is refused: nobody remembers whether it was seconds or minutes.

/// A kind of quantity: its units, largest first.
pub(super) struct Measure(&'static [(&'static str, u64)]);

/// Time, in milliseconds.
pub(super) const TIME: Measure = Measure(&[
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
]);

/// Bytes.
pub(super) const BYTES: Measure = Measure(&[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
]);

impl Measure {
    /// The sum of the parts of `text`, each a whole number and a unit in any case. None if it is no quantity, or more
    /// than fits.
    pub(super) fn read(&self, text: &str) -> Option<u64> {
        let (mut rest, mut sum) = (text, 0_u64);
        while !rest.is_empty() {
            let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
            let (unit, tail) = tail.split_at(tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len()));
            let (_, factor) = self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
            sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
            rest = tail;
        }
        (!text.is_empty()).then_some(sum)
    }

    /// `value` in the largest unit that it is a whole number of.
    pub(super) fn print(&self, value: u64) -> (u64, &'static str) {
        let whole = |(_, factor): &&(&str, u64)| value.is_multiple_of(*factor);
        match self.0.iter().find(whole) {
            Some((unit, factor)) if value > 0 => (value / factor, unit),
            _ => (value, self.0.last().map_or("", |(unit, _)| unit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_whole_numbers_with_units() {
        for (text, expected) in [("7d", 604_800_000), ("1h30m", 5_400_000), ("0s", 0), ("250MS", 250)] {
            assert_eq!(TIME.read(text), Some(expected), "{text}");
        }
        for text in ["", "7", "d", "7x", "-7d", "7 d", "1.5h", "99999999999999999999d", "9999999999999999w"] {
            assert_eq!(TIME.read(text), None, "{text}");
        }
        assert_eq!(BYTES.read("1MiB"), Some(1_048_576));
        assert_eq!(BYTES.print(1_048_576), (1, "MiB"));
        assert_eq!(TIME.print(5_400_000), (90, "m"));
        assert_eq!(TIME.print(0), (0, "ms"));
    }
}
