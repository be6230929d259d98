//! How much of an answer was handed to the socket, and when the last byte of it was.
//!
//! Above a connection's TLS there are two facts: how many bytes TLS took, and that a flush ended, with which all that
//! it took is with the socket. A transfer is whole when it was taken to the last byte and then flushed. Of one that
//! ended before, at least so many bytes were handed over as TLS took less what it can hold back.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Is told how many bytes were handed over when a transfer ends.
type Ending = Box<dyn FnOnce(u64) + Send>;

struct Transfer {
    size: u64,
    taken: Arc<AtomicU64>,
    ending: Ending,
}

/// The transfers under way on one connection: one, unless a client sends its next request early.
#[derive(Default)]
pub(crate) struct Meter {
    busy: AtomicBool,
    transfers: Mutex<Vec<Transfer>>,
}

impl Meter {
    /// Watches a transfer of `size` bytes, whose body counts in the returned number. `ending` is called once, with
    /// `size` if the transfer was whole and with less otherwise.
    pub(crate) fn watch(&self, size: u64, ending: impl FnOnce(u64) + Send + 'static) -> Arc<AtomicU64> {
        let taken = Arc::new(AtomicU64::new(0));
        let transfer = Transfer { size, taken: Arc::clone(&taken), ending: Box::new(ending) };
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner).push(transfer);
        self.busy.store(true, Ordering::Relaxed);
        taken
    }

    fn flushed(&self) {
        if !self.busy.load(Ordering::Relaxed) {
            return;
        }
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = transfers.extract_if(.., |t| t.taken.load(Ordering::Relaxed) >= t.size);
        let whole: Vec<Transfer> = whole.collect();
        self.busy.store(!transfers.is_empty(), Ordering::Relaxed);
        drop(transfers);
        for transfer in whole {
            (transfer.ending)(transfer.size);
        }
    }

    fn closed(&self, held_back: u64) {
        let transfers = std::mem::take(&mut *self.transfers.lock().unwrap_or_else(PoisonError::into_inner));
        for Transfer { size, taken, ending } in transfers {
            let taken = taken.load(Ordering::Relaxed).saturating_sub(held_back);
            ending(taken.min(size.saturating_sub(1)));
        }
    }
}

/// A connection that tells its [`Meter`] of flushes and of its end.
pub(crate) struct Metered<T> {
    stream: T,
    meter: Arc<Meter>,
    held_back: u64,
}

impl<T> Metered<T> {
    /// `held_back`: how many bytes `stream` may have taken and not handed on.
    pub(crate) const fn new(stream: T, meter: Arc<Meter>, held_back: u64) -> Self {
        Self { stream, meter, held_back }
    }
}

impl<T> Drop for Metered<T> {
    fn drop(&mut self) {
        self.meter.closed(self.held_back);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            this.meter.flushed();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
