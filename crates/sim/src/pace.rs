//! Waiting as a value: how fast a board's delays pass, and how its power is cut.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A power switch, shared with whoever may turn boards off.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Turns the boards off: every wait ends now, and their `run` returns.
    pub fn stop(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether they have been turned off.
    pub fn is_stopped(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, less if the power goes off.
    pub(crate) fn wait(&self, duration: Duration) {
        let stopped = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_timeout_while(stopped, duration, |stopped| !*stopped));
    }
}

/// How a sketch's delays pass.
#[derive(Debug, Clone)]
pub struct Pace {
    factor: f64,
    stop: Stop,
}

impl Pace {
    /// Delays as long as the sketch says.
    pub fn real(stop: Stop) -> Self {
        Self::scaled(1.0, stop)
    }

    /// Delays `factor` times as long; none with 0. What is not a delay of the sketch's (network time-outs) keeps its
    /// own length.
    pub fn scaled(factor: f64, stop: Stop) -> Self {
        Self { factor: if factor.is_finite() { factor.max(0.0) } else { 1.0 }, stop }
    }

    /// The switch.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    pub(crate) fn delay(&self, duration: Duration) {
        let scaled = Duration::try_from_secs_f64(duration.as_secs_f64() * self.factor);
        self.stop.wait(scaled.unwrap_or(Duration::MAX));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn turning_off_ends_a_wait_in_another_thread() {
        let pace = Pace::real(Stop::default());
        let begin = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| pace.delay(Duration::from_mins(10)));
            pace.stop().stop();
        });
        assert!(begin.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn no_factor_means_no_wait() {
        let begin = Instant::now();
        Pace::scaled(0.0, Stop::default()).delay(Duration::from_mins(10));
        assert!(begin.elapsed() < Duration::from_mins(1));
    }
}
