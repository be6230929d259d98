//! A question and its answer: 48 bytes each (RFC 4330, section 4). Pure.

use std::time::Duration;

use otary_fleet::Time;

/// The length of a message without extensions, in bytes.
pub const LENGTH: usize = 48;
/// Seconds from 1900, where NTP counts from, to 1970.
const TO_1970: u64 = 2_208_988_800;
const MODE_CLIENT: u8 = 3;
const MODE_SERVER: u8 = 4;

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    version: u8,
    poll: u8,
    /// When it was sent, by its sender's clock; given back as it came.
    transmit: [u8; 8],
}

/// What is told of the clock with the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many machines away from a reference clock.
    pub stratum: u8,
    /// What it is synchronised to.
    pub reference: [u8; 4],
    /// How wrong it may be.
    pub dispersion: Duration,
}

impl Question {
    /// Reads a question; none if it is anything else: an answer to an answer could go on for ever.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let message: &[u8; LENGTH] = bytes.first_chunk()?;
        let [first, _, poll, ..] = *message;
        let (version, mode) = (first >> 3 & 0b111, first & 0b111);
        let transmit = *message.last_chunk()?;
        (mode == MODE_CLIENT && (1..=4).contains(&version)).then_some(Self { version, poll, transmit })
    }

    /// The answer: `received` when the question came in, `now` when this goes out.
    pub fn answer(self, standing: Standing, received: Time, now: Time) -> [u8; LENGTH] {
        const PRECISION: i8 = -10; // a millisecond: 2^-10 s
        let mut message = [0; LENGTH];
        let [precision] = PRECISION.to_be_bytes();
        let head = [self.version << 3 | MODE_SERVER, standing.stratum, self.poll, precision];
        let fields: [&[u8]; 8] = [
            &head,
            &[0; 4], // root delay: the way to whom this clock follows is not known
            &short(standing.dispersion),
            &standing.reference,
            &timestamp(received), // when the clock was last corrected: it is, all the time
            &self.transmit,
            &timestamp(received),
            &timestamp(now),
        ];
        for (byte, value) in message.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *value;
        }
        message
    }
}

/// Seconds since 1900 with 32 bits behind the point. They begin anew in 2036, which clients know (RFC 4330, section 3).
fn timestamp(time: Time) -> [u8; 8] {
    let seconds = time.secs().wrapping_add(TO_1970) & u64::from(u32::MAX);
    let fraction = ((time.0 % 1000) << 32) / 1000;
    (seconds << 32 | fraction).to_be_bytes()
}

/// Seconds with 16 bits behind the point.
fn short(duration: Duration) -> [u8; 4] {
    let units = (duration.as_millis() << 16) / 1000;
    u32::try_from(units).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDING: Standing =
        Standing { stratum: 4, reference: [127, 0, 0, 1], dispersion: Duration::from_millis(1500) };

    /// What lwIP sends: version 4, nothing but its transmit time.
    fn question() -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = 0x23;
        bytes[40..].copy_from_slice(b"its time");
        bytes
    }

    #[test]
    fn an_answer_gives_back_what_came_and_the_time_on_top() {
        let received = Time(1_795_424_400_250);
        let answer = Question::parse(&question()).unwrap().answer(
            STANDING,
            received,
            received + Duration::from_secs(1),
        );
        assert_eq!(answer[..4], [0x24, 4, 0, 0xf6], "version 4, server, stratum");
        assert_eq!(answer[8..12], [0, 1, 0x80, 0], "one and a half seconds");
        assert_eq!(answer[12..16], [127, 0, 0, 1]);
        assert_eq!(&answer[24..32], b"its time");
        let seconds = u32::try_from(1_795_424_400 + TO_1970).unwrap().to_be_bytes();
        assert_eq!(answer[32..40], [&seconds[..], &[0x40, 0, 0, 0]].concat(), "a quarter of a second");
        assert_eq!(answer[40..44], (u32::from_be_bytes(seconds) + 1).to_be_bytes());
    }

    #[test]
    fn only_questions_of_the_right_length_and_version_are_read() {
        for version in 1..=4 {
            let bytes = [&[version << 3 | MODE_CLIENT][..], &[0; 47]].concat();
            let answer = Question::parse(&bytes).unwrap().answer(STANDING, Time(0), Time(0));
            assert_eq!(answer[0] >> 3, version, "in the version that was asked in");
        }
        assert!(Question::parse(&[question().to_vec(), vec![0; 20]].concat()).is_some(), "with a signature");
        assert!(Question::parse(&question()[..47]).is_none());
        assert!(Question::parse(&[]).is_none());
        for first in [0x03, 0x2b, 0x20, 0x21, 0x24, 0x25, 0x26, 0x27] {
            assert!(Question::parse(&[&[first][..], &[0; 47]].concat()).is_none(), "{first:#x}");
        }
    }

    #[test]
    fn the_second_era_begins_in_2036() {
        let begin = Time::from_secs((1 << 32) - TO_1970);
        assert_eq!(timestamp(begin), [0; 8]);
        assert_eq!(timestamp(begin + Duration::from_secs(5))[..4], [0, 0, 0, 5]);
    }
}
