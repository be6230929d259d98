//! The link in the same harness: it breaks, stalls or falsifies at every place of a payload and of an answer.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::case::Case;
use super::device::{Breach, Device};
use super::hitch::{Hitch, Trouble};
use super::proof::in_threads;
use super::tally::Tally;

const TROUBLES: [Trouble; 3] = [Trouble::Cut, Trouble::Stall, Trouble::Corrupt];
/// No answer is longer.
const LONGEST_ANSWER: u32 = 2048;

/// One thing goes wrong with the payload, at every `step`-th byte.
pub fn trouble_in_payloads(case: &Case, step: u32) -> Tally {
    let places = (0..case.image_len()).step_by(step.max(1) as usize);
    let hitches: Vec<Hitch> =
        places.flat_map(|at| TROUBLES.map(|trouble| Hitch::Payload { at, trouble })).collect();
    each(case, &hitches)
}

/// One thing goes wrong with the answer to a check-in, at every `step`-th byte.
pub fn trouble_in_answers(case: &Case, step: u32) -> Tally {
    let places = (0..LONGEST_ANSWER).step_by(step.max(1) as usize);
    let hitches: Vec<Hitch> =
        places.flat_map(|at| TROUBLES.map(|trouble| Hitch::Answer { at, trouble })).collect();
    each(case, &hitches)
}

fn each(case: &Case, hitches: &[Hitch]) -> Tally {
    let next = AtomicUsize::new(0);
    in_threads(|| {
        let mut tally = Tally::default();
        while let Some(hitch) = hitches.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut device = Device::new(case).with_hitches(vec![*hitch]);
            let completed = device.run().and_then(|_| check_fetched(&device, *hitch));
            // A place behind the end of every answer is none.
            if device.hitches.is_empty() {
                tally.tried += 1;
                tally.states += 1;
                tally.note(hitch, completed);
            }
        }
        tally
    })
}

/// A link that breaks or stalls costs nothing: the agent goes on at the very byte. One that falsifies costs the payload.
fn check_fetched(device: &Device<'_>, hitch: Hitch) -> Result<(), Breach> {
    let image = u64::from(device.case.image_len()) * u64::from(device.case.scenario.last - 1);
    let again = matches!(hitch, Hitch::Payload { trouble: Trouble::Corrupt, .. });
    let expected = if again { 2 * image } else { image };
    let found = device.fetched;
    if found > expected { Err(Breach::Fetched { expected, found }) } else { Ok(()) }
}

impl fmt::Display for Hitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_payload, at, trouble) = self.parts();
        let what = if is_payload { "payload" } else { "answer" };
        write!(f, "{what} at byte {at}: {trouble:?}")
    }
}

/// What many losses of the link cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Losses {
    /// How often the link was lost.
    pub losses: u32,
    /// Bytes of the image.
    pub image: u64,
    /// Bytes of payloads' bodies that the agent was given.
    pub fetched: u64,
    /// How often the device connected.
    pub connections: u32,
}

/// Breaks the link `losses` times during one download, at places that lie evenly and on no boundary.
pub fn lose_link(case: &Case, losses: u32) -> Result<Losses, Breach> {
    let mut device = Device::new(case).with_hitches(Hitch::losses(case.image_len(), losses));
    device.run()?;
    let losses = losses - u32::try_from(device.hitches.len()).unwrap_or(losses);
    let image = u64::from(case.image_len());
    Ok(Losses { losses, image, fetched: device.fetched, connections: device.connections })
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { losses, image, fetched, connections } = self;
        write!(
            f,
            "link lost {losses} times: {fetched} bytes of bodies for an image of {image}, {connections} connections"
        )
    }
}
