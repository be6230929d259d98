//! Lines on their way out, several in one write: there is a line for every check-in, and a write of its own for each
//! costs more than the check-in.
//!
//! A line waits for [`WAIT`] at most; more than [`FULL`] bytes do not wait. A process that is killed loses what waits,
//! one that ends by itself loses nothing as long as its [`Log`] is dropped.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The longest that a line waits.
const WAIT: Duration = Duration::from_millis(50);
/// Bytes that are written at once.
const FULL: usize = 32 * 1024;

/// Where lines gather.
#[derive(Clone)]
pub(super) struct Batch(Arc<Waiting>);

struct Waiting {
    lines: Mutex<Vec<u8>>,
    some: Condvar,
    wait: Duration,
}

/// The log, while it is open. Dropped, it writes what waits.
#[must_use]
pub struct Log(Batch);

impl Batch {
    /// Lines for standard error: gathered, or each by itself where somebody watches.
    pub(super) fn start(watched: bool) -> io::Result<(Self, Log)> {
        let wait = if watched { Duration::ZERO } else { WAIT };
        let batch = Self(Arc::new(Waiting { lines: Mutex::default(), some: Condvar::new(), wait }));
        if !watched {
            let batch = batch.clone();
            thread::Builder::new().name("log".into()).spawn(move || batch.write_on())?;
        }
        Ok((batch.clone(), Log(batch)))
    }

    /// Writes what has waited, again and again.
    fn write_on(&self) {
        loop {
            let lines = self.0.some.wait_while(self.lock(), |lines| lines.is_empty());
            drop(lines);
            thread::sleep(self.0.wait);
            write_out(&mut self.lock());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A log that cannot be written is no reason not to serve.
fn write_out(lines: &mut Vec<u8>) {
    let _ = io::stderr().write_all(lines);
    lines.clear();
}

impl Write for &Batch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = self.lock();
        if lines.is_empty() {
            self.0.some.notify_one();
        }
        lines.extend_from_slice(line);
        if self.0.wait.is_zero() || lines.len() > FULL {
            write_out(&mut lines);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Batch {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        write_out(&mut self.0.lock());
    }
}
