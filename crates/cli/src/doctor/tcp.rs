//! Whether a machine listens at the address and port: the device tries the first address that it gets, and no other.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::patient::Patient;
use super::step::{Cause, Step};

const STEP: &str = "tcp";
/// Further addresses of a name that are tried, to say that they listen.
const OTHERS: usize = 3;
/// How long a device waits for a connection (`HTTPClient`'s default).
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the first of `addresses`.
pub fn connect(patient: &Patient, addresses: &[IpAddr]) -> (Step, Option<TcpStream>) {
    let Some(&first) = addresses.first() else {
        return (Step::skipped(STEP, "there is no address"), None);
    };
    let address = SocketAddr::new(first, patient.url.port);
    let began = Instant::now();
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(socket) => {
            let step = Step::new(STEP)
                .saw(format!("{address} listens, connected in {} ms", began.elapsed().as_millis()))
                .note_if(unreachable_for_others(first));
            (step, Some(socket))
        }
        Err(error) => {
            let others = addresses.iter().skip(1).take(OTHERS);
            let others = others.map(|&ip| SocketAddr::new(ip, address.port()));
            let listening =
                others.into_iter().find(|other| TcpStream::connect_timeout(other, PATIENCE).is_ok());
            let step = Step::new(STEP).note_if(listening.map(|other| {
                format!("{other} listens, but a device tries the first address of a name and no other")
            }));
            (step.fail(refused(patient, address, &error)), None)
        }
    }
}

fn unreachable_for_others(address: IpAddr) -> Option<String> {
    address
        .is_loopback()
        .then(|| format!("{address} is this machine to itself: a device reaches itself there"))
}

fn refused(patient: &Patient, address: SocketAddr, error: &io::Error) -> Cause {
    let (cause, help) = match error.kind() {
        ErrorKind::ConnectionRefused => (
            format!("nothing listens on {address}: the connection is refused"),
            "is the server running, and is this its port? `otary serve` listens on 3443 for devices unless told \
             otherwise",
        ),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => (
            format!("{address} does not answer within {} s", PATIENCE.as_secs()),
            "is the machine on and its address still this one? A firewall, a guest network or a router that keeps \
             its clients apart swallows connections like this",
        ),
        _ => (
            format!("{address} cannot be reached: {error}"),
            "look whether this machine, and the device, are in a network from which that address can be reached",
        ),
    };
    Cause::new(cause, help, patient.no_connection())
}
