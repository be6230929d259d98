//! Whether a name is another machine's: asked for as RFC 6762 (section 8.1) has it, three times in three quarters of a
//! second, before this machine answers for it.
//!
//! mdns-sd probes as well, but takes an Avahi on this very machine for a stranger and gives way to it with another name,
//! which would be in no certificate. Here an answer that leads to this machine is none's.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use socket2::{Domain, Socket, Type};

use super::Plan;

/// Where mDNS is asked (RFC 6762, section 3).
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// How often a name is asked for, and how long each time is waited.
const TIMES: u8 = 3;
const PAUSE: Duration = Duration::from_millis(250);
/// The largest answer that is read, in bytes: an Ethernet frame's.
const MAX_ANSWER: usize = 1500;

/// The other machine that answers for a name of the plan, if one does. By IPv4, which all boards speak.
pub fn holder(plan: &Plan, label: &str) -> Option<IpAddr> {
    let ours: Vec<IpAddr> = if_addrs::get_if_addrs().ok()?.into_iter().map(|found| found.ip()).collect();
    let ways = ours.iter().filter(|address| plan.is_on(**address)).filter_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    });
    // An interface that cannot be asked over has nobody behind it.
    let sockets: Vec<UdpSocket> = ways.filter_map(|way| socket(way).ok()).collect();
    let question = question(label)?;
    for _ in 0..TIMES {
        for socket in &sockets {
            let _ = socket.send_to(&question, (GROUP, plan.udp_port));
        }
        let end = Instant::now() + PAUSE;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let answers = sockets.iter().filter_map(|socket| answer(socket, label));
            if let Some(other) = answers.flatten().find(|address| !ours.contains(address)) {
                return Some(other);
            }
            std::thread::sleep(left.min(PAUSE / 10));
        }
    }
    None
}

/// A socket that asks over the interface with this address.
fn socket(way: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.bind(&SocketAddr::from((way, 0)).into())?;
    socket.set_multicast_if_v4(&way)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn question(label: &str) -> Option<Vec<u8>> {
    let mut message = Message::query();
    message.add_query(Query::query(name(label)?, RecordType::A));
    message.to_vec().ok()
}

fn name(label: &str) -> Option<Name> {
    Name::from_ascii(format!("{label}.local.")).ok()
}

/// The addresses of the name in an answer that has come in, if one has.
fn answer(socket: &UdpSocket, label: &str) -> Option<Vec<IpAddr>> {
    let mut buffer = [0; MAX_ANSWER];
    let (length, _) = socket.recv_from(&mut buffer).ok()?;
    let message = Message::from_vec(buffer.get(..length)?).ok()?;
    let name = name(label)?;
    let records = message.answers.iter().filter(|record| record.name == name);
    let addresses = records.filter_map(|record| match &record.data {
        RData::A(address) => Some(IpAddr::from(address.0)),
        _ => None,
    });
    Some(addresses.collect())
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::MessageType;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::A;

    use super::*;

    /// Another machine: answers one question on this port with an address. None where multicast does not come back.
    fn neighbour(address: Ipv4Addr) -> Option<u16> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut buffer = [0; MAX_ANSWER];
        let joined = socket.join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST);
        let asked = super::socket(Ipv4Addr::LOCALHOST).and_then(|board| board.send_to(b"?", (GROUP, port)));
        let heard = joined.and(asked).and_then(|_| socket.recv_from(&mut buffer));
        if let Err(error) = heard {
            println!("skipped: no multicast on loopback ({error})");
            return None;
        }
        std::thread::spawn(move || {
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                let mut message = Message::from_vec(&buffer[..length]).unwrap();
                message.metadata.message_type = MessageType::Response;
                let name = message.queries[0].name().clone();
                message.add_answer(Record::from_rdata(name, 10, RData::A(A(address))));
                socket.send_to(&message.to_vec().unwrap(), peer).unwrap();
            }
        });
        Some(port)
    }

    #[test]
    fn a_name_is_anothers_if_it_leads_to_another_machine() {
        let elsewhere = Ipv4Addr::new(192, 0, 2, 9);
        for (address, found) in [(elsewhere, Some(elsewhere.into())), (Ipv4Addr::LOCALHOST, None)] {
            let Some(udp_port) = neighbour(address) else { return };
            let listening = (Ipv4Addr::LOCALHOST, 3443).into();
            let plan = Plan { labels: vec!["seal".into()], listening, udp_port };
            assert_eq!(holder(&plan, "seal"), found, "{address}");
        }
    }
}
