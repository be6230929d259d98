//! The doctor: goes the way of a device to its server, step by step, and names the first thing that ends it.
//!
//! Each step is a file: it looks, and says what it saw. What a device's TLS stack makes of it are rules of
//! `otary_trust::verdict`; here is what cannot be known without the network. Every step has an end in time, none takes
//! a whole image, and nothing of it counts as a device's check-in.

mod chain;
mod check_in;
mod clock;
mod fragment;
mod heap;
mod look;
mod meter;
mod name;
mod patient;
mod records;
mod report;
mod step;
mod tcp;
mod tls;
mod url;
mod wire;

use std::net::TcpStream;

pub use look::Look;
pub use patient::{Patient, Trust};
pub use report::Report;
pub use step::Step;
pub use url::Url;

use otary_trust::verdict::Stack;
use records::Brought;
use tls::Session;
use wire::Wire;

/// The steps, in their order.
const STEPS: [&str; 8] = ["name", "tcp", "tls", "chain", "clock", "check-in", "records", "heap"];

/// Examines `patient`, and shows each step that is reached to `tell`, as soon as it is known.
pub fn examine<E>(patient: &Patient, mut tell: impl FnMut(&Step) -> Result<(), E>) -> Result<Report, E> {
    let mut steps: Vec<Step> = Vec::new();
    let mut take = |step: Step| -> Result<(), E> {
        tell(&step)?;
        steps.push(step);
        Ok(())
    };
    let (step, addresses) = name::look_up(patient);
    take(step)?;
    let mut rest = Vec::new();
    if !addresses.is_empty() {
        let (step, socket) = tcp::connect(patient, &addresses);
        take(step)?;
        rest = match socket {
            Some(socket) if patient.url.secure => {
                let (step, session) = tls::shake_hands(patient, socket);
                take(step)?;
                session.map_or_else(Vec::new, |session| over_tls(patient, session))
            }
            Some(socket) => in_the_clear(patient, socket),
            None => Vec::new(),
        };
    }
    rest.into_iter().try_for_each(&mut take)?;
    let reached = steps.len();
    steps.extend(STEPS.into_iter().skip(reached).map(|name| Step::skipped(name, "not reached")));
    Ok(Report::new(patient, steps))
}

/// What follows a handshake.
fn over_tls(patient: &Patient, mut session: Session) -> Vec<Step> {
    let chain_step = chain::judge_chain(patient, &session.chain);
    session.stream.sock.give(check_in::PATIENCE);
    let asked = check_in::ask(patient, &mut session.stream);
    let (records, overhead) = (session.stream.sock.records(), session.overhead());
    let peer = session.stream.sock.peer();
    let Session { stream, chain } = session;
    // A server that has room for one connection has none for a second one before.
    drop(stream);
    let asked_for = fragment::wanted(patient).map(|size| {
        // What cannot be asked is not granted.
        (size, peer.is_ok_and(|peer| fragment::grants(patient, peer, size).unwrap_or(false)))
    });
    let brought = Brought { records, overhead, body: asked.body, asked: asked_for };
    vec![
        chain_step,
        clock::judge(patient, asked.time, &chain),
        asked.step,
        records::judge(patient, &brought),
        heap::estimate(patient, chain.iter().map(|der| der.len()).sum()),
    ]
}

/// The same without TLS.
fn in_the_clear(patient: &Patient, socket: TcpStream) -> Vec<Step> {
    let without = |name| Step::skipped(name, "the URL says http: there is no TLS");
    let refused = "esp_https_ota takes no http:// unless it was built with CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP";
    let open = Step::new("tls")
        .note("the URL says http: whoever is in between can put firmware on the device")
        .note_if((patient.stack == Stack::EspIdf).then_some(refused));
    let asked = match Wire::new(socket, check_in::PATIENCE) {
        Ok(mut wire) => check_in::ask(patient, &mut wire),
        Err(error) => check_in::broken(patient, &error),
    };
    let clock = clock::judge(patient, asked.time, &[]);
    vec![open, without("chain"), clock, asked.step, without("records"), without("heap")]
}
