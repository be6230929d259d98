//! The parts of a subject: which there are, what text each may hold, and their form in a certificate.
//!
//! Forms and lengths are those that OpenSSL uses by default (`string_mask = utf8only`): `UTF8String`, but for the parts
//! that RFC 5280, appendix A, and RFC 4519 keep to an older alphabet.

use yasna::DERWriter;
use yasna::models::ObjectIdentifier;

use super::fault::KeyFault;

/// One part of a subject with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    kind: &'static Kind,
    text: String,
}

/// A kind of part.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    short: &'static str,
    long: &'static str,
    oid: &'static [u64],
    alphabet: Alphabet,
    /// Fewest and most characters.
    length: (usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Any,
    Printable,
    Ascii,
}

/// Names of all kinds, for people.
pub(super) const KNOWN: &str = "C, ST, L, O, OU, CN, emailAddress, serialNumber, GN, SN, title, street, postalCode, DC, UID and \
     dnQualifier";

/// Longer texts are of no use in a certificate, also where X.509 has no bound.
const LONGEST: usize = 256;

const KINDS: [Kind; 16] = [
    kind("C", "countryName", &[2, 5, 4, 6], Alphabet::Printable, (2, 2)),
    kind("ST", "stateOrProvinceName", &[2, 5, 4, 8], Alphabet::Any, (1, 128)),
    kind("L", "localityName", &[2, 5, 4, 7], Alphabet::Any, (1, 128)),
    kind("O", "organizationName", &[2, 5, 4, 10], Alphabet::Any, (1, 64)),
    kind("OU", "organizationalUnitName", &[2, 5, 4, 11], Alphabet::Any, (1, 64)),
    kind("CN", "commonName", &[2, 5, 4, 3], Alphabet::Any, (1, 64)),
    kind("emailAddress", "emailAddress", &[1, 2, 840, 113_549, 1, 9, 1], Alphabet::Ascii, (1, 128)),
    kind("serialNumber", "serialNumber", &[2, 5, 4, 5], Alphabet::Printable, (1, 64)),
    kind("GN", "givenName", &[2, 5, 4, 42], Alphabet::Any, (1, LONGEST)),
    kind("SN", "surname", &[2, 5, 4, 4], Alphabet::Any, (1, LONGEST)),
    kind("title", "title", &[2, 5, 4, 12], Alphabet::Any, (1, LONGEST)),
    kind("street", "streetAddress", &[2, 5, 4, 9], Alphabet::Any, (1, LONGEST)),
    kind("postalCode", "postalCode", &[2, 5, 4, 17], Alphabet::Any, (1, LONGEST)),
    kind("DC", "domainComponent", &[0, 9, 2342, 19_200_300, 100, 1, 25], Alphabet::Ascii, (1, LONGEST)),
    kind("UID", "userId", &[0, 9, 2342, 19_200_300, 100, 1, 1], Alphabet::Any, (1, LONGEST)),
    kind("dnQualifier", "dnQualifier", &[2, 5, 4, 46], Alphabet::Printable, (1, LONGEST)),
];

const fn kind(
    short: &'static str,
    long: &'static str,
    oid: &'static [u64],
    alphabet: Alphabet,
    length: (usize, usize),
) -> Kind {
    Kind { short, long, oid, alphabet, length }
}

impl Attribute {
    /// A common name; the caller sees to its length.
    pub(super) fn common_name(text: String) -> Option<Self> {
        Some(Self { kind: find("CN")?, text })
    }

    /// A part by one of its names, short or long; none if there is no such part.
    pub(super) fn new(name: &str, text: String) -> Option<Result<Self, KeyFault>> {
        let kind = find(name)?;
        Some(kind.check(&text).map(|()| Self { kind, text }))
    }

    /// Writes it as a `RelativeDistinguishedName` with one value (RFC 5280, section 4.1.2.4).
    fn write(&self, writer: DERWriter<'_>) {
        writer.write_set(|writer| {
            writer.next().write_sequence(|writer| {
                writer.next().write_oid(&ObjectIdentifier::from_slice(self.kind.oid));
                match self.kind.alphabet {
                    Alphabet::Any => writer.next().write_utf8_string(&self.text),
                    Alphabet::Printable => writer.next().write_printable_string(&self.text),
                    Alphabet::Ascii => writer.next().write_ia5_string(&self.text),
                }
            });
        });
    }
}

impl Kind {
    fn check(&self, text: &str) -> Result<(), KeyFault> {
        let (least, most) = self.length;
        let found = text.chars().count();
        if !(least..=most).contains(&found) {
            return Err(KeyFault::Length { least, most, found });
        }
        let (fits, expected) = match self.alphabet {
            Alphabet::Any => (true, ""),
            Alphabet::Printable => (
                text.chars().all(is_printable),
                "letters of ASCII, digits, blanks and '()+,-./:=? (X.680's PrintableString)",
            ),
            Alphabet::Ascii => (text.is_ascii(), "ASCII"),
        };
        if fits { Ok(()) } else { Err(KeyFault::Value { expected, found: text.to_owned() }) }
    }
}

/// The subject as DER (`RDNSequence`).
pub(super) fn encode(subject: &[Attribute]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| subject.iter().for_each(|attribute| attribute.write(writer.next())));
    })
}

fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.short == name || kind.long == name)
}

const fn is_printable(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, ' ' | '\'' | '(' | ')' | '+' | ',' | '-' | '.' | '/' | ':' | '=' | '?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_among_the_known_ones_and_found_by_both_names() {
        for kind in &KINDS {
            assert!(KNOWN.split([',', ' ']).any(|name| name == kind.short), "{}", kind.short);
            assert_eq!(find(kind.long), Some(kind));
        }
    }

    #[test]
    fn a_text_that_has_no_room_or_no_letters_is_refused() {
        let new = |name, text: &str| Attribute::new(name, text.to_owned()).unwrap().map(|_| ());
        assert_eq!(new("C", "Germany"), Err(KeyFault::Length { least: 2, most: 2, found: 7 }));
        assert!(matches!(new("C", "Ä!"), Err(KeyFault::Value { .. })));
        assert!(matches!(new("emailAddress", "ä@b.c"), Err(KeyFault::Value { .. })));
        assert_eq!(new("CN", &"ä".repeat(64)), Ok(()));
        assert!(Attribute::new("colour", "red".to_owned()).is_none());
    }
}
