//! Asks a time server once.
//!
//! SNTP is not authenticated: what it says sets the clock, and a signed order of the update server overrules it.

use core::cell::RefCell;
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use edge_nal::{UdpBind, UdpReceive, UdpSend};
use embassy_time::{Duration, Instant, with_timeout};
use sntpc::{Error, NtpContext, NtpTimestampGenerator, NtpUdpSocket};

use crate::clock;

/// A time server answers in less than this or is asked again.
const LIMIT: Duration = Duration::from_secs(2);

/// Asks; whether the clock is set now.
pub async fn set_clock<U: UdpBind>(udp: &U, server: SocketAddr) -> bool {
    let ask = async {
        let any = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
        let socket = Socket(RefCell::new(udp.bind(any).await.map_err(|_| Error::Network)?));
        sntpc::get_time(server, &socket, NtpContext::new(Uptime::default())).await
    };
    match with_timeout(LIMIT, ask).await {
        Ok(Ok(told)) => clock::set(told.sec()),
        _ => false,
    }
}

/// Stamps requests with the uptime: the answer's own time is all that is used, and the stamp tells it from others.
#[derive(Clone, Copy, Default)]
struct Uptime {
    micros: u64,
}

impl NtpTimestampGenerator for Uptime {
    fn init(&mut self) {
        self.micros = clock::BUILT * 1_000_000 + Instant::now().as_micros();
    }

    fn timestamp_sec(&self) -> u64 {
        self.micros / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        (self.micros % 1_000_000) as u32
    }
}

/// A datagram socket that is used by one request at a time.
struct Socket<S>(RefCell<S>);

impl<S: UdpSend + UdpReceive> NtpUdpSocket for Socket<S> {
    #[expect(clippy::await_holding_refcell_ref, reason = "one request at a time, in turn")]
    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> sntpc::Result<usize> {
        self.0.borrow_mut().send(to, bytes).await.map_err(|_| Error::Network)?;
        Ok(bytes.len())
    }

    #[expect(clippy::await_holding_refcell_ref, reason = "one request at a time, in turn")]
    async fn recv_from(&self, bytes: &mut [u8]) -> sntpc::Result<(usize, SocketAddr)> {
        self.0.borrow_mut().receive(bytes).await.map_err(|_| Error::Network)
    }
}
