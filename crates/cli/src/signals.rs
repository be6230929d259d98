//! What happens at Ctrl-C, at SIGTERM and when the terminal is closed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, Result};

use crate::platform::{Closing, Ending};

/// Who asked last to be told.
static LATEST: AtomicU32 = AtomicU32::new(0);

/// From now on, Ctrl-C, SIGTERM and, as `closing` says, a closed terminal do not end the process but call `told`, with
/// whether it is the first time. Whoever asked for that before is told no more.
pub fn on_ending(closing: Closing, mut told: impl FnMut(bool) + Send + 'static) -> Result<()> {
    let own = LATEST.fetch_add(1, Ordering::SeqCst) + 1;
    let mut told = move |first| {
        if LATEST.load(Ordering::SeqCst) == own {
            told(first);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut ending = {
        let _entered = runtime.enter();
        Ending::watch(closing).context("watching for Ctrl-C")?
    };
    let watch = move || {
        runtime.block_on(async {
            ending.next().await;
            told(true);
            loop {
                ending.next().await;
                told(false);
            }
        });
    };
    thread::Builder::new().name("signals".into()).spawn(watch)?;
    Ok(())
}
