//! The connection of a device: plain or TLS, opened once, read in the few ways in which the Arduino client reads.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::verdict::{Flag, Flags};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use thiserror::Error;

use crate::dns::{DnsError, Resolver};
use crate::tls::{self, Distrust, Stack, Trust};
use crate::url::Url;

/// How long a device waits for its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP connection.
    pub connect: Duration,
    /// For each flight of the TLS handshake.
    pub handshake: Duration,
    /// For more of the response's head; on TLS also for the first byte of the body.
    pub response: Duration,
    /// Between the head and the look at the first byte of the body. On plain TCP that look does not wait.
    pub before_body: Duration,
    /// For more of the body, each of [`Self::stall_tries`] times.
    pub stall: Duration,
    /// Between two such tries.
    pub stall_pause: Duration,
    /// After so many tries without a byte the download is given up.
    pub stall_tries: u32,
}

impl Timeouts {
    /// A device's own: it holds on to a dead download for about 42 minutes.
    pub const DEVICE: Self = Self {
        connect: Duration::from_secs(5),
        handshake: Duration::from_mins(2),
        response: Duration::from_secs(8),
        before_body: Duration::from_millis(100),
        stall: Duration::from_secs(8),
        stall_pause: Duration::from_millis(100),
        stall_tries: 300,
    };
}

impl Default for Timeouts {
    /// A device's, but a dead download is given up after 30 seconds: as many tries, a hundred milliseconds each.
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(20),
            stall: Duration::from_millis(100),
            stall_pause: Duration::ZERO,
            ..Self::DEVICE
        }
    }
}

