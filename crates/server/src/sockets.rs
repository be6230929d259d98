//! The listening sockets, on every address that the options name.

use std::net::{SocketAddr, TcpListener};

use crate::platform::listen;
use crate::{Addresses, Options, ServeError};

/// Sockets that listen: one a worker for devices, one for operators.
pub(crate) struct Sockets {
    pub(crate) https: Vec<TcpListener>,
    pub(crate) http: Vec<TcpListener>,
    pub(crate) operator: Vec<TcpListener>,
    pub(crate) addresses: Addresses,
}

impl Sockets {
    /// Listens on all of them, or on none.
    pub(crate) fn open(options: &Options) -> Result<Self, ServeError> {
        let many = options.workers.max(1);
        let (https, secure_at) = open(options.https, many)?;
        let (http, plain_at) = match options.http {
            Some(address) => open(address, many).map(|(sockets, at)| (sockets, Some(at)))?,
            None => (Vec::new(), None),
        };
        let (operator, operator_at) = open(options.operator, 1)?;
        let addresses = Addresses { https: secure_at, http: plain_at, operator: operator_at };
        Ok(Self { https, http, operator, addresses })
    }
}

/// Listens on one address, and says which it is: the system may have chosen the port.
pub(crate) fn open(address: SocketAddr, many: usize) -> Result<(Vec<TcpListener>, SocketAddr), ServeError> {
    let opened = || {
        let sockets = listen(address, many)?;
        let at = sockets.first().map_or(Ok(address), TcpListener::local_addr)?;
        Ok((sockets, at))
    };
    opened().map_err(|source| ServeError::Listen { address, source })
}
