//! What happens at Ctrl-C and SIGTERM.

use std::thread;

use anyhow::{Context, Result};

use crate::platform::Ending;

/// From now on, Ctrl-C and SIGTERM do not end the process but call `told`, with whether it is the first time.
pub fn on_ending(mut told: impl FnMut(bool) + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut ending = {
        let _entered = runtime.enter();
        Ending::watch().context("watching for Ctrl-C")?
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
