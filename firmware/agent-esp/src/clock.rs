//! The wall clock: unknown at power-on, set by SNTP, and what Mbed TLS judges dates by.

use core::cell::Cell;

use critical_section::Mutex;
use embassy_time::Instant;
use mbedtls_rs::sys::hook::timer::{MbedtlsTimer, hook_timer};
use mbedtls_rs::sys::hook::wall_clock::{MbedtlsWallClock, hook_wall_clock};
use mbedtls_rs::sys::tm;

use crate::calendar::Date;

/// When this firmware was built, in seconds since 1970. It is later than that by now.
pub const BUILT: u64 = match u64::from_str_radix(env!("OTARY_BUILT"), 10) {
    Ok(seconds) => seconds,
    Err(_) => panic!("SOURCE_DATE_EPOCH is seconds since 1970"),
};

/// Certificates and signatures of this firmware do not outlive a century: nor does a clock that is believed.
const CENTURY: u64 = 100 * 365 * 86_400;

/// What the wall clock showed when the uptime was 0.
static POWERED_ON: Mutex<Cell<Option<u64>>> = Mutex::new(Cell::new(None));

/// Seconds since 1970, once somebody has told them.
pub fn now() -> Option<u64> {
    critical_section::with(|cs| POWERED_ON.borrow(cs).get()).map(|then| then + uptime_seconds())
}

/// Sets the clock; says whether the time can be right.
pub fn set(seconds: u64) -> bool {
    let believed = (BUILT..BUILT + CENTURY).contains(&seconds);
    if believed {
        let then = seconds.saturating_sub(uptime_seconds());
        critical_section::with(|cs| POWERED_ON.borrow(cs).set(Some(then)));
    }
    believed
}

fn uptime_seconds() -> u64 {
    Instant::now().as_secs()
}

/// What Mbed TLS judges dates by.
static JUDGED_BY: Mutex<Cell<Option<u64>>> = Mutex::new(Cell::new(None));

/// Sets the time that the next handshake judges dates by: the agent's, which knows of signed times besides SNTP.
pub fn judge_by(seconds: Option<u64>) {
    critical_section::with(|cs| JUDGED_BY.borrow(cs).set(seconds));
}

struct Wall;

impl MbedtlsWallClock for Wall {
    /// Without the time it is the day of the build. With no date at all Mbed TLS ends the handshake before anybody can
    /// see which of its checks failed; whoever connects without the time does not look at what it says of dates.
    fn instant(&self) -> Option<tm> {
        let judged_by = critical_section::with(|cs| JUDGED_BY.borrow(cs).get());
        let date = Date::of(judged_by.unwrap_or(BUILT));
        Some(tm {
            tm_sec: date.second.into(),
            tm_min: date.minute.into(),
            tm_hour: date.hour.into(),
            tm_mday: date.day.into(),
            tm_mon: i32::from(date.month) - 1,
            tm_year: date.year.cast_signed() - 1900,
            tm_wday: date.weekday.into(),
            // Mbed TLS compares dates by the fields above.
            tm_yday: 0,
            tm_isdst: 0,
        })
    }
}

struct Uptime;

impl MbedtlsTimer for Uptime {
    fn now(&self) -> i64 {
        Instant::now().as_millis().cast_signed()
    }
}

/// Gives Mbed TLS its clocks, for ever. Before anything else is asked of it.
#[expect(unsafe_code, reason = "Mbed TLS keeps them")]
pub fn hook() {
    // SAFETY: both are constants, and no session exists yet.
    unsafe {
        hook_timer(Some(&Uptime));
        hook_wall_clock(Some(&Wall));
    }
}
