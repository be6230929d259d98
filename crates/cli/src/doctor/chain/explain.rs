//! What a stack's faults mean to a person, and what to do about each.

use otary_fleet::Time;
use otary_trust::Certificate;
use otary_trust::verdict::{Fault, Flag, Meeting, Place, Rules, Verdict, judge};

use crate::doctor::patient::Patient;
use crate::doctor::step::Cause;
use crate::table::minute;

/// Names of a certificate that are told one by one.
const TOLD: usize = 3;

/// Why the device does not believe `chain`.
pub(super) fn cause(patient: &Patient, chain: &[&[u8]], verdict: &Verdict) -> Cause {
    let (cause, help) = match verdict.decisive() {
        Some(Fault::UnknownAuthority { issuer }) => unknown_authority(patient, issuer),
        Some(Fault::WrongName { wanted, found }) => wrong_name(patient, chain, wanted, found),
        Some(Fault::Dates { place, from, until, .. }) => wrong_time(patient, *place, *from, *until),
        Some(fault) => (
            fault.to_string(),
            "give the server a certificate that this stack accepts: otary's own are, and `otary serve` makes one"
                .to_owned(),
        ),
        None => (format!("the device does not believe the server: {}", verdict.flags), String::new()),
    };
    Cause::new(cause, help, patient.distrust(verdict))
}

/// What is wrong besides.
pub(super) fn others(verdict: &Verdict) -> Vec<String> {
    let cause = verdict.decisive();
    let others = verdict.faults.iter().filter(|fault| Some(*fault) != cause);
    others.map(|fault| format!("also: {fault}")).collect()
}

/// The first few names, and how many more there are.
pub(super) fn few(names: &[impl AsRef<str>]) -> String {
    let told: Vec<&str> = names.iter().take(TOLD).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(TOLD) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

fn unknown_authority(patient: &Patient, issuer: &str) -> (String, String) {
    let from = patient.trust.as_ref().map_or("what the device trusts", |trust| &trust.from);
    (
        format!("the server's certificate is by {}, which the device does not trust ({from})", bare(issuer)),
        "put this server's root into the sketch: `otary trust export` prints it, and `otary sketch` has it in; if \
         another server should answer there, look where the name leads"
            .to_owned(),
    )
}

/// A distinguished name that is only a common name, without saying so.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix("CN=").filter(|rest| !rest.contains('=')).unwrap_or(name)
}

fn wrong_name(patient: &Patient, chain: &[&[u8]], wanted: &str, found: &str) -> (String, String) {
    if is_old(patient, chain) {
        let library = patient.stack.library().name();
        return (
            format!(
                "the URL has the address {wanted}, and {library} compares no addresses: the certificate has it as \
                 iPAddress alone"
            ),
            "use a host name in the URL, or a certificate that has the address as dNSName text besides, as otary's have"
                .to_owned(),
        );
    }
    let anew = if is_by_authority(patient, chain) {
        format!("add this one: otary serve --name {wanted}")
    } else {
        format!(
            "have it made anew for {wanted} where it was made: `otary serve` adds names to its own authority's alone"
        )
    };
    (
        format!("the server's certificate is for {}, not for {wanted}", few(&each_once(found))),
        format!("put a name in the URL that the certificate has, or {anew}"),
    )
}

/// Whether an authority made the server's certificate, one that the device trusts as far as that is known.
fn is_by_authority(patient: &Patient, chain: &[&[u8]]) -> bool {
    let read = |der: &[u8]| Certificate::from_der(der).ok();
    let shown: Vec<_> = chain.iter().take(Certificate::MAX_CHAIN).filter_map(|der| read(der)).collect();
    if shown.first().is_none_or(Certificate::is_self_issued) {
        return false;
    }
    patient.trust.as_ref().is_none_or(|trust| {
        let mut anchors = trust.anchors.iter().filter_map(|der| read(der));
        anchors.any(|anchor| shown.iter().any(|certificate| certificate.check_issuer(&anchor).is_ok()))
    })
}

/// The names in a list; an address that is there as text and as address is one.
fn each_once(list: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for name in list.split(", ") {
        let name = name.strip_prefix("IP ").unwrap_or(name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether the name would do for a stack that compares addresses with iPAddress entries.
fn is_old(patient: &Patient, chain: &[&[u8]]) -> bool {
    let rules = patient.stack.rules();
    let newer = Rules { ip_names: true, ..rules };
    let meeting = Meeting { anchors: chain, chain, name: &patient.url.host, now: patient.time() };
    !rules.ip_names && patient.url.address().is_some() && !judge(&newer, &meeting).flags.contains(Flag::Name)
}

fn wrong_time(patient: &Patient, place: Place, from: i64, until: i64) -> (String, String) {
    let life = |seconds: i64| Time::from_secs(u64::try_from(seconds).unwrap_or(0));
    let (from, until) = (life(from), life(until));
    let (device, here) = (patient.time(), patient.now);
    let whose = if patient.clock.is_some() { "the device's clock" } else { "this machine's clock" };
    if device < from && (from..=until).contains(&here) {
        return (
            format!("the device's clock says {}, before {place} begins ({})", minute(device), minute(from)),
            format!(
                "let the device set its clock before it asks, and wait until it is set: {}",
                patient.clock_setter()
            ),
        );
    }
    if device < from {
        return (
            format!("{place} begins only on {}, {whose} says {}", minute(from), minute(device)),
            "set the clock that is wrong: that of the machine that made the certificate, or this one"
                .to_owned(),
        );
    }
    if here <= until {
        return (
            format!("the device's clock says {}, after {place} ended ({})", minute(device), minute(until)),
            "set the device's clock".to_owned(),
        );
    }
    let help = match place {
        Place::Chain(_) => "renew it; `otary serve` renews its own by itself, long before they end",
        Place::Anchor(_) => {
            "give the device a root that lives longer, by cable: it believes no server any more"
        }
    };
    (format!("{place} expired on {}", minute(until)), help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_the_first_are_told_and_an_address_counts_once() {
        let names = each_once("pi.lan, 192.0.2.7, IP 192.0.2.7, IP fd00::7, pi");
        assert_eq!(names, ["pi.lan", "192.0.2.7", "fd00::7", "pi"]);
        assert_eq!(few(&names), "pi.lan, 192.0.2.7, fd00::7 and 1 more");
        assert_eq!(few(&names[..3]), "pi.lan, 192.0.2.7, fd00::7");
    }
}
