//! The newest time in a record, for [`Store::newest_time`](crate::Store::newest_time).

use std::time::SystemTime;

use otary_fleet::{Account, Catalogue, Time, Token};

/// The newest time in what the operator made. When a token expires lies ahead and tells nothing.
pub(crate) fn newest(catalogue: &Catalogue, tokens: &[Token], accounts: &[Account]) -> Time {
    let products = catalogue.products().map(|product| product.created);
    let releases = catalogue.all_releases().flat_map(|r| [Some(r.published), r.withdrawn]).flatten();
    let artifacts = catalogue.artifacts().map(|artifact| artifact.added);
    let tokens = tokens.iter().flat_map(|token| [Some(token.created), token.last_used]).flatten();
    let people = accounts.iter().flat_map(|person| [Some(person.created), person.last_signed_in]).flatten();
    products.chain(releases).chain(artifacts).chain(tokens).chain(people).max().unwrap_or_default()
}

/// A time of the file system's; one before 1970 counts as 1970.
pub(crate) fn time_of(time: SystemTime) -> Time {
    Time::default() + time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
