//! A stub resolver like lwIP's: one question to one server, asked again a few times.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use thiserror::Error;

/// Times that a question is sent.
const TRIES: u8 = 3;
/// How long each waits for its answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// The largest answer over UDP without extensions (RFC 1035, 4.2.1).
const MOST_BYTES: usize = 512;

/// Why a name has no address.
#[derive(Debug, Error)]
pub enum DnsError {
    /// The name server says that there is no such name.
    #[error("there is no name {name}")]
    NoSuchName {
        /// The name.
        name: String,
    },
    /// The name exists and has no address.
    #[error("{name} has no address")]
    NoAddress {
        /// The name.
        name: String,
    },
    /// The text cannot be a name.
    #[error("{name:?} is no host name")]
    NotAName {
        /// The text.
        name: String,
    },
    /// The name server has no answer, or none for us.
    #[error("name server {server} answers {code}")]
    Refused {
        /// The server.
        server: SocketAddr,
        /// Its response code, in words.
        code: ResponseCode,
    },
    /// The name server is silent.
    #[error("name server {server} does not answer")]
    Silent {
        /// The server.
        server: SocketAddr,
    },
    /// The socket, or the system's own resolver, failed.
    #[error("name lookup")]
    Io(#[from] io::Error),
}

/// How a board finds addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolver {
    /// As the computer does that it runs on.
    System,
    /// By asking this name server.
    Server(SocketAddr),
}

impl Resolver {
    /// The address of a host: its own if it is written as one, else the first that the name has.
    pub fn resolve(&self, host: &str) -> Result<IpAddr, DnsError> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        match self {
            Self::System => first(host, &system(host)?),
            Self::Server(server) => match ask_for(*server, host, RecordType::A)?.as_slice() {
                [] => first(host, &ask_for(*server, host, RecordType::AAAA)?),
                [address, ..] => Ok(*address),
            },
        }
    }

    /// Every address that a host name has, IPv4 before IPv6; at least one.
    pub fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let addresses = match self {
            Self::System => system(name)?,
            Self::Server(server) => {
                let v4 = ask_for(*server, name, RecordType::A)?;
                match ask_for(*server, name, RecordType::AAAA) {
                    // Some name servers take no other question than the first.
                    Err(_) if !v4.is_empty() => v4,
                    v6 => [v4, v6?].concat(),
                }
            }
        };
        first(name, &addresses)?;
        Ok(addresses)
    }
}

fn first(name: &str, addresses: &[IpAddr]) -> Result<IpAddr, DnsError> {
    addresses.first().copied().ok_or_else(|| DnsError::NoAddress { name: name.to_owned() })
}

/// IPv4 first, as the device does.
fn system(host: &str) -> Result<Vec<IpAddr>, DnsError> {
    let mut addresses: Vec<_> = (host, 0).to_socket_addrs()?.map(|address| address.ip()).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.dedup();
    Ok(addresses)
}

/// What the name has of this kind of record, perhaps nothing.
fn ask_for(server: SocketAddr, host: &str, kind: RecordType) -> Result<Vec<IpAddr>, DnsError> {
    let mut name = Name::from_ascii(host).map_err(|_| DnsError::NotAName { name: host.to_owned() })?;
    name.set_fqdn(true);
    let answer = ask(server, &Query::query(name, kind))?;
    match answer.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Err(DnsError::NoSuchName { name: host.to_owned() }),
        code => return Err(DnsError::Refused { server, code }),
    }
    // An alias comes with the address that it leads to.
    let addresses = answer.answers.iter().filter_map(|record| match &record.data {
        RData::A(address) => Some(IpAddr::from(address.0)),
        RData::AAAA(address) => Some(IpAddr::from(address.0)),
        _ => None,
    });
    Ok(addresses.collect())
}

fn ask(server: SocketAddr, query: &Query) -> Result<Message, DnsError> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(query.clone());
    let bytes = question.to_vec().map_err(io::Error::other)?;
    for _ in 0..TRIES {
        socket.send(&bytes)?;
        if let Some(answer) = wait(&socket, question.metadata.id, query)? {
            return Ok(answer);
        }
    }
    Err(DnsError::Silent { server })
}

/// The answer with this id to this question; anything else that comes in is not ours.
fn wait(socket: &UdpSocket, id: u16, query: &Query) -> Result<Option<Message>, DnsError> {
    let end = Instant::now() + PATIENCE;
    let mut buffer = [0; MOST_BYTES];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left))?;
        let len = match socket.recv(&mut buffer) {
            Ok(len) => len,
            // A closed port is reported as refused, after a time-out there is nothing.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(None);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let answer = buffer.get(..len).and_then(|bytes| Message::from_vec(bytes).ok());
        let ours = |answer: &Message| {
            answer.metadata.id == id
                && answer.metadata.message_type == MessageType::Response
                && answer.queries.first() == Some(query)
        };
        if let Some(answer) = answer.filter(ours) {
            return Ok(Some(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::A;

    use super::*;

    #[test]
    fn a_name_server_that_knows_one_kind_of_record_is_enough() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Resolver::Server(socket.local_addr().unwrap());
        let asked = thread::spawn(move || server.addresses("ota.lan").unwrap());
        for _ in 0..2 {
            let mut buffer = [0; MOST_BYTES];
            let (len, from) = socket.recv_from(&mut buffer).unwrap();
            let question = Message::from_vec(&buffer[..len]).unwrap();
            let query = question.queries[0].clone();
            let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
            if query.query_type() == RecordType::A {
                let address = RData::A(A(Ipv4Addr::LOCALHOST));
                answer.add_answer(Record::from_rdata(query.name().clone(), 0, address));
            } else {
                answer.metadata.response_code = ResponseCode::NotImp;
            }
            answer.add_query(query);
            socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
        }
        assert_eq!(asked.join().unwrap(), [Ipv4Addr::LOCALHOST]);
    }
}
