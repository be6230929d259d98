//! Values: the right side of a comparison, read as the field on the left wants it.

use std::net::IpAddr;
use std::time::Duration;

use super::comparison::Operator;
use super::field::{Field, Sort};
use super::{quantity, word};
use crate::{Channel, Chip, Dialect, GroupName, Mac, Proof, Reason, ReleaseId, Verdict};

/// What a fact is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, a name, a version, a word, or a part of one.
    Text(Box<str>),
    Group(GroupName),
    Mac(Mac),
    Release(ReleaseId),
    Span(Duration),
    Number(u64),
    Bytes(u64),
    Prefix(Prefix),
    Proof(Proof),
    /// Hex digits in lower case.
    Digits(Box<str>),
}

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    /// The first of them, never an IPv4 address inside IPv6.
    pub(super) address: IpAddr,
    /// How many bits are the same.
    pub(super) bits: u8,
}

/// Fewer digits than this name too much.
const LEAST_DIGITS: usize = 4;
const MOST_DIGITS: usize = 64;

impl Value {
    /// Reads a value. `Err` is what may be meant instead, if that can be told.
    pub(super) fn read(field: Field, operator: Operator, text: &str) -> Result<Self, Option<&'static str>> {
        if operator == Operator::Has {
            return Ok(Self::Text(text.into()));
        }
        let read = match field.sort() {
            Sort::Word => return word_of(field, text).map(|word| Self::Text(word.into())),
            Sort::Proof => return proof(text).map(Self::Proof),
            Sort::Name => name(field, text),
            Sort::Group => text.parse().ok().map(Self::Group),
            Sort::Mac => text.parse().ok().map(Self::Mac),
            Sort::Version => Some(Self::Text(text.into())),
            Sort::Release => release(text).map(Self::Release),
            Sort::Age => quantity::TIME.read(text).map(|millis| Self::Span(Duration::from_millis(millis))),
            Sort::Bytes => quantity::BYTES.read(text).map(Self::Bytes),
            Sort::Count => text.parse().ok().map(Self::Number),
            Sort::Network => Prefix::read(text).map(Self::Prefix),
            Sort::Digits => digits(text).map(Self::Digits),
            Sort::Flag => None,
        };
        read.ok_or(None)
    }
}

/// A name as the record writes it; a name that nothing can have is a slip.
fn name(field: Field, text: &str) -> Option<Value> {
    match field {
        Field::Product | Field::Channel => {
            text.parse::<Channel>().ok().map(|name| Value::Text(name.as_str().into()))
        }
        _ => Some(Value::Text(text.into())),
    }
}

fn word_of(field: Field, text: &str) -> Result<&'static str, Option<&'static str>> {
    let among = |words: Result<&'static str, &'static [&'static str]>| {
        words.map_err(|words| word::alike(text, words.iter().copied()))
    };
    match field {
        Field::Chip => {
            let chip = Chip::from_name(text).map(Chip::name);
            chip.ok_or_else(|| word::alike(text, Chip::all().map(Chip::name)))
        }
        Field::Dialect => among(word::of::<Dialect>(text)),
        Field::Answer => among(word::of::<Verdict>(text)),
        _ => among(word::of_tagged::<Reason>(text, "rule")),
    }
}

fn proof(text: &str) -> Result<Proof, Option<&'static str>> {
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};
    let word = word::of::<Proof>(text).map_err(|words| word::alike(text, words.iter().copied()))?;
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    Proof::deserialize(word).map_err(|_| None)
}

/// `lamp@0.3`.
fn release(text: &str) -> Option<ReleaseId> {
    let (product, version) = text.split_once('@')?;
    let product = product.parse().ok()?;
    (!version.is_empty()).then(|| ReleaseId { product, version: version.into() })
}

fn digits(text: &str) -> Option<Box<str>> {
    let fits =
        (LEAST_DIGITS..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase().into())
}

impl Prefix {
    /// `10.0.0.0/8`; an address alone stands for its network as otary sees it, an IPv4 /24 or an IPv6 /64.
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().ok()?.to_canonical();
        let (most, site) = if address.is_ipv4() { (32, 24) } else { (128, 64) };
        let bits = bits.unwrap_or(site);
        (bits <= most).then(|| Self { address: first(address, bits), bits })
    }

    /// Whether an address is one of them.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && first(address, self.bits) == self.address
    }
}

/// The first address with the same first bits.
fn first(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or_default();
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or_default();
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}
