//! Sets of chips: most queries name one, and whether a device can be meant at all is then one comparison.

use super::value::Value;
use crate::Chip;

/// A set of chips, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chips(u32);

impl Chips {
    /// No chip.
    pub(crate) const NONE: Self = Self(0);
    /// Every chip, and none that is known.
    pub(crate) const ANY: Self = Self(u32::MAX);

    /// The chip of a device. One that nobody knows is only in [`Self::ANY`], by the last bit.
    pub(crate) fn of(chip: Option<Chip>) -> Self {
        let place = Chip::all().position(|known| Some(known) == chip);
        place.map_or(Self(1 << 31), |place| Self(1 << place))
    }

    /// The chip of this name.
    pub(super) fn called(value: &Value) -> Self {
        match value {
            Value::Text(name) => {
                let chip = Chip::from_name(name);
                chip.map_or(Self::NONE, |chip| Self::of(Some(chip)))
            }
            _ => Self::ANY,
        }
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a device of these may be meant.
    pub(crate) const fn may_hold(self, device: Self) -> bool {
        self.0 & device.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Query;

    fn may_find(query: &str, chip: Option<Chip>) -> bool {
        query.parse::<Query>().unwrap().chips().may_hold(Chips::of(chip))
    }

    #[test]
    fn a_query_that_names_chips_finds_devices_of_those_alone() {
        let (c3, old) = (Some(Chip::Esp32C3), Some(Chip::Esp8266));
        for query in [
            "chip = esp32c3",
            "seen < 7d and chip in (esp32, esp32c3) and build < 0.9",
            "chip = esp32 or (hold and chip = esp32c3)",
        ] {
            assert_eq!([c3, old, None].map(|chip| may_find(query, chip)), [true, false, false], "{query}");
        }
    }

    #[test]
    fn a_query_that_finds_a_device_of_any_chip_excludes_none() {
        for query in
            ["build < 0.9", "not chip = esp32", "chip != esp32", "chip is unknown", "chip = esp32 or hold"]
        {
            assert!(
                [Some(Chip::Esp32C3), Some(Chip::Esp8266), None].map(|chip| may_find(query, chip))
                    == [true; 3]
            );
        }
    }
}
