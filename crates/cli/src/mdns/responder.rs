//! The responder at work, until dropped.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use mdns_sd::{DaemonEvent, Receiver, ServiceDaemon};

use super::Plan;

/// How long the names are taken back when it ends, which tells others at once instead of after two minutes.
const GOODBYE: Duration = Duration::from_millis(500);

/// Answers for the names of a plan.
pub struct Responder {
    daemon: ServiceDaemon,
    services: Vec<String>,
}

impl Responder {
    /// Begins, in threads of its own. Sockets are opened there: what goes wrong with them is logged.
    pub fn start(plan: &Plan) -> Result<Self> {
        let daemon = ServiceDaemon::new_with_port(plan.udp_port)?;
        let mut responder = Self { daemon, services: Vec::new() };
        let daemon = &responder.daemon;
        let events = daemon.monitor()?;
        thread::Builder::new().name("mdns".into()).spawn(move || tell(&events))?;
        let (without, with) = plan.interfaces();
        daemon.disable_interface(without)?;
        daemon.enable_interface(with)?;
        for service in plan.services()? {
            let name = service.get_fullname().to_owned();
            daemon.register(service)?;
            responder.services.push(name);
        }
        Ok(responder)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // Whatever fails here: names that nobody answers for are forgotten by themselves.
        for service in &self.services {
            if let Ok(gone) = self.daemon.unregister(service) {
                let _ = gone.recv_timeout(GOODBYE);
            }
        }
        if let Ok(ended) = self.daemon.shutdown() {
            let _ = ended.recv_timeout(GOODBYE);
        }
    }
}

/// Logs what an operator should know, until the responder ends; the same trouble once.
fn tell(events: &Receiver<DaemonEvent>) {
    let mut said = None;
    while let Ok(event) = events.recv() {
        let trouble = match event {
            DaemonEvent::Error(error) => format!("no answers to mDNS: {error}"),
            DaemonEvent::NameChange(change) => {
                format!(
                    "{} is another machine's on this network; this one answers to {}",
                    change.original, change.new_name
                )
            }
            event => {
                tracing::debug!(target: "mdns", "{event:?}");
                continue;
            }
        };
        if said.as_ref() != Some(&trouble) {
            tracing::warn!(target: "mdns", "{trouble}");
            said = Some(trouble);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::time::Instant;

    use hickory_proto::op::{Message, Query};
    use hickory_proto::rr::{Name, RData, RecordType};
    use socket2::{Domain, Socket, Type};

    use super::*;

    const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
    const START: Duration = Duration::from_secs(10);

    /// A socket of any port that sends multicast over loopback, as a board's resolver does over its Wi-Fi.
    fn board() -> std::io::Result<UdpSocket> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        Ok(socket.into())
    }

    /// Whether this machine hands multicast on loopback back to itself.
    fn has_multicast() -> bool {
        let listening = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        listening.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let port = listening.local_addr().unwrap().port();
        let heard = listening
            .join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)
            .and_then(|()| board()?.send_to(b"?", (GROUP, port)))
            .and_then(|_| listening.recv_from(&mut [0; 8]));
        if let Err(error) = &heard {
            println!("skipped: no multicast on loopback ({error})");
        }
        heard.is_ok()
    }

    /// Asks once for a name's IPv4 address, with a number of its own (RFC 6762, section 6.7).
    fn ask(board: &UdpSocket, name: &str, id: u16, port: u16) -> Option<Message> {
        let mut query = Message::query();
        query.metadata.id = id;
        query.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        board.send_to(&query.to_vec().unwrap(), (GROUP, port)).unwrap();
        let mut buffer = [0; 1500];
        let (length, _) = board.recv_from(&mut buffer).ok()?;
        Message::from_vec(&buffer[..length]).ok()
    }

    #[test]
    fn a_boards_one_shot_query_is_answered_to_the_port_that_it_came_from() {
        if !has_multicast() {
            return;
        }
        let port = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port();
        let plan = Plan {
            labels: vec!["seal".into()],
            listening: (Ipv4Addr::LOCALHOST, 3443).into(),
            udp_port: port,
        };
        let responder = Responder::start(&plan).unwrap();
        let (board, begin) = (board().unwrap(), Instant::now());
        let answer = loop {
            // The name is probed for before it is answered for (RFC 6762, section 8.1).
            assert!(begin.elapsed() < START, "no answer");
            if let Some(answer) = ask(&board, "seal.local.", 4711, port) {
                break answer;
            }
        };
        assert_eq!(answer.metadata.id, 4711, "lwIP drops an answer with another number");
        assert_eq!(answer.queries.len(), 1, "and one without the question");
        let address = RData::A(Ipv4Addr::LOCALHOST.into());
        assert!(answer.answers.iter().any(|record| record.data == address), "{answer:?}");

        assert!(ask(&board, "walrus.local.", 4712, port).is_none(), "another's name");
        drop(responder);
        assert!(ask(&board, "seal.local.", 4713, port).is_none(), "it has ended");
    }
}
