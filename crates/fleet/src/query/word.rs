//! Words of a fixed set: which one is meant.

use std::fmt;

use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, forward_to_deserialize_any};

/// How alike two words are at least, by Jaro, for one to be taken for a slip of the other.
const ALIKE: f64 = 0.75;

/// The word of `words` that is most like `found`, if one is like it at all.
pub(super) fn alike<'a>(found: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_ascii_lowercase();
    let words = words.into_iter().map(|word| (strsim::jaro(&found, word), word));
    let best = words.filter(|(alike, _)| *alike > ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, word)| word)
}

/// The word of an enumeration that `found` is, in any case, as the enumeration's records spell it. `Err` is the words
/// that there are.
pub(super) fn of<T: for<'a> Deserialize<'a>>(found: &str) -> Result<&'static str, &'static [&'static str]> {
    among(found, T::deserialize("?".into_deserializer()).err())
}

/// The same for an enumeration whose records name the variant by the field `tag`.
pub(super) fn of_tagged<T: for<'a> Deserialize<'a>>(
    found: &str,
    tag: &'static str,
) -> Result<&'static str, &'static [&'static str]> {
    among(found, T::deserialize(Tag(Some(tag))).err())
}

fn among(found: &str, asked: Option<Words>) -> Result<&'static str, &'static [&'static str]> {
    let words = asked.map_or(&[][..], |asked| asked.0);
    words.iter().find(|word| word.eq_ignore_ascii_case(found)).copied().ok_or(words)
}

/// What reading a word that is none tells: the words that there are. So no second list has to be kept beside the
/// enumeration.
#[derive(Debug)]
struct Words(&'static [&'static str]);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {:?}", self.0)
    }
}

impl std::error::Error for Words {}

impl de::Error for Words {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

/// A record with one field.
struct Tag(Option<&'static str>);

impl<'de> de::Deserializer<'de> for Tag {
    type Error = Words;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Words> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> de::MapAccess<'de> for Tag {
    type Error = Words;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Words> {
        self.0.take().map(|tag| seed.deserialize(tag.into_deserializer())).transpose()
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Words> {
        seed.deserialize("?".into_deserializer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Proof, Reason, Verdict};

    #[test]
    fn an_enumeration_tells_its_words() {
        assert_eq!(of::<Dialect>("Arduino-ESP32"), Ok("arduino-esp32"));
        assert_eq!(of::<Proof>("?"), Err(&["none", "product-secret", "device-credential"][..]));
        assert_eq!(of::<Verdict>("hold"), Ok("hold"));
        assert_eq!(of_tagged::<Reason>("looping", "rule"), Ok("looping"));
        assert!(of_tagged::<Reason>("loping", "rule").is_err_and(|words| words.contains(&"looping")));
    }

    #[test]
    fn a_slip_is_told_from_another_word() {
        assert_eq!(alike("esp23c3", ["esp32", "esp32c3", "esp8266"]), Some("esp32c3"));
        assert_eq!(alike("banana", ["esp32", "esp32c3"]), None);
    }
}
