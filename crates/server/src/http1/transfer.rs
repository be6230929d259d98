//! How much of an artifact was handed to the socket, and how fast.

use std::sync::Arc;

use tokio::time::Instant;

use crate::pacer::Pacer;

/// Counts one transfer. Whoever began it is told once how it ended: with its size if every byte is with the socket, else
/// with less, and never with more than is.
pub(crate) struct Transfer {
    size: u64,
    taken: u64,
    held_back: u64,
    pacer: Option<Arc<Pacer>>,
    ending: Option<Box<dyn FnOnce(u64) + Send>>,
}

impl Transfer {
    /// A transfer of `size` bytes over a connection that may hold back so many that it took.
    pub(crate) fn new(size: u64, held_back: u64, ending: impl FnOnce(u64) + Send + 'static) -> Self {
        Self { size, taken: 0, held_back, pacer: None, ending: Some(Box::new(ending)) }
    }

    /// The same no faster than `pacer` allows, if there is one.
    pub(crate) fn paced(mut self, pacer: Option<Arc<Pacer>>) -> Self {
        self.pacer = pacer;
        self
    }

    /// The most bytes that go out before it is asked [how long to wait](Self::take).
    pub(crate) fn portion(&self) -> usize {
        if self.pacer.is_some() { Pacer::PORTION } else { usize::MAX }
    }

    /// The connection took so many more. Gives when the next may follow, if not at once.
    pub(crate) fn take(&mut self, bytes: u64) -> Option<Instant> {
        self.taken += bytes;
        self.pacer.as_ref().filter(|_| bytes > 0).map(|pacer| pacer.book(bytes))
    }

    /// All that the connection took is with the socket.
    pub(crate) fn flushed(mut self) {
        if self.taken == self.size {
            self.end(self.size);
        }
    }

    fn end(&mut self, handed_over: u64) {
        if let Some(ending) = self.ending.take() {
            ending(handed_over);
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        let handed_over = self.taken.saturating_sub(self.held_back);
        self.end(handed_over.min(self.size.saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn ended(act: impl FnOnce(Transfer)) -> u64 {
        let ended = Arc::new(AtomicU64::new(u64::MAX));
        let told = Arc::clone(&ended);
        act(Transfer::new(100, 30, move |bytes| told.store(bytes, Ordering::Relaxed)));
        ended.load(Ordering::Relaxed)
    }

    #[test]
    fn it_is_whole_when_all_was_taken_and_flushed() {
        assert_eq!(
            ended(|mut transfer| {
                transfer.take(100);
                transfer.flushed();
            }),
            100
        );
    }

    #[test]
    fn otherwise_it_says_no_more_than_is_with_the_socket() {
        assert_eq!(
            ended(|mut transfer| {
                transfer.take(100);
            }),
            70,
            "taken and not flushed"
        );
        assert_eq!(
            ended(|mut transfer| {
                transfer.take(20);
            }),
            0
        );
        assert_eq!(
            ended(|mut transfer| {
                transfer.take(40);
                transfer.flushed();
            }),
            10,
            "flushed before the end"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_paced_goes_out_in_portions_and_waits_between_them() {
        let transfer = || Transfer::new(64 * 1024, 0, |_| ());
        assert_eq!((transfer().portion(), transfer().take(9)), (usize::MAX, None));
        let mut paced = transfer().paced(Some(Arc::new(Pacer::new(4096))));
        assert_eq!(paced.portion(), Pacer::PORTION);
        let next = paced.take(4096).unwrap();
        assert_eq!((next - Instant::now()).as_millis(), 1_000);
        assert_eq!(paced.take(0), None, "a head is not paced");
    }
}
