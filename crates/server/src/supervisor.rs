//! What goes on beside serving: the summaries of trouble, campaigns, retention, and the drain at the end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use otary_store::Retention;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::Engine;
use crate::census::LOOK_EVERY;
use crate::drain::Drain;
use crate::limits::{DRAIN_REPORT, PRUNE_EVERY, TROUBLE_PERIOD};
use crate::visit::Shared;

/// Where a server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It serves.
    Serving,
    /// It finishes what is under way.
    Draining,
    /// It ends at once.
    Ending,
}

/// Looks after a server until it has ended.
pub(crate) struct Supervisor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: Engine,
    pub(crate) retention: Retention,
    /// How often campaigns are looked after.
    pub(crate) look_every: Duration,
    pub(crate) drain: Drain,
    /// How long it may take.
    pub(crate) drain_bound: Duration,
    pub(crate) phase: watch::Receiver<Phase>,
}

impl Supervisor {
    /// Returns when every connection has ended or the drain took too long.
    pub(crate) async fn look_after(self) {
        let mut phase = self.phase.clone();
        self.while_serving(&mut phase).await;
        self.drain.begin();
        self.while_draining(&mut phase).await;
        self.shared.troubles.sum_up();
    }

    async fn while_serving(&self, phase: &mut watch::Receiver<Phase>) {
        let mut summaries = interval(TROUBLE_PERIOD);
        let mut prunes = interval(PRUNE_EVERY);
        let mut census = interval(LOOK_EVERY);
        let mut counted = None;
        let mut next_look = Instant::now();
        for ticks in [&mut summaries, &mut prunes, &mut census] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                _ = summaries.tick() => self.shared.troubles.sum_up(),
                _ = prunes.tick() => self.prune().await,
                _ = census.tick() => self.look_at_census(&mut counted),
                () = sleep_until(next_look) => next_look = self.look_at_campaigns().await,
                _ = phase.wait_for(|phase| *phase > Phase::Serving) => return,
            }
        }
    }

    /// Gives when to look again.
    async fn look_at_campaigns(&self) -> Instant {
        let (began, shared) = (Instant::now(), Arc::clone(&self.shared));
        if let Err(error) = tokio::task::spawn_blocking(move || shared.rollout.look()).await {
            tracing::error!(target: "campaign", %error, "campaigns were not looked after");
        }
        Instant::now() + self.look_every.max(began.elapsed() * 20)
    }

    /// In the background, unless that is going on: the first look reads every record.
    fn look_at_census(&self, going_on: &mut Option<JoinHandle<()>>) {
        if going_on.as_ref().is_some_and(|look| !look.is_finished()) {
            return;
        }
        let engine = self.engine.clone();
        *going_on = Some(tokio::task::spawn_blocking(move || engine.look()));
    }

    async fn prune(&self) {
        let (shared, retention) = (Arc::clone(&self.shared), self.retention);
        let prune = move || shared.store.prune(&retention, shared.clock.now());
        match tokio::task::spawn_blocking(prune).await {
            Ok(Ok(pruned)) if pruned.events > 0 || pruned.bytes > 0 => tracing::info!(
                target: "retention",
                events = pruned.events,
                releases = pruned.releases.len(),
                artifacts = pruned.artifacts.len(),
                bytes = pruned.bytes,
                "let go"
            ),
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(target: "retention", error, "nothing let go");
            }
        }
    }

    async fn while_draining(&self, phase: &mut watch::Receiver<Phase>) {
        let began = Instant::now();
        let mut reports = interval(DRAIN_REPORT);
        loop {
            tokio::select! {
                () = self.drain.ended() => return,
                () = sleep_until(began + self.drain_bound) => break,
                _ = phase.wait_for(|phase| *phase > Phase::Draining) => break,
                _ = reports.tick() => self.report(began),
            }
        }
        let cut_off = self.transfers();
        if cut_off > 0 {
            tracing::warn!(target: "drain", downloads = cut_off, "cut off: each device may hang for up to 42 minutes");
        }
    }

    fn report(&self, began: Instant) {
        let downloads = self.transfers();
        if downloads > 0 {
            let left = self.drain_bound.saturating_sub(began.elapsed()).as_secs();
            tracing::info!(target: "drain", downloads, seconds_left = left, "waiting for running downloads");
        }
    }

    fn transfers(&self) -> usize {
        self.shared.transfers.load(Ordering::Relaxed)
    }
}
