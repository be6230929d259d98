//! What an answer carries: nothing, a short text, or the bytes of an artifact, shared and never copied.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

/// A body of one piece, of known length: hyper sends it with `Content-Length`, together with the head.
#[derive(Debug, Default)]
pub(crate) struct Body(Option<Piece>);

/// Bytes that note how many of them the connection took.
#[derive(Debug)]
pub(crate) struct Piece {
    bytes: Bytes,
    taken: Option<Arc<AtomicU64>>,
}

impl Body {
    /// No bytes.
    pub(crate) const fn empty() -> Self {
        Self(None)
    }

    /// These bytes.
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self((!bytes.is_empty()).then_some(Piece { bytes, taken: None }))
    }

    /// These bytes, adding to `taken` as they go.
    pub(crate) fn counted(bytes: Bytes, taken: Arc<AtomicU64>) -> Self {
        Self((!bytes.is_empty()).then_some(Piece { bytes, taken: Some(taken) }))
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(taken) = &self.taken {
            taken.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
}

impl http_body::Body for Body {
    type Data = Piece;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Infallible>>> {
        Poll::Ready(self.get_mut().0.take().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |piece| piece.bytes.len() as u64))
    }
}
