//! Time for the executor without a timer interrupt: the system timer's count, and a queue that the main loop looks at.

use core::cell::RefCell;
use core::task::Waker;

use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

/// Microseconds since power-on, as `tick-hz-1_000_000` says.
pub struct Polled {
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: Polled = Polled { queue: Mutex::new(RefCell::new(Queue::new())) });

impl Driver for Polled {
    fn now(&self) -> u64 {
        esp_hal::time::Instant::now().duration_since_epoch().as_micros()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            self.queue.borrow_ref_mut(cs).schedule_wake(at, waker);
        });
    }
}

/// Wakes what is due.
pub fn wake_due() {
    critical_section::with(|cs| {
        DRIVER.queue.borrow_ref_mut(cs).next_expiration(DRIVER.now());
    });
}

/// Lets the system timer's first unit count, as the chip's reset value does.
///
/// Emulators reset the register to 0, and time stands still (espressif/qemu issue 120). On silicon this writes what is
/// there already.
#[expect(unsafe_code, reason = "esp-hal takes the register to be as the chip resets it")]
pub fn start_counting() {
    const SYSTIMER_CONF: *mut u32 = 0x6002_3000 as *mut u32;
    const RESET_VALUE: u32 = 0x4600_0000;
    // SAFETY: the register is always there, and nothing has begun to use it.
    unsafe { SYSTIMER_CONF.write_volatile(RESET_VALUE) };
}
