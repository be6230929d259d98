//! How deep the agent's calls reach into the stack, for the measurement on an emulator: it is painted before each call
//! and looked at afterwards.
//!
//! Interrupts would paint over it, so this is for a program that runs without them.

#![expect(unsafe_code, reason = "a measurement looks at memory as it is")]

use core::sync::atomic::{AtomicUsize, Ordering};

/// Painted below the caller's frame, in bytes.
const DEPTH: usize = 16 * 1024;
/// What the painter itself may use.
const OWN_FRAME: usize = 64;
const PAINT: u32 = 0x5AA5_C33C;

static DEEPEST: AtomicUsize = AtomicUsize::new(0);

/// Calls `call` on a painted stack. Says how many bytes it took, if it is the most so far.
#[inline(never)]
pub fn measured<R>(call: impl FnOnce() -> R) -> (R, Option<usize>) {
    let top = stack_pointer();
    let bottom = top - DEPTH;
    for address in (bottom..top - OWN_FRAME).step_by(4) {
        // SAFETY: the stack's unused part; `main` reserves more than is painted.
        unsafe { (address as *mut u32).write_volatile(PAINT) };
    }
    let result = call();
    // SAFETY: as above.
    let painted = |address: &usize| unsafe { (*address as *const u32).read_volatile() } == PAINT;
    let used = top - (bottom..top).step_by(4).find(|address| !painted(address)).unwrap_or(top);
    // The chip has no atomic maximum, and nobody else looks at this.
    let is_deepest = DEEPEST.load(Ordering::Relaxed) < used;
    if is_deepest {
        DEEPEST.store(used, Ordering::Relaxed);
    }
    (result, is_deepest.then_some(used))
}

#[expect(clippy::inline_always, reason = "the caller's pointer is asked for")]
#[inline(always)]
fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mv {}, sp", out(reg) pointer) };
    pointer & !3
}
