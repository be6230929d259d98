//! The time, and whether it can be right.

use otary_fleet::Time;
use otary_store::{Store, StoreError};
use otary_trust::Clock;

/// When this binary was built.
pub fn built() -> Time {
    Time::from_secs(env!("OTARY_BUILT").parse().unwrap_or_default())
}

/// The time now.
pub fn now() -> Time {
    otary_server::Clock::system().now()
}

/// All that is known of the time, for whoever makes keys and certificates.
pub fn facts(store: &dyn Store) -> Result<Clock, StoreError> {
    Ok(Clock { now: now(), built: built(), newest: store.newest_time()? })
}
