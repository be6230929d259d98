//! A connection's socket, watched: it notices a peer that takes nothing for too long, and plain HTTP where TLS is due.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// The peer speaks HTTP to a listener that speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("plain HTTP on the HTTPS port")]
pub(crate) struct PlainHttp;

/// A watched socket.
pub(crate) struct Socket {
    stream: TcpStream,
    stall: Duration,
    /// Runs while the peer takes nothing.
    patience: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    expects_tls: bool,
}

impl Socket {
    /// Watches `stream`: a write fails when the peer took nothing for `stall`; with `expects_tls`, the first read fails
    /// with [`PlainHttp`] if what comes is an HTTP request.
    pub(crate) const fn new(stream: TcpStream, stall: Duration, expects_tls: bool) -> Self {
        Self { stream, stall, patience: None, waiting: false, expects_tls }
    }

    /// Ready when there is something to read, or the peer has closed.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_read_ready(cx)
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(self.stall)));
        if !self.waiting {
            self.waiting = true;
            patience.as_mut().reset(Instant::now() + self.stall);
        }
        patience.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Whether bytes begin as a request line does and no TLS record can: with a capital letter.
fn begins_a_request(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_uppercase)
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if this.expects_tls && read.is_ready() {
            this.expects_tls = false;
            if begins_a_request(buf.filled().get(before..).unwrap_or_default()) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, PlainHttp)));
            }
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.watch(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Dropping the socket closes it, which says the same to the peer with one system call less. What ends before,
    /// ends by TLS's goodbye or by its length.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
