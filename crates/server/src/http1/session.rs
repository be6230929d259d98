//! One connection: request after request, until either side has had enough.

use std::io::{self, IoSlice};
use std::pin::pin;
use std::time::Duration;

use bytes::Buf;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep_until, timeout};

use super::body::{self, Announced};
use super::head::{Head, Refused, read};
use super::reply::Form;
use super::{Method, Reply, Status, Transfer};
use crate::drain::Draining;
use crate::limits::{LINGER, LINGER_BYTES};

/// What answers the requests of a connection.
pub(crate) trait Handler: Sync {
    /// What a request comes to. It is all that is kept of its head.
    type Plan: Send;

    /// Reads a request.
    fn plan(&self, head: &Head<'_>) -> Self::Plan;

    /// Bytes of a body that a request may have. None: it takes no body, and what follows its head is not read.
    fn takes(&self, plan: &Self::Plan) -> Option<usize>;

    /// Answers it, with its body if it takes one.
    fn answer(&self, plan: Self::Plan, body: Vec<u8>) -> impl Future<Output = Reply> + Send;
}

/// How long a connection lasts.
pub(crate) struct Rules {
    /// From the end of the last answer to the end of the next request's head.
    pub(crate) head: Duration,
    /// When idle connections are to end.
    pub(crate) draining: Draining,
}

/// A request as far as its connection is concerned.
struct Asked<P> {
    plan: P,
    form: Form,
    body: Follows,
}

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The next request.
    Nothing,
    /// A body that nobody reads.
    Unread,
    /// A body for whoever asked for it.
    Body { length: usize, waits: bool },
    /// A body that cannot be taken.
    Refused(Status),
}

/// Serves a connection until it ends. An error is one of the connection, which the peer knows better than we do.
pub(crate) async fn serve<S, H>(mut stream: S, handler: &H, rules: Rules) -> io::Result<()>
where
    S: AsyncBufRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    let Rules { head, draining } = rules;
    let mut draining = pin!(draining.begun());
    let mut drains = false;
    // What has come of a head that did not come at once.
    let mut begun = Vec::new();
    loop {
        let asking = timeout(head, next(&mut stream, &mut begun, handler));
        let asked = tokio::select! {
            biased;
            () = &mut draining, if !drains => {
                drains = true;
                // A request that is on its way is still answered.
                if begun.is_empty() {
                    return stream.shutdown().await;
                }
                continue;
            }
            asked = asking => asked,
        };
        let asked = match asked {
            Ok(Ok(Ok(Some(asked)))) => asked,
            Ok(Ok(Err(refused))) => return refuse(&mut stream, refused).await,
            Ok(Err(error)) => return Err(error),
            Ok(Ok(Ok(None))) | Err(_) => return stream.shutdown().await,
        };
        let Asked { plan, mut form, body } = asked;
        form.last |= drains;
        let reply = match take(&mut stream, body, head).await? {
            Ok(body) => handler.answer(plan, body).await,
            Err(status) => Reply::empty(status),
        };
        write(&mut stream, reply, form).await?;
        if form.last {
            let unread = matches!(body, Follows::Unread | Follows::Refused(_));
            return if unread { linger(&mut stream).await } else { stream.shutdown().await };
        }
    }
}

impl<P> Asked<P> {
    fn of<H: Handler<Plan = P>>(head: &Head<'_>, handler: &H) -> Self {
        let plan = handler.plan(head);
        let body = Follows::of(head, handler.takes(&plan));
        let unread = matches!(body, Follows::Unread | Follows::Refused(_));
        let form = Form {
            http_1_0: head.http_1_0,
            last: unread || head.is_last(),
            only_head: head.method == Method::Head,
        };
        Self { plan, form, body }
    }
}

impl Follows {
    fn of(head: &Head<'_>, takes: Option<usize>) -> Self {
        match takes {
            None if head.announces_body() => Self::Unread,
            None => Self::Nothing,
            Some(limit) => {
                let announced = Announced::by(head);
                let body = |length| Self::Body { length, waits: announced.waits };
                announced.within(limit).map_or_else(Self::Refused, body)
            }
        }
    }
}

/// The body that a request takes; an error is the answer to one that cannot be taken. It has as long as a head has.
async fn take<S>(stream: &mut S, body: Follows, limit: Duration) -> io::Result<Result<Vec<u8>, Status>>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    match body {
        Follows::Nothing | Follows::Unread => Ok(Ok(Vec::new())),
        Follows::Refused(status) => Ok(Err(status)),
        Follows::Body { length, waits } => {
            let read = timeout(limit, body::read(stream, length, waits)).await;
            read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map(Ok)
        }
    }
}

/// The next request; none if the peer has closed. A head that comes at once is read where it lies.
async fn next<S, H>(
    stream: &mut S,
    begun: &mut Vec<u8>,
    handler: &H,
) -> io::Result<Result<Option<Asked<H::Plan>>, Refused>>
where
    S: AsyncBufRead + Unpin,
    H: Handler,
{
    loop {
        let come = stream.fill_buf().await?;
        if come.is_empty() {
            return Ok(Ok(None));
        }
        let (before, all) = (begun.len(), come.len());
        if before > 0 {
            begun.extend_from_slice(come);
        }
        let bytes = if before > 0 { begun.as_slice() } else { come };
        match read(bytes, |head| Asked::of(head, handler)) {
            Err(refused) => return Ok(Err(refused)),
            Ok(Some((asked, length))) => {
                *begun = Vec::new();
                // The first `before` bytes of the head have left the stream already.
                stream.consume(length.saturating_sub(before));
                return Ok(Ok(Some(asked)));
            }
            Ok(None) if before == 0 => begun.extend_from_slice(come),
            Ok(None) => {}
        }
        stream.consume(all);
    }
}

/// Head and first bytes go out together. What TLS took is handed on before it takes more: a slow reader costs one record.
async fn write<S: AsyncWrite + Unpin>(stream: &mut S, reply: Reply, form: Form) -> io::Result<()> {
    let (mut head, mut body, mut transfer) = reply.into_bytes(form);
    while !(head.is_empty() && body.is_empty()) {
        let portion = transfer.as_ref().map_or(usize::MAX, Transfer::portion).min(body.len());
        let part = body.get(..portion).unwrap_or_default();
        let taken = stream.write_vectored(&[IoSlice::new(&head), IoSlice::new(part)]).await?;
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_head = taken.min(head.len());
        let of_body = (taken - of_head).min(body.len());
        head.advance(of_head);
        body.advance(of_body);
        let next = transfer.as_mut().and_then(|transfer| transfer.take(of_body as u64));
        stream.flush().await?;
        if let Some(next) = next.filter(|_| !body.is_empty()) {
            sleep_until(next).await;
        }
    }
    if let Some(transfer) = transfer {
        transfer.flushed();
    }
    Ok(())
}

async fn refuse<S>(stream: &mut S, refused: Refused) -> io::Result<()>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    let status = match refused {
        Refused::Malformed => Status::BadRequest,
        Refused::TooLarge => Status::HeadTooLarge,
    };
    write(stream, Reply::empty(status), Form { last: true, ..Form::default() }).await?;
    linger(stream).await
}

/// Ends a connection on which more may come than was read: closed at once, it would be reset, and the answer lost.
async fn linger<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    let rest = async {
        let mut left = LINGER_BYTES;
        while left > 0 {
            let come = stream.fill_buf().await?.len();
            if come == 0 {
                break;
            }
            stream.consume(come);
            left = left.saturating_sub(come);
        }
        Ok(())
    };
    timeout(LINGER, rest).await.unwrap_or(Ok(()))
}
