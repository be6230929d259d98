//! Every device on record, page by page: never all in memory.

use otary_fleet::Device;
use otary_store::{Store, StoreError};

/// Devices read at a time.
pub(crate) const PAGE: usize = 1000;

/// Shows every device on record to `visit`, by address.
pub(crate) fn each_device(store: &dyn Store, mut visit: impl FnMut(&Device)) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.devices(after, PAGE)?;
        page.iter().for_each(&mut visit);
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.mac),
            _ => return Ok(()),
        }
    }
}
