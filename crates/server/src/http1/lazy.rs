//! Reading from a plain socket into a buffer that is there only while something is in it: an idle connection has none.
//! (A TLS connection brings such a buffer of its own.)

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::PLAIN_READ;
use crate::socket::Socket;

/// A socket with a read buffer that comes and goes.
pub(crate) struct Lazy {
    socket: Socket,
    buffer: Vec<u8>,
    read: usize,
}

impl Lazy {
    pub(crate) const fn new(socket: Socket) -> Self {
        Self { socket, buffer: Vec::new(), read: 0 }
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.socket.poll_readable(cx))?;
        let mut bytes = vec![0; PLAIN_READ];
        let mut room = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut room))?;
        let filled = room.filled().len();
        bytes.truncate(filled);
        (self.buffer, self.read) = (bytes, 0);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Lazy {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.read >= this.buffer.len() {
            ready!(this.fill(cx))?;
        }
        Poll::Ready(Ok(this.buffer.get(this.read..).unwrap_or_default()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.read += amount;
        if this.read >= this.buffer.len() {
            (this.buffer, this.read) = (Vec::new(), 0);
        }
    }
}

impl AsyncRead for Lazy {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(cx))?;
        let amount = bytes.len().min(room.remaining());
        room.put_slice(bytes.get(..amount).unwrap_or_default());
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lazy {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
