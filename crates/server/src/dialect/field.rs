//! Which field of an agent's check-in is at fault, for the answer and the log.

use minicbor::Decoder;
use otary_wire::{Error, Fault};

/// A field of a check-in, by its key; or the message as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// The name, as in [`otary_wire::CheckIn`].
    pub(crate) name: &'static str,
    /// What the log says of it.
    pub(crate) complaint: &'static str,
}

macro_rules! fields {
    ($($name:literal)*) => {
        [$(Field { name: $name, complaint: concat!("an agent's check-in is wrong in its field ", $name) }),*]
    };
}

/// By key.
const FIELDS: [Field; 14] = fields! {
    "protocol" "device" "product" "hardware" "chip" "release" "image" "version" "root" "trust_set" "nonce" "slot"
    "clock" "report"
};

/// The key of the report, which is a map itself.
const REPORT: u8 = 13;

impl Field {
    const WHOLE: Self = Self { name: "whole", complaint: "an agent's check-in cannot be read" };
    pub(crate) const PROTOCOL: Self = FIELDS[0];
    pub(crate) const DEVICE: Self = FIELDS[1];
    pub(crate) const PRODUCT: Self = FIELDS[2];

    /// The field of the check-in in `bytes` that `error` is about.
    pub(crate) fn at_fault(bytes: &[u8], error: Error) -> Self {
        let (inside, keys) = entries(bytes, error.offset);
        match error.fault {
            // Said of a map inside the check-in: the report is the only one.
            Fault::Missing { key } if keys.contains(&key) && inside.is_none_or(|key| key == REPORT) => {
                Self::of(REPORT)
            }
            Fault::Missing { key } => Self::of(key),
            _ => inside.map_or(Self::WHOLE, Self::of),
        }
    }

    fn of(key: u8) -> Self {
        FIELDS.get(usize::from(key)).copied().unwrap_or(Self::WHOLE)
    }
}

/// The keys of the map in `bytes`, as far as it can be read, and the one whose entry `offset` lies in.
fn entries(bytes: &[u8], offset: u32) -> (Option<u8>, Vec<u8>) {
    let (mut decoder, mut keys) = (Decoder::new(bytes), Vec::new());
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let Ok(Some(length)) = decoder.map() else { return (None, keys) };
    let mut inside = None;
    for _ in 0..length.min(FIELDS.len() as u64) {
        let begin = decoder.position();
        let Ok(key) = decoder.u8() else { break };
        keys.push(key);
        let is_broken = decoder.skip().is_err();
        if begin <= offset && (is_broken || offset < decoder.position()) {
            inside = Some(key);
        }
        if is_broken {
            break;
        }
    }
    (inside, keys)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_came_some_field_is_named(bytes in prop::collection::vec(any::<u8>(), 0..320), offset: u32) {
            for fault in [Fault::Truncated, Fault::Missing { key: bytes.first().copied().unwrap_or_default() }] {
                let field = Field::at_fault(&bytes, Error { offset, fault });
                prop_assert!(!field.name.is_empty());
            }
        }
    }

    #[test]
    fn what_the_report_lacks_is_not_taken_for_a_field_of_the_check_in() {
        // {4: 0, 13: {0: 1}}
        let bytes = [0xA2, 4, 0, 13, 0xA1, 0, 1];
        let missing = |key| Field::at_fault(&bytes, Error { offset: 7, fault: Fault::Missing { key } });
        assert_eq!((missing(4).name, missing(5).name), ("report", "release"));
    }
}
