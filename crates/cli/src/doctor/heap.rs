//! How much memory the handshake takes on the device: an estimate from the vendors' figures, never a measurement.

use super::patient::Patient;
use super::step::Step;

const STEP: &str = "heap";

/// Estimates it; `chain` is how many bytes of certificates the server sends.
pub fn estimate(patient: &Patient, chain: usize) -> Step {
    let stack = patient.stack;
    let heap = stack.heap();
    let usual = stack.handshake().receive;
    let handshake = heap.handshake.saturating_sub(usual.saturating_sub(patient.receives()));
    Step::new(STEP)
        .saw(format!(
            "an estimate, by the vendor's figures: about {} KiB of heap while shaking hands, and {} KiB of stack",
            handshake.div_ceil(1024),
            heap.stack.div_ceil(1024)
        ))
        .saw(format!(
            "the buffer for records is {} KiB of it; the server's certificates, {chain} bytes, are parsed beside it",
            patient.receives().div_ceil(1024)
        ))
}
