//! Certificates inside an image, as PEM text and as DER.

use otary_fleet::{Embedded, FoundCertificate};

use super::pem::Blocks;
use super::{first, sequence};
use crate::certificate::Certificate;

/// The labels under which the devices' libraries read a certificate: RFC 7468, and what OpenSSL wrote long ago.
const LABELS: [&[u8]; 2] = [b"CERTIFICATE", b"X509 CERTIFICATE"];
/// Sequences that are parsed at most. No firmware comes near; it bounds the work on bytes made to look like certificates.
const MOST_PARSED: usize = 2048;

/// Finds them.
pub(super) fn find(image: &[u8], blocks: &Blocks<'_>) -> Vec<FoundCertificate> {
    let blocks = blocks.labelled(|label| LABELS.contains(&label));
    let mut found: Vec<_> = blocks.filter_map(|block| read(block.offset, true, &block.der)).collect();
    let mut free = 0;
    let mut as_der = 0;
    for (at, der) in sequence::places(image).filter_map(candidate).take(MOST_PARSED) {
        if at < free || as_der == Embedded::MAX_EACH {
            continue;
        }
        if let Some(certificate) = read(at, false, der) {
            free = at + der.len();
            as_der += 1;
            found.push(certificate);
        }
    }
    first(found, |certificate| certificate.offset)
}

fn read(offset: usize, pem: bool, der: &[u8]) -> Option<FoundCertificate> {
    let anchor = Certificate::from_der(der).ok()?.anchor();
    Some(FoundCertificate { offset: offset as u64, pem, anchor })
}

/// The bytes of a sequence that begins as a certificate does: `TBSCertificate`, a sequence itself, with a version or a
/// serial number first (RFC 5280, section 4.1).
fn candidate((at, bytes): (usize, &[u8])) -> Option<(usize, &[u8])> {
    let (whole, content) = sequence::whole(bytes)?;
    let (_, to_be_signed) = sequence::whole(content)?;
    matches!(to_be_signed, [0xA0, 0x03, 0x02, 0x01, 0..=2, ..] | [0x02, 1..=21, ..]).then_some((at, whole))
}
