//! The server's certificates as the device's stack judges them: who made them, for which name, for how long.

mod explain;

use otary_fleet::Time;
use otary_trust::Certificate;
use otary_trust::verdict::{Fault, Flag, Flags, Meeting, Rules, Verdict, judge};
use rustls::pki_types::CertificateDer;

use super::patient::{Patient, Trust};
use super::step::Step;
use crate::table::{count, date};

const STEP: &str = "chain";
/// Certificates of a chain that are told one by one: a device follows few more.
const TOLD: usize = 4;

/// Judges `chain`, as far as it is known whom the device trusts.
pub fn judge_chain(patient: &Patient, chain: &[CertificateDer<'_>]) -> Step {
    let shown: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
    let rules = patient.stack.rules();
    let mut step = Step::new(STEP);
    for (position, der) in shown.iter().take(TOLD).enumerate() {
        step = step.saw(described(position, der));
    }
    if let more @ 1.. = shown.len().saturating_sub(TOLD) {
        step = step.saw(format!("with it: {}", count(more as u64, "more certificate")));
    }
    let (step, verdict) = match &patient.trust {
        Some(trust) => {
            let anchors: Vec<&[u8]> = trust.anchors.iter().map(Vec::as_slice).collect();
            let verdict = meet(patient, &rules, &anchors, &shown, patient.time());
            (step.saw(trusted(trust)), verdict)
        }
        None => without_trust(patient, step, &rules, &shown),
    };
    let step = step.note_if(overlooked(patient, &rules, &shown));
    let library = patient.stack.library().name();
    if verdict.is_ok() {
        return if patient.trust.is_some() { step.saw(format!("{library} believes it")) } else { step };
    }
    let others = explain::others(&verdict).into_iter().fold(step, Step::saw);
    others
        .saw(format!("{library} reports: {}", verdict.flags))
        .fail(explain::cause(patient, &shown, &verdict))
}

/// Asks the stack.
fn meet(patient: &Patient, rules: &Rules, anchors: &[&[u8]], chain: &[&[u8]], now: Time) -> Verdict {
    judge(rules, &Meeting { anchors, chain, name: &patient.url.host, now })
}

/// What would be wrong whomever the device trusted: the chain vouches for itself here.
fn without_trust(patient: &Patient, step: Step, rules: &Rules, chain: &[&[u8]]) -> (Step, Verdict) {
    let mut verdict = meet(patient, rules, chain, chain, patient.time());
    let unknown = |fault: &Fault| match fault {
        Fault::UnknownAuthority { issuer } => {
            Some(format!("{}, whose certificate the server does not send", explain::bare(issuer)))
        }
        _ => None,
    };
    let end = verdict.faults.iter().find_map(unknown).or_else(|| chain.last().map(|der| name_of(der)));
    let step = step.note(format!(
        "the chain ends in {}; whether the device trusts that was not checked: say what it trusts with --ca or --data \
         (a sketch that was told nothing connects to nobody)",
        end.unwrap_or_else(|| "nothing".to_owned())
    ));
    verdict.flags = verdict.flags.without([Flag::Trust]);
    verdict.faults.retain(|fault| unknown(fault).is_none());
    (step, verdict)
}

/// Dates that this stack does not look at and others would.
fn overlooked(patient: &Patient, rules: &Rules, chain: &[&[u8]]) -> Option<String> {
    if rules.dates {
        return None;
    }
    let strict = Rules { dates: true, ..*rules };
    let verdict = meet(patient, &strict, chain, chain, patient.now);
    let dates: Flags =
        verdict.flags.iter().filter(|flag| matches!(flag, Flag::Expired | Flag::Future)).collect();
    let what = match (dates.contains(Flag::Expired), dates.contains(Flag::Future)) {
        (true, _) => "has expired",
        (_, true) => "has not begun",
        _ => return None,
    };
    Some(format!(
        "a certificate {what}; this stack does not look at dates, an ESP8266 and MicroPython would refuse it"
    ))
}

fn trusted(trust: &Trust) -> String {
    let names: Vec<String> = trust.anchors.iter().map(|der| name_of(der)).collect();
    format!("the device trusts {} ({})", explain::few(&names), trust.from)
}

/// A certificate in one line.
fn described(position: usize, der: &[u8]) -> String {
    let whose = if position == 0 { "the server's certificate" } else { "with it" };
    let Ok(certificate) = Certificate::from_der(der) else {
        return format!("{whose}: a certificate of {} bytes that cannot be read", der.len());
    };
    let names: Vec<String> = certificate.names().iter().map(ToString::to_string).collect();
    let names = if names.is_empty() { String::new() } else { format!(", for {}", explain::few(&names)) };
    format!(
        "{whose}: {}{names}; valid {} to {}; {} bytes",
        name_of(der),
        date(certificate.not_before()),
        date(certificate.not_after()),
        der.len()
    )
}

fn name_of(der: &[u8]) -> String {
    match Certificate::from_der(der) {
        Ok(certificate) if !certificate.common_name().is_empty() => certificate.common_name().to_owned(),
        Ok(certificate) => format!("SHA-256 {}", certificate.fingerprint()),
        Err(_) => "a certificate that cannot be read".to_owned(),
    }
}
