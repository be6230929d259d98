//! The data directory of this machine: opened, or found open in the hands of a server.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use axum::Router;
use otary_server::Clock;
use otary_server::operator::{Announcement, Operator, Site, router};
use otary_store::{Disk, DiskOptions, StoreError};
use otary_trust::Authority;

use crate::advice::{Advise, advised};
use crate::config::Values;
use crate::data::DataDir;
use crate::global::Global;
use crate::serve::retention;

/// How long a command waits for another one that has the data directory open, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// Where the data directory is worked on.
pub(super) enum Place {
    /// In this process.
    Here(Router),
    /// In a server's.
    Served(Announcement),
}

/// Opens the data directory.
pub(super) fn open(global: &Global) -> anyhow::Result<Place> {
    let values = global.settings(Vec::new())?.values;
    let data = DataDir::existing(&values.data)?;
    if !data.path().join("otary.db").exists() {
        let error = anyhow!("{} is no data directory of otary's", data.path().display());
        return Err(advised(error, "name it with --data; `otary serve` makes one at its first start"));
    }
    let began = Instant::now();
    loop {
        if let Some(place) = try_open(&data, &values)? {
            return Ok(place);
        }
        if began.elapsed() > PATIENCE {
            return Err(anyhow!("another otary works on {}", data.path().display()))
                .help("wait until it has ended; a server that is just starting takes commands in a moment");
        }
        thread::sleep(PAUSE);
    }
}

/// Opens the data directory, or finds the server that has; none while another command works on it.
fn try_open(data: &DataDir, values: &Values) -> anyhow::Result<Option<Place>> {
    let max_strangers = usize::try_from(values.limits.unknown_devices).unwrap_or(usize::MAX);
    match Disk::open(data.path(), DiskOptions { max_strangers, ..DiskOptions::default() }) {
        Ok(store) => Ok(Some(Place::Here(router(operator(store, data, values)?)))),
        Err(StoreError::Locked(_)) => {
            let announced =
                Announcement::read(data.path()).context("reading what the server tells of itself")?;
            Ok(announced.map(Place::Served))
        }
        Err(error) => Err(error).with_context(|| format!("opening {}", data.path().display())),
    }
}

fn operator(store: Disk, data: &DataDir, values: &Values) -> anyhow::Result<Operator> {
    let site = Site {
        data: data.path().to_owned(),
        fingerprint: authority(data)?.map(|authority| authority.root().fingerprint().to_string()),
        retention: retention(values),
        max_strangers: values.limits.unknown_devices,
        open_files: None,
    };
    Ok(Operator::new(Arc::new(store), Clock::system(), site, None))
}

/// The authority in a data directory, if there is one.
pub(super) fn authority(data: &DataDir) -> anyhow::Result<Option<Authority>> {
    data.trust().exists().then(|| data.open_authority()).transpose()
}
