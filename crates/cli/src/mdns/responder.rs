//! The responder at work, until dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use mdns_sd::{DaemonEvent, IfKind, IfPredicate, Receiver, ServiceDaemon};
use socket2::{Domain, Socket, Type};

use super::Plan;
use super::probe::holder;

/// How long the names are taken back when it ends, which tells others at once instead of after two minutes.
const GOODBYE: Duration = Duration::from_secs(1);

/// Answers for the names of a plan.
pub struct Responder(ServiceDaemon);

impl Responder {
    /// Begins, in threads of its own: each name is answered for as soon as it is known that no other machine does.
    pub fn start(plan: &Plan) -> Result<Self> {
        try_port(plan.udp_port).with_context(|| format!("UDP port {}", plan.udp_port))?;
        let daemon = ServiceDaemon::new_with_port(plan.udp_port)?;
        let responder = Self(daemon.clone());
        let (there, plan) = (plan.clone(), plan.clone());
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(IfKind::Predicate(IfPredicate::new(move |found| there.is_on(found.ip()))))?;
        let events = daemon.monitor()?;
        let work = move || {
            for label in &plan.labels {
                answer_for(label, &plan, &daemon);
            }
            tell(&events);
        };
        thread::Builder::new().name("mdns".into()).spawn(work)?;
        Ok(responder)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // Whatever fails here: names that nobody answers for are forgotten by themselves.
        if let Ok(ended) = self.0.shutdown() {
            let _ = ended.recv_timeout(GOODBYE);
        }
    }
}

/// Answers for a name from now on, unless another machine does.
fn answer_for(label: &str, plan: &Plan, daemon: &ServiceDaemon) {
    if let Some(other) = holder(plan, label) {
        return tracing::warn!(
            target: "mdns",
            "{label}.local is {other}'s on this network, and nothing is answered for it here; give one of the two \
             machines another name"
        );
    }
    match plan.service(label).and_then(|service| daemon.register(service)) {
        Ok(()) => tracing::info!(target: "mdns", "this machine answers for {label}.local"),
        Err(error) => tracing::warn!(target: "mdns", "nobody answers for {label}.local: {error}"),
    }
}

/// Whether a port can be shared with the other responders of this machine. mdns-sd finds out in its own thread, and
/// tells nobody.
fn try_port(port: u16) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())
}

/// Logs what goes wrong, until the responder ends.
fn tell(events: &Receiver<DaemonEvent>) {
    while let Ok(event) = events.recv() {
        match event {
            DaemonEvent::Error(error) => tracing::warn!(target: "mdns", "{error}"),
            event => tracing::debug!(target: "mdns", "{event:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Instant;

    use hickory_proto::op::{Message, Query};
    use hickory_proto::rr::{Name, RData, RecordType};

    use super::*;

    const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
    const START: Duration = Duration::from_secs(10);

    /// A socket of any port that sends multicast over loopback, as a board's resolver does over its Wi-Fi.
    fn board() -> io::Result<UdpSocket> {
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

    #[test]
    fn a_port_that_another_program_keeps_to_itself_is_told_at_the_start() {
        let taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let udp_port = taken.local_addr().unwrap().port();
        let plan =
            Plan { labels: vec!["seal".into()], listening: (Ipv4Addr::LOCALHOST, 3443).into(), udp_port };
        let error = Responder::start(&plan).err().expect("it began");
        assert!(format!("{error:#}").starts_with(&format!("UDP port {udp_port}: ")), "{error:#}");
    }
}
