//! The word that a drain has begun, and how to tell when all who heard it have ended.

use tokio::sync::watch;

/// Says when a drain begins.
#[derive(Clone)]
pub(crate) struct Drain(watch::Sender<bool>);

/// Hears when a drain begins. Whoever holds one is waited for.
#[derive(Clone)]
pub(crate) struct Draining(watch::Receiver<bool>);

impl Drain {
    pub(crate) fn new() -> Self {
        Self(watch::channel(false).0)
    }

    pub(crate) fn subscribe(&self) -> Draining {
        Draining(self.0.subscribe())
    }

    /// Begins it.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Returns when nobody holds a [`Draining`] any more.
    pub(crate) async fn ended(&self) {
        self.0.closed().await;
    }
}

impl Draining {
    /// Returns when a drain has begun.
    pub(crate) async fn begun(&self) {
        // An error means that nobody is left who could begin one, which ends things too.
        let _ = self.0.clone().wait_for(|begun| *begun).await;
    }
}
