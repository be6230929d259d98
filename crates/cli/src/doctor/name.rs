//! Whether the host's name leads to an address: by this machine's resolver, by the name server that was given, and by
//! mDNS for `.local`.

mod mdns;

use std::net::IpAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use otary_sim::dns::{DnsError, Resolver};

use super::patient::Patient;
use super::step::{Cause, Step};

const STEP: &str = "name";
const MDNS: &str = "mDNS";
/// How long this machine's resolver may take: it knows no limit that could be set.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one way of asking gave.
struct Answer {
    /// Who was asked.
    by: String,
    /// Its addresses, at least one, or why there are none.
    found: Result<Vec<IpAddr>, String>,
}

/// Looks the name up in every way, and gives the addresses that the device would get.
pub fn look_up(patient: &Patient) -> (Step, Vec<IpAddr>) {
    if let Some(address) = patient.url.address() {
        let step = Step::new(STEP).saw(format!("{address} is an address, there is no name to look up"));
        return (step, vec![address]);
    }
    let host = &patient.url.host;
    let answers = ask(patient);
    let mut step = Step::new(STEP);
    for Answer { by, found } in &answers {
        step = step.saw(match found {
            Ok(addresses) => format!("{by}: {host} has {}", records(addresses)),
            Err(why) => format!("{by}: {why}"),
        });
    }
    if patient.url.is_local() {
        step = by_stack(patient, step, &answers);
    }
    // Where a server was named, the device is to be what it asks, and nobody else counts.
    let counting = if patient.dns.is_some() { answers.get(..1).unwrap_or_default() } else { &answers };
    match counting.iter().find_map(|answer| answer.found.as_ref().ok()) {
        Some(addresses) => (only_v6(step, addresses), addresses.clone()),
        None => (step.fail(unknown(patient, &answers)), Vec::new()),
    }
}

/// How the device itself looks up a name that ends in `.local`.
fn by_stack(patient: &Patient, step: Step, answers: &[Answer]) -> Step {
    if !patient.stack.resolves_local() {
        return step.note(
            "this stack asks for .local by mDNS only if it was built so (embassy-net: the feature mdns)",
        );
    }
    let step = step
        .saw("this stack asks for .local by mDNS (not so Arduino core 1.x: there it takes MDNS.queryHost())");
    let heard = answers.iter().any(|answer| answer.by == MDNS && answer.found.is_ok());
    if heard || patient.dns.is_some() || answers.iter().all(|answer| answer.found.is_err()) {
        return step;
    }
    step.note("and by nothing else: that another resolver knows the name is of no use to it")
}

/// Asks all who could know, the one that counts most first.
fn ask(patient: &Patient) -> Vec<Answer> {
    let host = &patient.url.host;
    let mut answers = Vec::new();
    if let Some(server) = patient.dns {
        let found = Resolver::Server(server).addresses(host).map_err(|error| in_one_line(&error));
        answers.push(Answer { by: format!("name server {server}"), found });
    }
    if patient.url.is_local() {
        answers.push(Answer { by: MDNS.to_owned(), found: mdns::look_up(host) });
    }
    answers.push(Answer { by: "this machine's resolver".to_owned(), found: by_system(host) });
    answers
}

/// Asks this machine's resolver, and leaves it behind if it takes too long.
fn by_system(host: &str) -> Result<Vec<IpAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let host = host.to_owned();
    thread::spawn(move || {
        let found = Resolver::System.addresses(&host).map_err(|error| in_one_line(&error));
        // Whoever asked may have gone on.
        let _ = sender.send(found);
    });
    let silent = |_| format!("no answer within {} s", PATIENCE.as_secs());
    receiver.recv_timeout(PATIENCE).map_err(silent)?
}

fn in_one_line(error: &DnsError) -> String {
    match error {
        DnsError::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Addresses by the kind of record that has them, the older kind first.
fn records(addresses: &[IpAddr]) -> String {
    let (v4, v6): (Vec<_>, Vec<_>) = addresses.iter().partition(|address| address.is_ipv4());
    let listed = |kind: &str, addresses: &[&IpAddr]| match addresses {
        [] => format!("no {kind}"),
        _ => format!("{kind} {}", addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
    };
    format!("{}, {}", listed("A", &v4), listed("AAAA", &v6))
}

fn only_v6(step: Step, addresses: &[IpAddr]) -> Step {
    if addresses.iter().all(IpAddr::is_ipv6) {
        step.note("it has no IPv4 address, and stock Arduino builds use no other")
    } else {
        step
    }
}

fn unknown(patient: &Patient, answers: &[Answer]) -> Cause {
    let host = &patient.url.host;
    if let Some(Answer { by, .. }) = answers.iter().find(|answer| answer.found.is_ok()) {
        let asked = answers.first().map_or("", |answer| &answer.by);
        return Cause::new(
            format!("the name {host} does not resolve by {asked}; {by} knows it"),
            "let the device ask a name server that knows the name (the router's DHCP says which), or make the name \
             known there",
            patient.no_connection(),
        );
    }
    let help = if patient.url.is_local() {
        "start the server's machine in this network and let it answer mDNS (`otary serve` does, and so do avahi and \
         Bonjour), or give the device an address"
    } else {
        "compare the spelling, and look whether the record is there: at the DNS provider, in the router, or by \
         another server with --dns 8.8.8.8"
    };
    Cause::new(format!("the name {host} does not resolve"), help, patient.no_connection())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use otary_trust::verdict::Stack;

    use super::*;
    use crate::doctor::step::State;

    #[test]
    fn both_kinds_of_record_are_told_also_the_one_that_is_missing() {
        let (v4, v6) = (Ipv4Addr::new(192, 0, 2, 7).into(), Ipv6Addr::LOCALHOST.into());
        assert_eq!(records(&[v4]), "A 192.0.2.7, no AAAA");
        assert_eq!(records(&[v4, v4, v6]), "A 192.0.2.7 192.0.2.7, AAAA ::1");
        assert_eq!(records(&[v6]), "no A, AAAA ::1");
    }

    #[test]
    fn a_name_of_the_network_is_of_use_to_a_stack_that_asks_by_mdns() {
        let state = |stack, heard: bool| {
            let address = || vec![Ipv4Addr::LOCALHOST.into()];
            let multicast = if heard { Ok(address()) } else { Err("nobody answers".to_owned()) };
            let answers = [
                Answer { by: MDNS.to_owned(), found: multicast },
                Answer { by: "this machine's resolver".to_owned(), found: Ok(address()) },
            ];
            let patient = Patient::unknown("https://serverota.local:3443/update", stack);
            by_stack(&patient, Step::new(STEP), &answers).state
        };
        assert_eq!(state(Stack::Arduino3, true), State::Ok);
        assert_eq!(state(Stack::Arduino3, false), State::Note, "another resolver is of no use to it");
        assert_eq!(state(Stack::Rust, true), State::Note, "it has to be built so");
    }
}
