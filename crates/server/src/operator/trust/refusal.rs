//! Why the authority is not changed, and what to do about it.

use http::StatusCode;
use otary_fleet::{Misstep, Straggler};
use otary_trust::Defect;

use crate::operator::problem::Problem;
use crate::operator::site::count;

/// Devices that a refusal names; the rest are counted.
const NAMED: usize = 10;

pub(in crate::operator) fn unreadable(what: &str, defect: &Defect) -> Problem {
    Problem::bad_request("unreadable", format!("{what}: {}", with_causes(defect)))
        .help("it is PEM text without a passphrase")
}

/// An error and its causes in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

pub(super) fn misstep(misstep: &Misstep) -> Problem {
    let help = match misstep {
        Misstep::UnderWay { .. } => "otary trust rollover status",
        Misstep::None => "otary trust rollover begin",
        Misstep::Switched { .. } => "otary trust rollover finish",
        Misstep::NotSwitched { .. } => "otary trust rollover switch",
        Misstep::NoOwnHost => "give the server a name of its own: otary serve --name NAME",
    };
    Problem::conflict("out-of-turn", misstep.to_string()).help(help)
}

/// The refusal that names whom a change would cut off.
pub(super) fn would_cut_off(what: &str, spared: &[&Straggler]) -> Problem {
    let known: Vec<&&Straggler> = spared.iter().filter(|straggler| !straggler.stranger).collect();
    let strangers = spared.len() - known.len();
    let named: Vec<String> = known.iter().take(NAMED).map(|one| one.device.to_string()).collect();
    let more = match known.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut who = Vec::new();
    if !named.is_empty() {
        let certain = known.iter().filter(|straggler| straggler.certain).count();
        let sure = match certain {
            0 => "perhaps".to_owned(),
            certain if certain == known.len() => "for certain".to_owned(),
            certain => format!("{certain} for certain"),
        };
        let devices = count(known.len() as u64, "device");
        who.push(format!("{devices} ({sure}): {}{more}", named.join(", ")));
    }
    if strangers > 0 {
        who.push(format!("{} that otary never updated", count(strangers as u64, "device")));
    }
    let detail = format!("{what} would cut off {}", who.join("; and "));
    let strangers = (strangers > 0).then(|| "strangers".to_owned());
    let give_up = named.into_iter().chain(strangers).collect::<Vec<_>>().join(" --give-up ");
    Problem::conflict("would-cut-off", detail)
        .help(format!("update them, or give them up by name: --give-up {give_up}"))
}

/// The refusal that names who was given up and is not cut off: most likely another device was meant.
pub(super) fn cuts_off_none_of(what: &str, unlost: &[String]) -> Problem {
    let detail = format!("{what} does not cut off {}: nothing was done", unlost.join(", "));
    Problem::conflict("not-waited-for", detail)
        .help("give up those alone that `otary trust rollover status` names")
}

impl From<otary_trust::Error> for Problem {
    /// What went wrong with the authority is told with its causes to whoever asked: they are names of files, of
    /// certificates and of times, and nobody else can do something about them.
    fn from(error: otary_trust::Error) -> Self {
        use otary_trust::Error;
        let text = with_causes(&error);
        let problem = match &error {
            Error::Misstep(step) => return misstep(step),
            Error::Adopt(_) => Self::bad_request("not-adopted", text),
            Error::OtherNextKey { .. } => Self::bad_request("other-next-key", text),
            Error::NextKeyAway => Self::conflict("next-key-away", text),
            Error::Clock(_) => Self::conflict("clock", text),
            Error::Locked { .. } => Self::conflict("locked", text),
            Error::RootRecord(_) => Self::conflict("root-record", text),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "authority", text),
        };
        match error.help() {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

impl From<crate::ServeError> for Problem {
    fn from(error: crate::ServeError) -> Self {
        Self::internal("not-shown", "the server cannot show the new certificates", error)
    }
}
