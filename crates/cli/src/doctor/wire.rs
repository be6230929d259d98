//! The socket of an examination: what comes in is measured, and nothing is waited for beyond a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::meter::{Meter, Records};

/// How long a write may wait for a server that takes nothing.
const WRITE: Duration = Duration::from_secs(5);
/// Of what comes in first so many bytes are kept, to see what it is.
const FIRST: usize = 16;

/// A connected socket with a deadline.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
    deadline: Instant,
    meter: Meter,
    first: Vec<u8>,
}

impl Wire {
    /// Watches `socket`; the first deadline is `patience` from now.
    pub fn new(socket: TcpStream, patience: Duration) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(WRITE))?;
        Ok(Self { socket, deadline: Instant::now() + patience, meter: Meter::default(), first: Vec::new() })
    }

    /// Gives whatever comes next `patience` from now, all of it together.
    pub fn give(&mut self, patience: Duration) {
        self.deadline = Instant::now() + patience;
    }

    /// The other end.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.socket.peer_addr()
    }

    /// What came in, as TLS.
    pub const fn records(&self) -> Records {
        self.meter.records()
    }

    /// The first bytes that came in.
    pub fn first(&self) -> &[u8] {
        &self.first
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        let length = match self.socket.read(buffer) {
            // What a socket's time-out is called depends on the system.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            read => read?,
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        let room = FIRST.saturating_sub(self.first.len()).min(length);
        self.first.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.meter.take(bytes);
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.socket.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
