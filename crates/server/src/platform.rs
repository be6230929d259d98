//! What differs between systems: descriptor limits, files for one's own eyes, and how several threads share one
//! listening address.
//!
//! On Linux each thread has a listening socket of its own (`SO_REUSEPORT`) and the kernel spreads connections over
//! them. Elsewhere the threads share one socket. Not tested on Windows and macOS.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use crate::limits::BACKLOG;
#[cfg(target_os = "linux")]
use crate::limits::KERNEL_UNSENT;

/// Ports that are tried where the system may choose one.
const PORTS_TRIED: usize = 8;

/// Raises the number of descriptors that this process may have open as far as the system lets it without privileges.
/// Returns how many there may be.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let found = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: found.maximum, maximum: found.maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { found.maximum } else { found.current };
    limit.unwrap_or(u64::MAX)
}

/// Windows has no such limit on sockets.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> u64 {
    u64::MAX
}

/// Makes a file that only its owner can read; fails if the path exists.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Listens on `address`, with `many` sockets for as many threads. All have the same port, also if the system chose it.
///
/// Fails if anything listens there already, another otary included: two servers that share a port by
/// `SO_REUSEPORT` would each get half of the devices.
pub(crate) fn listen(address: SocketAddr, many: usize) -> io::Result<Vec<TcpListener>> {
    until_free(address, || listen_once(address, many))
}

/// Opens again if another took the port that the system had chosen, before it was there for all threads.
fn until_free<T>(address: SocketAddr, mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut tried = 1;
    loop {
        match open() {
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 && tried < PORTS_TRIED =>
            {
                tried += 1;
            }
            opened => return opened,
        }
    }
}

fn listen_once(address: SocketAddr, many: usize) -> io::Result<Vec<TcpListener>> {
    let alone = open(address, false)?;
    let address = alone.local_addr()?;
    if cfg!(target_os = "linux") {
        drop(alone);
        (0..many).map(|_| open(address, true)).collect()
    } else {
        (0..many).map(|_| alone.try_clone()).collect()
    }
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // One listener for both families: devices come by IPv4, browsers by either.
        socket.set_only_v6(false)?;
    }
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    socket.set_reuse_port(shared)?;
    #[cfg(not(target_os = "linux"))]
    let _ = shared;
    #[cfg(target_os = "linux")]
    {
        // Accepted connections inherit both.
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_notsent_lowat(KERNEL_UNSENT)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Sets what every accepted connection has and does not inherit: no delay of small packets.
pub(crate) fn tune(connection: &tokio::net::TcpStream) -> io::Result<()> {
    if cfg!(target_os = "linux") { Ok(()) } else { connection.set_nodelay(true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_accepted_connection_is_without_delay() {
        let sockets = listen(([127, 0, 0, 1], 0).into(), 1).unwrap();
        let listener = tokio::net::TcpListener::from_std(sockets.into_iter().next().unwrap()).unwrap();
        let client = tokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (_client, accepted) = tokio::join!(client, listener.accept());
        let (connection, _) = accepted.unwrap();
        tune(&connection).unwrap();
        assert!(connection.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket2::SockRef::from(&connection).tcp_notsent_lowat().unwrap(), KERNEL_UNSENT);
    }

    #[test]
    fn a_port_that_the_system_chose_and_another_took_is_chosen_again_and_one_that_was_named_is_not() {
        let tries = |port: u16, free_at: usize| {
            let mut tried = 0;
            let opened = until_free(([127, 0, 0, 1], port).into(), || {
                tried += 1;
                if tried == free_at { Ok(()) } else { Err(io::ErrorKind::AddrInUse.into()) }
            });
            (opened.is_ok(), tried)
        };
        assert_eq!(tries(0, 3), (true, 3));
        assert_eq!(tries(0, 99), (false, PORTS_TRIED));
        assert_eq!(tries(3443, 2), (false, 1));
    }
}
