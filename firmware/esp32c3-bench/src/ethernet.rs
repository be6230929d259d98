//! The OpenCores Ethernet MAC that emulators of the chip offer, polled, as a driver of embassy-net.
//!
//! Registers and descriptors are those of the *Ethernet IP Core Specification* (OpenCores, 2002), sections 3 and 4.2.
//! A real chip has nothing at this address.

#![expect(unsafe_code, reason = "registers, and frames that are shared with the MAC")]

use core::cell::UnsafeCell;
use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};

const BASE: usize = 0x600C_D000;
/// Mode: what is received, and whether.
const MODER: usize = 0x00;
/// How many descriptors, from the first, are for sending.
const TX_BD_NUM: usize = 0x20;
/// The address's last four bytes, then its first two.
const MAC_ADDR0: usize = 0x40;
const MAC_ADDR1: usize = 0x44;
const DESCRIPTORS: usize = 0x400;

/// Receive, send, full duplex, checksums, padding.
const MODE: u32 = 1 | 1 << 1 | 1 << 10 | 1 << 13 | 1 << 15;
/// The descriptor's frame is the MAC's: to be sent, or free to be received into.
const OWNED_BY_MAC: u32 = 1 << 15;
/// The last descriptor of its ring.
const WRAP: u32 = 1 << 13;
/// Sent frames are padded and get a checksum.
const PAD_AND_CRC: u32 = 1 << 12 | 1 << 11;

const SENDING: usize = 2;
const RECEIVING: usize = 8;
/// The longest frame with its checksum, rounded up to words.
const FRAME: usize = 1536;
/// The longest frame without its checksum.
const MTU: usize = 1514;

#[repr(align(4))]
struct Frames(UnsafeCell<[[u8; FRAME]; SENDING + RECEIVING]>);

// SAFETY: one `OpenEth` exists, and it gives a frame out only while its descriptor is not the MAC's.
unsafe impl Sync for Frames {}

static FRAMES: Frames = Frames(UnsafeCell::new([[0; FRAME]; SENDING + RECEIVING]));

/// The MAC. Make one.
pub struct OpenEth {
    address: [u8; 6],
    next_sent: usize,
    next_received: usize,
}

impl OpenEth {
    /// Starts the MAC under this address.
    pub fn start(address: [u8; 6]) -> Self {
        write(MODER, 0);
        write(TX_BD_NUM, SENDING as u32);
        let [first, second, last @ ..] = address;
        write(MAC_ADDR0, u32::from_be_bytes(last));
        write(MAC_ADDR1, u32::from_be_bytes([0, 0, first, second]));
        for descriptor in 0..SENDING + RECEIVING {
            write(DESCRIPTORS + descriptor * 8 + 4, frame(descriptor) as u32);
            if descriptor < SENDING { keep(descriptor) } else { hand_over(descriptor, 0) }
        }
        write(MODER, MODE);
        Self { address, next_sent: 0, next_received: 0 }
    }
}

impl Driver for OpenEth {
    type RxToken<'a> = Received;
    type TxToken<'a> = Free<'a>;

    /// Nobody interrupts: a task that finds nothing is woken at once, and so looks again in the next pass of the loop.
    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received, Free<'_>)> {
        let descriptor = SENDING + self.next_received;
        if is_macs(descriptor) || is_macs(self.next_sent) {
            cx.waker().wake_by_ref();
            return None;
        }
        self.next_received = (self.next_received + 1) % RECEIVING;
        Some((Received { descriptor }, Free { next: &mut self.next_sent }))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<Free<'_>> {
        if is_macs(self.next_sent) {
            cx.waker().wake_by_ref();
            return None;
        }
        Some(Free { next: &mut self.next_sent })
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MTU;
        capabilities.max_burst_size = Some(RECEIVING);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}

/// A frame that came in. What an emulator leaves behind it, padding or checksum, the IP layer does not look at.
pub struct Received {
    descriptor: usize,
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
        let length = (status(self.descriptor) >> 16) as usize;
        // SAFETY: the descriptor is not the MAC's until it is handed over below, and this token is the only one for it.
        let bytes = unsafe { core::slice::from_raw_parts_mut(frame(self.descriptor), length.min(FRAME)) };
        let result = read(bytes);
        hand_over(self.descriptor, 0);
        result
    }
}

/// Room for a frame to be sent.
pub struct Free<'a> {
    next: &'a mut usize,
}

impl TxToken for Free<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let descriptor = *self.next;
        *self.next = (descriptor + 1) % SENDING;
        let length = length.min(FRAME);
        // SAFETY: the descriptor is not the MAC's until it is handed over below, and the ring has moved on from it.
        let bytes = unsafe { core::slice::from_raw_parts_mut(frame(descriptor), length) };
        let result = fill(bytes);
        hand_over(descriptor, length);
        result
    }
}

fn frame(descriptor: usize) -> *mut u8 {
    // SAFETY: `descriptor` counts both rings, as the array of frames does.
    unsafe { (*FRAMES.0.get()).as_mut_ptr().add(descriptor).cast() }
}

fn status(descriptor: usize) -> u32 {
    read(DESCRIPTORS + descriptor * 8)
}

fn is_macs(descriptor: usize) -> bool {
    status(descriptor) & OWNED_BY_MAC != 0
}

/// Gives the descriptor's frame to the MAC: `length` bytes to send, or room to receive into.
fn hand_over(descriptor: usize, length: usize) {
    // The frame's bytes are in memory before the MAC is told of them.
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    let sends = if descriptor < SENDING { PAD_AND_CRC } else { 0 };
    write(DESCRIPTORS + descriptor * 8, (length as u32) << 16 | OWNED_BY_MAC | sends | wrap(descriptor));
}

/// Keeps the descriptor's frame.
fn keep(descriptor: usize) {
    write(DESCRIPTORS + descriptor * 8, wrap(descriptor));
}

fn wrap(descriptor: usize) -> u32 {
    if descriptor == SENDING - 1 || descriptor == SENDING + RECEIVING - 1 { WRAP } else { 0 }
}

fn read(register: usize) -> u32 {
    // SAFETY: a register or a descriptor of the MAC, whose reading changes nothing.
    unsafe { ((BASE + register) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: a register or a descriptor of the MAC. It reaches no memory but the frames above.
    unsafe { ((BASE + register) as *mut u32).write_volatile(value) };
}
