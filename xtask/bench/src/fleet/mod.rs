//! What looking at a large fleet costs: a hundred thousand devices in the database that real servers use, asked through the real
//! operator router in this process, and its page over that.
//!
//! Processor time is counted, of all threads of this process, so the census that is kept and every record that is read are in
//! it; the machine may be busy with something else.

mod records;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use nix::time::{ClockId, clock_gettime};
use otary_server::operator::{Operator, Secret, Site, router};
use otary_server::{Clock, Engine};
use otary_store::{Disk, DiskOptions, Store};

use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

use crate::round::{Cost, summarise};
use crate::rsa::KEEP_ALL;

/// Devices on record.
pub const DEVICES: u32 = 100_000;
/// Processor time that one look may cost, in milliseconds.
pub const GOAL: f64 = 100.0;

/// What is asked, and what for.
const LOOKS: [(&str, &str); 14] = [
    ("devices, the first page", "/api/v1/devices"),
    ("devices, the last page", "/api/v1/devices?order=desc"),
    ("devices by when they asked", "/api/v1/devices?sort=last-seen&order=desc"),
    ("devices by version", "/api/v1/devices?sort=version"),
    ("devices by what they were answered", "/api/v1/devices?sort=state"),
    ("a query that finds few", "/api/v1/devices?where=build%20%3D%200.9%20and%20seen%20%3C%207d"),
    (
        "a query that finds most, sorted",
        "/api/v1/devices?sort=last-seen&where=chip%20%3D%20esp32%20and%20not%20hold",
    ),
    ("the fleet in numbers", "/api/v1/census"),
    ("what went on lately", "/api/v1/activity"),
    ("the status", "/api/v1/status"),
    ("the page: now", "/"),
    ("the page: devices", "/devices"),
    ("the page: devices by version", "/devices?sort=version"),
    ("the page: a query that finds few", "/devices?where=build%20%3D%200.9%20and%20seen%20%3C%207d"),
];

/// One row.
pub struct Looked {
    pub name: &'static str,
    /// Milliseconds.
    pub cost: Cost,
    /// Bytes of the answer.
    pub bytes: usize,
}

/// Fills a database in `folder` anew and looks at it so often each way. The first row is the reading of all records.
pub fn measure(folder: &Path, rounds: usize, devices: u32) -> anyhow::Result<Vec<Looked>> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    records::write(folder, devices)?;
    let store: Arc<dyn Store> = Arc::new(Disk::open(folder, DiskOptions::default())?);
    let owner = Secret::generate()?;
    let operator = Arc::new(Operator::new(store, Clock::standing_at(records::NOW), site(), Some(&owner)));
    let mut rows = vec![read(&operator.engine())?];
    let onlooker = Onlooker {
        router: otary_page::over(router(operator)),
        owner,
        runtime: Builder::new_current_thread().enable_all().build()?,
    };
    for (name, path) in LOOKS {
        rows.push(onlooker.look(name, path, rounds).with_context(|| path)?);
    }
    Ok(rows)
}

/// What a server does once in the background when it begins.
fn read(engine: &Engine) -> anyhow::Result<Looked> {
    engine.begin();
    let before = spent()?;
    engine.look();
    let cost = summarise(vec![milliseconds(spent()?.saturating_sub(before))]);
    anyhow::ensure!(!engine.census.is_counting(), "the records could not be read");
    Ok(Looked { name: "reading the records, once an hour", cost, bytes: 0 })
}

/// Who looks.
struct Onlooker {
    router: Router,
    owner: Secret,
    runtime: Runtime,
}

impl Onlooker {
    fn look(&self, name: &'static str, path: &str, rounds: usize) -> anyhow::Result<Looked> {
        let ask = || self.runtime.block_on(self.answer(path));
        let bytes = ask()?;
        let mut costs = Vec::new();
        for _ in 0..rounds {
            let before = spent()?;
            ask()?;
            costs.push(milliseconds(spent()?.saturating_sub(before)));
        }
        Ok(Looked { name, cost: summarise(costs), bytes })
    }

    /// Asks with the owner's token. Gives the bytes of the answer.
    async fn answer(&self, path: &str) -> anyhow::Result<usize> {
        let token = format!("Bearer {}", self.owner.expose());
        let request =
            Request::get(path).header(header::AUTHORIZATION, token).header(header::HOST, "localhost");
        let response = self.router.clone().oneshot(request.body(Body::empty())?).await?;
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 24).await?;
        anyhow::ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&body));
        Ok(body.len())
    }
}

/// Processor time of this process so far.
fn spent() -> anyhow::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn site() -> Site {
    Site {
        data: "bench".into(),
        fingerprint: None,
        horizon: Duration::ZERO,
        retention: KEEP_ALL,
        max_strangers: 10_000,
        open_files: None,
    }
}
