//! A device's record as JSON that every reader can read: claimants are numbers of 64 bits, of which many readers keep 53
//! (RFC 8259, section 6), so they stand there as 16 hex digits.

use otary_fleet::Device;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Writes `device`.
pub(super) fn serialize<S: Serializer>(device: &Device, to: S) -> Result<S::Ok, S::Error> {
    let mut record = serde_json::to_value(device).map_err(S::Error::custom)?;
    for claimant in claimants(&mut record) {
        if let Some(number) = claimant.as_u64() {
            *claimant = Value::String(format!("{number:016x}"));
        }
    }
    record.serialize(to)
}

/// Reads what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Device, D::Error> {
    let mut record = Value::deserialize(from)?;
    for claimant in claimants(&mut record) {
        let digits = claimant.as_str().ok_or_else(|| D::Error::custom("a claimant is 16 hex digits"))?;
        *claimant = u64::from_str_radix(digits, 16).map_err(D::Error::custom)?.into();
    }
    serde_json::from_value(record).map_err(D::Error::custom)
}

/// The claimants of a record's attempts.
fn claimants(record: &mut Value) -> impl Iterator<Item = &mut Value> {
    let attempts = record.get_mut("attempts").and_then(Value::as_array_mut);
    attempts.into_iter().flatten().filter_map(|attempt| attempt.get_mut("claimant"))
}
