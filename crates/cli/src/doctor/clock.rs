//! Clocks: the server's beside this machine's, and what the device's stack needs one for.

use std::time::Duration;

use otary_fleet::Time;
use otary_trust::Certificate;
use rustls::pki_types::CertificateDer;

use super::patient::Patient;
use super::step::Step;
use crate::table::minute;

const STEP: &str = "clock";
/// A difference that a slow network or a second's rounding does not explain.
const TOLERANCE: Duration = Duration::from_mins(2);

/// Judges the clocks: `server` is what its answer says, `chain` what it showed.
pub fn judge(patient: &Patient, server: Option<Time>, chain: &[CertificateDer<'_>]) -> Step {
    let step = match server {
        None => Step::new(STEP).saw("the server does not say what time it is"),
        Some(time) => compared(Step::new(STEP), patient.now, time, chain),
    };
    let step = match patient.clock {
        Some(time) if patient.stack.checks_dates() && apart(time, patient.now) > TOLERANCE => step.note(
            format!("the device's clock says {}, which is wrong if this machine's is right", minute(time)),
        ),
        Some(time) => step.saw(format!("the device's clock says {}", minute(time))),
        None => step.saw("the device's clock is taken to be right (--clock tries another time)"),
    };
    if !patient.url.secure {
        return step;
    }
    if patient.stack.checks_dates() {
        let setter = patient.clock_setter();
        step.saw(format!(
            "this stack looks at certificates' dates: it believes no server before {setter} has set its clock"
        ))
    } else {
        step.saw("this stack does not look at certificates' dates, unless it was built to")
    }
}

/// How far two clocks are apart, whichever is ahead.
fn apart(one: Time, other: Time) -> Duration {
    one.since(other).max(other.since(one))
}

fn compared(step: Step, here: Time, server: Time, chain: &[CertificateDer<'_>]) -> Step {
    let step = if apart(here, server) <= TOLERANCE {
        step.saw(format!("the server's clock says {}, and so does this machine's", minute(server)))
    } else {
        step.note(format!(
            "the server's clock says {}, this machine's {}: one of them is wrong",
            minute(server),
            minute(here)
        ))
    };
    let leaf = chain.first().and_then(|der| Certificate::from_der(der).ok());
    let out = leaf.is_some_and(|leaf| !(leaf.not_before()..=leaf.not_after()).contains(&server));
    if out { step.note("by its own clock the server's certificate is not valid") } else { step }
}
