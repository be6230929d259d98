//! The check-in, as the device's library sends it, and what the answer does to the device.
//!
//! It shows no MAC but the zeros of an interface that was never started, which name no device, and no digest that any
//! build has. So no server counts it as a device's, and one that checks that all headers are there finds them.

mod answer;
mod meaning;
mod request;

use std::io::{self, Read, Write};
use std::time::Duration;

use otary_fleet::Time;

use answer::Trouble;

use super::patient::Patient;
use super::step::{Cause, Step};

const STEP: &str = "check-in";
/// How long a server may take for its answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a check-in.
pub struct Asked {
    /// The step.
    pub step: Step,
    /// What the server's clock says.
    pub time: Option<Time>,
    /// Bytes of the answer's body that were read.
    pub body: usize,
}

/// Asks over `stream`, and judges what comes back.
pub fn ask(patient: &Patient, stream: &mut (impl Read + Write)) -> Asked {
    let request = request::render(patient);
    let step =
        Step::new(STEP).saw(format!("asked as {} does, without a MAC", request::speaker(patient.stack)));
    match answer::fetch(stream, request.as_bytes()) {
        Ok(answer) => {
            let step = step.saw(answer.described());
            let step = match meaning::of(patient, &answer) {
                Ok(sentences) => sentences.into_iter().fold(step, Step::saw),
                Err(cause) => step.fail(cause),
            };
            Asked { step, time: answer.time(), body: answer.body.len() }
        }
        Err(trouble) => Asked { step: step.fail(unanswered(patient, &trouble)), time: None, body: 0 },
    }
}

/// The socket failed before anything was asked.
pub fn broken(patient: &Patient, error: &io::Error) -> Asked {
    let trouble = Trouble::Broken(error.to_string());
    Asked { step: Step::new(STEP).fail(unanswered(patient, &trouble)), time: None, body: 0 }
}

fn unanswered(patient: &Patient, trouble: &Trouble) -> Cause {
    let help = match trouble {
        Trouble::Tls if !patient.url.secure => "write https:// in the URL",
        Trouble::Silent | Trouble::Slow => "look at the server's log: what keeps it from answering?",
        _ => "look whether the URL leads to the server that is meant, and at that server's log",
    };
    Cause::new(trouble.to_string(), help, meaning::printed(patient, trouble.code()))
}
