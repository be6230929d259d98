//! What a server's TLS records measure, read off the bytes as they come in: the largest record, and whether a
//! handshake message was cut over several. What is no TLS is not measured, and nothing is kept but figures.

/// Bytes of a record's header: type, version, length (RFC 8446, section 5.1).
const RECORD_HEADER: usize = 5;
/// Bytes of a handshake message's header: type, length (RFC 8446, section 4).
const MESSAGE_HEADER: usize = 4;

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
/// Types of records: `change_cipher_spec` to `application_data` (RFC 8446, section 5.1).
const TYPES: std::ops::RangeInclusive<u8> = 20..=23;
const CERTIFICATE: u8 = 11;

/// Figures of the records that came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Records {
    /// Bytes of the largest record that was not encrypted.
    pub largest_clear: usize,
    /// Bytes of the largest encrypted record, with what the encryption adds.
    pub largest_sealed: usize,
    /// Bytes of the certificate message, if it was to be seen: TLS 1.3 encrypts it.
    pub certificate: Option<usize>,
    /// Whether a handshake message went on in a second record.
    pub split: bool,
    /// Whether the first byte was none of a record.
    pub foreign: bool,
}

/// Reads the server's side of a connection.
#[derive(Debug, Default)]
pub struct Meter {
    records: Records,
    /// The header of the record under way, as far as it has come.
    header: Vec<u8>,
    /// Type of the record under way, and bytes of it that are still to come.
    record: (u8, usize),
    /// The header of the handshake message under way.
    message: Vec<u8>,
    /// Bytes of that message that are still to come.
    message_left: usize,
    /// Whether the server encrypts by now.
    sealed: bool,
}

impl Meter {
    /// What was measured so far.
    pub const fn records(&self) -> Records {
        self.records
    }

    /// Takes the next bytes.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.records.foreign {
            let taken = if self.record.1 == 0 { self.take_header(bytes) } else { self.take_body(bytes) };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// Takes as much of a record's header as there is.
    fn take_header(&mut self, bytes: &[u8]) -> usize {
        let taken = (RECORD_HEADER - self.header.len()).min(bytes.len());
        self.header.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        self.records.foreign |= self.header.first().is_some_and(|kind| !TYPES.contains(kind));
        if let [kind, _, _, high, low] = self.header[..]
            && !self.records.foreign
        {
            self.header.clear();
            self.begin(kind, u16::from_be_bytes([high, low]).into());
        }
        taken
    }

    fn begin(&mut self, kind: u8, length: usize) {
        self.record = (kind, length);
        let largest =
            if self.sealed { &mut self.records.largest_sealed } else { &mut self.records.largest_clear };
        *largest = length.max(*largest);
        if kind == HANDSHAKE && !self.sealed && (self.message_left > 0 || !self.message.is_empty()) {
            self.records.split = true;
        }
        // TLS 1.3 sends it for the sake of old boxes in between, just before it encrypts as well.
        self.sealed |= kind == CHANGE_CIPHER_SPEC;
    }

    /// Takes as much of a record's content as there is.
    fn take_body(&mut self, bytes: &[u8]) -> usize {
        let taken = self.record.1.min(bytes.len());
        self.record.1 -= taken;
        if self.record.0 == HANDSHAKE && !self.sealed {
            self.take_messages(bytes.get(..taken).unwrap_or_default());
        }
        taken
    }

    fn take_messages(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.message_left.min(bytes.len());
            self.message_left -= skipped;
            let rest = bytes.get(skipped..).unwrap_or_default();
            let taken = (MESSAGE_HEADER - self.message.len()).min(rest.len());
            self.message.extend_from_slice(rest.get(..taken).unwrap_or_default());
            bytes = rest.get(taken..).unwrap_or_default();
            if let [kind, a, b, c] = self.message[..] {
                self.message.clear();
                let length = u32::from_be_bytes([0, a, b, c]);
                self.message_left = usize::try_from(length).unwrap_or(usize::MAX);
                if kind == CERTIFICATE {
                    self.records.certificate = Some(self.message_left.saturating_add(MESSAGE_HEADER));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3][..], &length, body].concat()
    }

    fn message(kind: u8, length: u8) -> Vec<u8> {
        [&[kind, 0, 0, length][..], &vec![7; length.into()]].concat()
    }

    /// However the bytes are cut on their way, the figures are the same.
    fn measured(bytes: &[u8]) -> Records {
        let whole = pieces(bytes, bytes.len());
        for size in 1..9 {
            assert_eq!(pieces(bytes, size), whole, "in pieces of {size}");
        }
        whole
    }

    fn pieces(bytes: &[u8], size: usize) -> Records {
        let mut meter = Meter::default();
        bytes.chunks(size).for_each(|piece| meter.take(piece));
        meter.records()
    }

    #[test]
    fn a_handshake_in_one_record_is_not_split() {
        let flight = [message(2, 70), message(CERTIFICATE, 200), message(14, 0)].concat();
        let bytes =
            [record(HANDSHAKE, &flight), record(CHANGE_CIPHER_SPEC, &[1]), record(HANDSHAKE, &[9; 40])];
        let records = measured(&bytes.concat());
        let expected = Records {
            largest_clear: flight.len(),
            largest_sealed: 40,
            certificate: Some(204),
            ..Records::default()
        };
        assert_eq!(records, expected);
    }

    #[test]
    fn a_message_over_two_records_is_seen_also_when_its_header_is_cut() {
        let flight = [message(2, 70), message(CERTIFICATE, 200)].concat();
        for at in [75, 76, 100, 277] {
            let (first, second) = flight.split_at(at);
            let records = measured(&[record(HANDSHAKE, first), record(HANDSHAKE, second)].concat());
            assert!(records.split, "cut at {at}");
            assert_eq!(records.certificate, Some(204));
        }
        let (hello, certificate) = flight.split_at(74);
        let records = measured(&[record(HANDSHAKE, hello), record(HANDSHAKE, certificate)].concat());
        assert!(!records.split, "each record begins with a message");
    }

    #[test]
    fn what_is_no_tls_is_not_measured() {
        let records = measured(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        assert_eq!(records, Records { foreign: true, ..Records::default() });
    }
}
