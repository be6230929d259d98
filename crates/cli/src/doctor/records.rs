//! The server's TLS records beside the device's buffer: a record that does not fit ends the connection, whatever is in
//! it, and some stacks want each handshake message whole in one.

use otary_trust::verdict::{Library, Stack};

use super::meter::Records;
use super::patient::Patient;
use super::step::{Cause, Step};

const STEP: &str = "records";
/// Bytes of content that a record has at most (RFC 8446, section 5.1).
const LARGEST: usize = 16_384;
/// What can be set as a server's largest record (RFC 6066, section 4).
const SIZES: [usize; 4] = [4096, 2048, 1024, 512];
/// `BR_ERR_TOO_LARGE`, as the ESP8266's core says it.
const TOO_LARGE: &str = "(6) Incoming record is too large to be processed, or buffer is too small for the handshake message to send.";

/// What a connection brought.
pub struct Brought {
    /// Its records.
    pub records: Records,
    /// Bytes that encryption added to each.
    pub overhead: usize,
    /// Bytes of the answer's body that were read.
    pub body: usize,
    /// The largest record that the device asks for, if it does, and whether the server keeps to it.
    pub asked: Option<(usize, bool)>,
}

/// Judges what came in.
pub fn judge(patient: &Patient, brought: &Brought) -> Step {
    let Brought { records, overhead, body, asked } = brought;
    let receives = patient.receives();
    let sealed = records.largest_sealed.saturating_sub(*overhead);
    let certificate = records.certificate.map(|bytes| format!(" (the certificates take {bytes})"));
    let mut step = Step::new(STEP)
        .saw(format!(
            "the largest record in the clear has {} bytes{}, the largest encrypted one {sealed}",
            records.largest_clear,
            certificate.unwrap_or_default()
        ))
        .saw(format!("the device's buffer holds {receives}"));
    match asked {
        Some((size, true)) => {
            return step.saw(format!("asked for at most {size}, as this stack asks, and the server agrees"));
        }
        Some((size, false)) => {
            step = step
                .saw(format!("asked for at most {size}, as this stack asks, and the server does not agree"));
        }
        None => {}
    }
    let largest = records.largest_clear.max(sealed);
    if largest > receives {
        let in_handshake = records.largest_clear > receives;
        return step.fail(too_large(patient, largest, in_handshake));
    }
    let step = if records.split { cut_up(patient, step) } else { step };
    // An image comes in larger records than a "no update".
    if *body < receives && receives < LARGEST {
        step.note(format!(
            "an image's records were not seen, as none was sent: --version with an older version asks for one; a \
             server without a limit sends {LARGEST} bytes"
        ))
    } else {
        step
    }
}

fn too_large(patient: &Patient, largest: usize, in_handshake: bool) -> Cause {
    let receives = patient.receives();
    let help = match SIZES.into_iter().find(|size| *size <= receives) {
        Some(size) => format!(
            "let the server send smaller ones (otary: max_fragment_size = {size} under [tls] in otary.toml), or give \
             the device a buffer of {LARGEST} bytes"
        ),
        None => {
            format!("give the device a buffer of {LARGEST} bytes: no server sends only records this small")
        }
    };
    let prints = match patient.stack {
        Stack::Esp8266 if in_handshake => {
            format!("{}; getLastSSLError(): {TOO_LARGE}", patient.broken_handshake())
        }
        Stack::Esp8266 => format!("(-5): HTTP error: connection lost; getLastSSLError(): {TOO_LARGE}"),
        _ if in_handshake => patient.broken_handshake(),
        Stack::Arduino2 | Stack::Arduino3 => "(-5): HTTP error: connection lost".to_owned(),
        _ => "an error of its TLS: -0x7200, SSL - An invalid SSL record was received".to_owned(),
    };
    let cause =
        format!("the server sends a TLS record of {largest} bytes, the device's buffer holds {receives}");
    Cause::new(cause, help, prints)
}

/// A handshake message over several records. BearSSL puts it together, Mbed TLS since 3.6.3 (its `ChangeLog`); ESP-IDF
/// 4.4 ended with 2.28.8.
fn cut_up(patient: &Patient, step: Step) -> Step {
    match patient.stack.library() {
        Library::BearSsl => step,
        Library::MbedTls3 => step.note(
            "a handshake message is cut over several records, which Mbed TLS puts together only since 3.6.3: older \
             3.x cores fail with -1",
        ),
        Library::MbedTls2 => step.fail(Cause::new(
            "the server cuts a handshake message over several TLS records, which Mbed TLS 2.28 does not put together",
            "let the server send records that hold its certificates (otary: a larger max_fragment_size), or fewer \
             and smaller certificates",
            patient.broken_handshake(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::step::State;

    fn judged(stack: Stack, buffer: Option<usize>, records: Records, body: usize) -> Step {
        let patient = Patient { buffer, ..Patient::unknown("https://ota.lan:3443/update", stack) };
        judge(&patient, &Brought { records, overhead: 24, body, asked: None })
    }

    #[test]
    fn what_encryption_adds_takes_no_room() {
        let records = |sealed| Records { largest_clear: 900, largest_sealed: sealed, ..Records::default() };
        let fits = judged(Stack::Esp8266, Some(1024), records(1048), 5000);
        assert_eq!(fits.state, State::Ok, "{fits:?}");
        let cause = judged(Stack::Esp8266, Some(1024), records(1049), 5000).cause.unwrap();
        assert!(cause.text.contains("a TLS record of 1025 bytes"), "{cause:?}");
        assert!(cause.device_prints.unwrap().starts_with("(-5)"));
        assert!(cause.help.contains("= 1024 under"), "{}", cause.help);
    }

    #[test]
    fn a_certificate_that_does_not_fit_ends_the_handshake() {
        let records = Records { largest_clear: 1800, largest_sealed: 100, ..Records::default() };
        let cause = judged(Stack::Esp8266, Some(512), records, 0).cause.unwrap();
        assert!(cause.device_prints.unwrap().starts_with("(-1)"));
    }

    #[test]
    fn who_puts_a_cut_up_message_together() {
        let records = Records { largest_clear: 512, split: true, ..Records::default() };
        let state = |stack| judged(stack, None, records, 0).state;
        assert_eq!(
            [Stack::Arduino2, Stack::Arduino3, Stack::Esp8266].map(state),
            [State::Failed, State::Note, State::Ok]
        );
    }

    #[test]
    fn a_small_buffer_without_an_image_is_no_clean_bill() {
        let records = Records { largest_clear: 500, largest_sealed: 300, ..Records::default() };
        assert_eq!(judged(Stack::Esp8266, Some(1024), records, 0).state, State::Note);
        assert_eq!(judged(Stack::Esp8266, None, records, 0).state, State::Ok);
    }
}
