//! The server: one socket, one thread.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use otary_fleet::Time;

use super::clock::{Kernel, Source, Untold, kernel, standing};
use super::gate::Gate;
use super::packet::{LENGTH, Question, Standing};

/// How long a judgement of the clock holds: asking the kernel and the store for each question would cost more than the
/// answer.
const JUDGED_FOR: Duration = Duration::from_secs(1);
/// The longest question that is read, in bytes: with extensions and a signature (RFC 5905, section 7.5).
const MAX_QUESTION: usize = 512;
/// How often the thread looks whether it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A socket, and what is known of the time.
pub struct Server {
    socket: UdpSocket,
    source: Source,
    kernel: fn() -> Kernel,
    trust_local: bool,
    gate: Gate,
    judged: Option<(Time, Result<Standing, Untold>)>,
    /// What was said last of a time that is not told: it is said once.
    said: Option<String>,
}

/// A server at work, until dropped.
pub struct Telling {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens. `trust_local`: a clock that nothing synchronises is told as well.
    pub fn bind(address: SocketAddr, trust_local: bool, source: Source) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
        let gate = Gate::default();
        Ok(Self { socket, source, kernel, trust_local, gate, judged: None, said: None })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers, in a thread.
    pub fn start(mut self) -> io::Result<Telling> {
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let work = move || {
            while !ended.load(Ordering::Relaxed) {
                self.answer_one();
            }
        };
        let thread = thread::Builder::new().name("sntp".into()).spawn(work)?;
        Ok(Telling { end, thread: Some(thread) })
    }

    /// Waits for one question for a while, and answers it.
    fn answer_one(&mut self) {
        let mut buffer = [0; MAX_QUESTION];
        let (length, peer) = match self.socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return,
            // What it may be passes, or does not; no reason to spin.
            Err(_) => return thread::sleep(LOOK_EVERY),
        };
        let Some(question) = buffer.get(..length).and_then(Question::parse) else { return };
        let Some(answer) = self.answer(question, peer.ip()) else { return };
        if let Err(error) = self.socket.send_to(&answer, peer) {
            tracing::debug!(target: "sntp", %peer, %error, "not answered");
        }
    }

    fn answer(&mut self, question: Question, peer: IpAddr) -> Option<[u8; LENGTH]> {
        let received = crate::clock::now();
        let standing = self.standing(received)?;
        let answered = self.gate.lets_in(peer, received);
        answered.then(|| question.answer(standing, received, crate::clock::now()))
    }

    /// What may be told now, if anything; says why not.
    fn standing(&mut self, now: Time) -> Option<Standing> {
        let fresh = |at: Time| now >= at && now.since(at) < JUDGED_FOR;
        let standing = match self.judged {
            Some((at, judged)) if fresh(at) => judged,
            _ => {
                let clock = (self.source)()?;
                let judged = standing(&clock, (self.kernel)(), self.trust_local);
                self.judged = Some((clock.now, judged));
                judged
            }
        };
        match standing {
            Ok(standing) => {
                self.said = None;
                Some(standing)
            }
            Err(untold) => {
                self.say(&untold);
                None
            }
        }
    }

    fn say(&mut self, untold: &Untold) {
        // A wrong clock goes on, and its text with it.
        let kind = match untold {
            Untold::Wrong(fault) => format!("{:?}", std::mem::discriminant(fault)),
            untold => format!("{untold:?}"),
        };
        if self.said.as_ref() != Some(&kind) {
            tracing::warn!(target: "sntp", "somebody asks for the time and is not told: {untold}");
            self.said = Some(kind);
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use otary_trust::Clock;
    use rsntp::SntpClient;

    use super::*;
    use crate::clock::{built, now};

    fn exact() -> Kernel {
        Kernel::Synchronised(Duration::from_millis(20))
    }

    /// A server on loopback that takes its own clock for this one, and whether the system synchronises it.
    fn serve(newest: Time, kernel: fn() -> Kernel, trust_local: bool) -> (String, Telling) {
        let source = Box::new(move || Some(Clock { now: now(), built: built(), newest }));
        let loopback = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Server { kernel, ..Server::bind(loopback, trust_local, source).unwrap() };
        (server.address().unwrap().to_string(), server.start().unwrap())
    }

    fn ask(address: &str) -> Result<rsntp::SynchronizationResult, rsntp::SynchronizationError> {
        let mut client = SntpClient::new();
        client.set_timeout(Duration::from_secs(2));
        client.synchronize(address)
    }

    #[test]
    fn a_client_that_checks_all_it_can_takes_the_time() {
        let (address, _telling) = serve(Time::default(), exact, false);
        let result = ask(&address).unwrap();
        assert!(result.clock_offset().as_secs_f64().abs() < 1.0, "it is the same clock");
        assert_eq!(result.stratum(), 4);

        let (address, _telling) = serve(Time::default(), || Kernel::Unsynchronised, true);
        assert_eq!(ask(&address).unwrap().stratum(), 10, "its owner says that it is good");
    }

    #[test]
    fn a_clock_that_is_wrong_or_that_nothing_keeps_right_is_not_told() {
        let ahead = now() + Duration::from_hours(1);
        for (newest, kernel, trust) in [
            (ahead, exact as fn() -> Kernel, false),
            (ahead, || Kernel::Unsynchronised, true),
            (Time::default(), || Kernel::Unsynchronised, false),
            (Time::default(), || Kernel::Silent, false),
        ] {
            let (address, _telling) = serve(newest, kernel, trust);
            let mut question = [0; LENGTH];
            question[0] = 0x23;
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            socket.send_to(&question, &address).unwrap();
            assert!(socket.recv_from(&mut [0; 64]).is_err(), "not even that it does not know");
        }
    }

    #[test]
    fn an_answer_is_no_longer_than_its_question_and_not_everything_gets_one() {
        let (address, _telling) = serve(Time::default(), exact, false);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let answers = |question: &[u8], times: usize| {
            (0..times).for_each(|_| drop(socket.send_to(question, &address)));
            let lengths = std::iter::from_fn(|| socket.recv_from(&mut [0; 512]).ok());
            lengths.map(|(length, _)| length).collect::<Vec<_>>()
        };
        let question = |first: u8, length: usize| [vec![first], vec![0; length - 1]].concat();
        assert_eq!(answers(&question(0x23, 47), 1), [0; 0], "cut short");
        assert_eq!(answers(&question(0x24, 48), 1), [0; 0], "an answer");
        assert_eq!(answers(&question(0x26, 48), 1), [0; 0], "a control message");
        assert_eq!(answers(&question(0x23, 68), 1), [LENGTH], "with a signature");
        assert!(answers(&question(0x23, 48), 50).len() < 20, "a flood");
    }
}