/// Why there is no connection. All a sketch learns is -1.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The sketch set neither a CA nor `setInsecure`: nothing is sent at all.
    #[error("the sketch trusts nobody: neither a CA certificate nor setInsecure()")]
    NoTrust,
    /// The name has no address.
    #[error("name lookup of {host}")]
    Lookup {
        /// The host of the URL.
        host: String,
        /// Why.
        source: DnsError,
    },
    /// Nobody accepts the connection.
    #[error("connection to {address}")]
    Tcp {
        /// Where to.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The host can stand in no certificate.
    #[error("{host:?} can be no TLS server name")]
    ServerName {
        /// The host of the URL.
        host: String,
    },
    /// The server's certificate, or the board's own anchors, are not good enough.
    #[error("certificate")]
    Distrust {
        /// The fault that decides which alert the server gets.
        source: Distrust,
        /// All that the TLS library reports.
        flags: Flags,
    },
    /// The TLS handshake failed otherwise.
    #[error("TLS handshake")]
    Handshake(#[source] rustls::Error),
    /// The connection broke during the handshake.
    #[error("connection during the TLS handshake")]
    Broken(#[source] io::Error),
}

impl From<Distrust> for ConnectError {
    fn from(source: Distrust) -> Self {
        Self::Distrust { flags: source.flag().into(), source }
    }
}

impl ConnectError {
    /// Whether all would be well if the clock showed another time.
    pub fn is_by_dates_alone(&self) -> bool {
        matches!(self, Self::Distrust { flags, .. } if flags.without([Flag::Expired, Flag::Future]).is_empty())
    }
}

/// What a device needs to reach its server.
#[derive(Debug, Clone)]
pub struct Link {
    /// How names are found.
    pub resolver: Resolver,
    /// Whom the sketch trusts; looked at for `https` alone.
    pub trust: Trust,
    /// The device's TLS library.
    pub stack: Stack,
    /// Whether Mbed TLS was built to look at certificates' dates; the cores are not. BearSSL always looks.
    pub check_dates: bool,
    /// How long it waits.
    pub timeouts: Timeouts,
}

impl Link {
    /// A device on a core 3.x that trusts `trust` and asks the system for names.
    pub fn new(trust: Trust) -> Self {
        Self {
            resolver: Resolver::System,
            trust,
            stack: Stack::MbedTls3,
            check_dates: false,
            timeouts: Timeouts::default(),
        }
    }

    /// Connects as the URL says. `now` is what the board takes for the time.
    pub(crate) fn connect(&self, url: &Url, now: Time) -> Result<Connection, ConnectError> {
        let anchors = match &self.trust {
            _ if !url.secure => return Ok(Connection::new(Stream::Plain(self.tcp(url)?))),
            Trust::Unset => return Err(ConnectError::NoTrust),
            Trust::Insecure => None,
            Trust::Anchors(anchors) => Some(anchors),
        };
        let socket = self.tcp(url)?;
        let dates = (self.check_dates || self.stack.always_checks_dates()).then_some(now);
        let (config, verdict) = tls::client(self.stack, anchors, &url.host, dates)?;
        let server_name = ServerName::try_from(url.host.clone())
            .map_err(|_| ConnectError::ServerName { host: url.host.clone() })?;
        let session =
            ClientConnection::new(Arc::new(config), server_name).map_err(ConnectError::Handshake)?;
        let mut stream = StreamOwned::new(session, socket);
        self.shake_hands(&mut stream).map_err(|error| match verdict.get() {
            Some((source, flags)) => ConnectError::Distrust { source, flags },
            None => match error.downcast::<rustls::Error>() {
                Ok(error) => ConnectError::Handshake(error),
                Err(error) => ConnectError::Broken(error),
            },
        })?;
        Ok(Connection::new(Stream::Tls(Box::new(stream))))
    }

    fn shake_hands(&self, stream: &mut StreamOwned<ClientConnection, TcpStream>) -> io::Result<()> {
        stream.sock.set_read_timeout(Some(self.timeouts.handshake))?;
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(())
    }

    fn tcp(&self, url: &Url) -> Result<TcpStream, ConnectError> {
        let lookup = self.resolver.resolve(&url.host);
        let address = lookup.map_err(|source| ConnectError::Lookup { host: url.host.clone(), source })?;
        let address = SocketAddr::new(address, url.port);
        let connect = || {
            let socket = TcpStream::connect_timeout(&address, self.timeouts.connect)?;
            socket.set_nodelay(true)?;
            socket.set_write_timeout(Some(self.timeouts.response))?;
            Ok(socket)
        };
        connect().map_err(|source| ConnectError::Tcp { address, source })
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// What came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// This many bytes, at least one.
    Bytes(usize),
    /// Nothing in time.
    Nothing,
    /// Nothing, and nothing will: the peer has closed, or the connection broke.
    Closed,
}

/// An open connection. Dropping it closes the socket without a farewell, as the device does.
pub(crate) struct Connection {
    stream: Stream,
    buffer: Box<[u8; 4096]>,
    /// The part of the buffer that holds unread bytes.
    unread: std::ops::Range<usize>,
}

impl Connection {
    fn new(stream: Stream) -> Self {
        Self { stream, buffer: Box::new([0; 4096]), unread: 0..0 }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// Bytes that are there or come within `patience`.
    pub(crate) fn read(&mut self, into: &mut [u8], patience: Duration) -> Arrival {
        match self.fill(patience) {
            Arrival::Bytes(_) => {}
            nothing => return nothing,
        }
        let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
        let taken = unread.iter().zip(into.iter_mut()).map(|(from, to)| *to = *from).count();
        self.unread.start += taken;
        Arrival::Bytes(taken)
    }

    /// The next byte, left where it is. On TLS it is waited for; on plain TCP only what has come is seen.
    pub(crate) fn peek(&mut self, patience: Duration) -> Option<u8> {
        let plain = matches!(self.stream, Stream::Plain(_));
        self.fill(if plain { Duration::ZERO } else { patience });
        self.buffer.get(self.unread.clone())?.first().copied()
    }

    /// Makes sure that there are unread bytes, if any come.
    fn fill(&mut self, patience: Duration) -> Arrival {
        if self.unread.is_empty() {
            let arrival = self.receive(patience);
            self.unread = match arrival {
                Arrival::Bytes(len) => 0..len,
                Arrival::Nothing | Arrival::Closed => 0..0,
            };
            return arrival;
        }
        Arrival::Bytes(self.unread.len())
    }

    fn receive(&mut self, patience: Duration) -> Arrival {
        let received = match &mut self.stream {
            Stream::Plain(socket) => wait(socket, patience).and_then(|()| {
                let received = socket.read(&mut *self.buffer);
                socket.set_nonblocking(false).and(received)
            }),
            Stream::Tls(stream) => {
                let patience = patience.max(Duration::from_millis(1));
                wait(&stream.sock, patience).and_then(|()| stream.read(&mut *self.buffer))
            }
        };
        match received {
            Ok(0) => Arrival::Closed,
            Ok(len) => Arrival::Bytes(len),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Arrival::Nothing
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Arrival::Nothing,
            Err(_) => Arrival::Closed,
        }
    }
}

/// Sets how long the next read waits; a time-out of zero means "for ever" to the system, so that is another mode.
fn wait(socket: &TcpStream, patience: Duration) -> io::Result<()> {
    if patience.is_zero() { socket.set_nonblocking(true) } else { socket.set_read_timeout(Some(patience)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_to_blame_only_where_nothing_else_is() {
        let error = |flags| ConnectError::Distrust { source: Distrust::Usage("keyUsage"), flags };
        for flags in
            [Flags::from(Flag::Expired), Flag::Future.into(), Flags::from(Flag::Expired) | Flag::Future]
        {
            assert!(error(flags).is_by_dates_alone(), "{flags}");
        }
        for other in [Flag::Trust, Flag::Name, Flag::Usage, Flag::WeakKey, Flag::Parse] {
            assert!(!error(Flags::from(Flag::Expired) | other).is_by_dates_alone(), "{other:?}");
        }
    }
}
