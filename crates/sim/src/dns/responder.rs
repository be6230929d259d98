//! A name server that knows a few names and says of every other that it does not exist.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{RData, Record, RecordType};

/// How often the thread looks whether it should end.
const TICK: Duration = Duration::from_millis(100);
/// Seconds that an answer may be kept: not at all, names change while one looks.
const TTL: u32 = 0;

/// A name server on the loopback address, in a thread of its own until dropped.
#[derive(Debug)]
pub struct Responder {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// Answers for these names, in any case, on a free port.
    pub fn start<'a>(names: impl IntoIterator<Item = (&'a str, IpAddr)>) -> io::Result<Self> {
        let names: BTreeMap<String, IpAddr> =
            names.into_iter().map(|(name, address)| (bare(name), address)).collect();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(TICK))?;
        let address = socket.local_addr()?;
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = thread::Builder::new().name("dns".into()).spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                serve(&socket, &names);
            }
        })?;
        Ok(Self { address, ended, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic; were it to, its last words are on stderr already.
            drop(thread.join());
        }
    }
}

/// Takes one question, if one comes, and answers it. What is no question gets no answer, and an answer that cannot be
/// sent is lost, as datagrams are.
fn serve(socket: &UdpSocket, names: &BTreeMap<String, IpAddr>) {
    let mut buffer = [0; 512];
    let Ok((len, from)) = socket.recv_from(&mut buffer) else { return };
    let question = buffer.get(..len).and_then(|bytes| Message::from_vec(bytes).ok());
    let is_question = |message: &Message| message.metadata.message_type == MessageType::Query;
    let answer = question.filter(is_question).and_then(|question| answer(&question, names).to_vec().ok());
    if let Some(answer) = answer {
        drop(socket.send_to(&answer, from));
    }
}

fn answer(question: &Message, names: &BTreeMap<String, IpAddr>) -> Message {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata = Metadata::response_from_request(&question.metadata);
    answer.metadata.authoritative = true;
    let [query] = question.queries.as_slice() else {
        answer.metadata.response_code = ResponseCode::FormErr;
        return answer;
    };
    answer.add_query(query.clone());
    if question.metadata.op_code != OpCode::Query {
        answer.metadata.response_code = ResponseCode::NotImp;
        return answer;
    }
    let data = match (query.query_type(), names.get(&bare(&query.name().to_ascii()))) {
        (_, None) => {
            answer.metadata.response_code = ResponseCode::NXDomain;
            return answer;
        }
        (RecordType::A, Some(IpAddr::V4(address))) => RData::A(A(*address)),
        (RecordType::AAAA, Some(IpAddr::V6(address))) => RData::AAAA(AAAA(*address)),
        _ => return answer,
    };
    answer.add_answer(Record::from_rdata(query.name().clone(), TTL, data));
    answer
}

fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{DnsError, Resolver};

    #[test]
    fn known_names_have_their_address_and_others_do_not_exist() {
        let v6: IpAddr = "::1".parse().unwrap();
        let responder =
            Responder::start([("ota.lan", Ipv4Addr::LOCALHOST.into()), ("Ota6.lan.", v6)]).unwrap();
        let resolver = Resolver::Server(responder.address());
        assert_eq!(resolver.resolve("OTA.lan").unwrap(), Ipv4Addr::LOCALHOST);
        assert_eq!(resolver.resolve("ota6.lan").unwrap(), v6);
        assert_eq!(resolver.resolve("192.0.2.7").unwrap(), Ipv4Addr::new(192, 0, 2, 7));
        assert!(matches!(resolver.resolve("otta.lan"), Err(DnsError::NoSuchName { .. })));
        assert!(matches!(resolver.resolve("ota..lan"), Err(DnsError::NotAName { .. })));
        assert_eq!(resolver.addresses("ota6.lan").unwrap(), [v6]);
        assert!(matches!(resolver.addresses("otta.lan"), Err(DnsError::NoSuchName { .. })));
    }

    #[test]
    fn a_name_server_that_is_gone_is_silent() {
        let gone = Responder::start([]).unwrap().address();
        assert!(matches!(Resolver::Server(gone).resolve("ota.lan"), Err(DnsError::Silent { .. })));
    }

    #[test]
    fn what_is_no_question_does_no_harm() {
        let responder = Responder::start([("ota.lan", Ipv4Addr::LOCALHOST.into())]).unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        for bytes in [&b""[..], b"\0", &[0xFF; 300]] {
            socket.send_to(bytes, responder.address()).unwrap();
        }
        let resolver = Resolver::Server(responder.address());
        assert_eq!(resolver.resolve("ota.lan").unwrap(), Ipv4Addr::LOCALHOST);
    }
}
