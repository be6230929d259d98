//! How values become columns.

use otary_fleet::{Mac, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// A time as SQLite keeps it. It ends in the year 292 million; what is later counts as that.
pub(super) fn time(time: Time) -> i64 {
    number(time.0)
}

/// A time out of a column.
pub(super) fn to_time(column: i64) -> Time {
    Time(u64::try_from(column).unwrap_or_default())
}

/// A count as SQLite keeps it.
pub(super) fn number(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A count out of a column.
pub(super) fn to_number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}

/// An address as a number.
pub(super) fn mac(mac: Mac) -> i64 {
    mac.bytes().iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// An address out of a column; none if the column holds no address.
pub(super) fn to_mac(column: i64) -> Option<Mac> {
    let [0, 0, bytes @ ..] = column.to_be_bytes() else { return None };
    Mac::new(bytes).ok()
}

/// A record as text.
pub(super) fn record<T: Serialize>(table: &'static str, record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(|source| StoreError::Record { table, source })
}

/// A record out of a column.
pub(super) fn to_record<T: DeserializeOwned>(table: &'static str, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(column).map_err(|source| StoreError::Record { table, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_column_and_keeps_its_order() {
        let [low, high] = [[0, 0, 0, 0, 0, 1], [0xFF; 6]].map(|bytes| Mac::new(bytes).unwrap());
        assert!(mac(low) < mac(high));
        for address in [low, high] {
            assert_eq!(to_mac(mac(address)), Some(address));
        }
        for foreign in [0, -1, 1 << 48] {
            assert_eq!(to_mac(foreign), None);
        }
    }
}
