//! PEM text (RFC 7468), one block at a time, with the secret ones in memory that is wiped.
//!
//! `pem-rfc7468` decodes in constant time into a buffer of ours, so that no copy of a key stays behind.

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use crate::defect::Defect;

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";

/// One block with this label as text, its lines ended by `\n`. The caller wipes it if it is secret.
pub(crate) fn encode(label: &'static str, der: &[u8]) -> Result<String, Defect> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(Defect::Pem)
}

/// The bytes of the only block in `text`, which must have the label `expected`.
pub(crate) fn decode(expected: &'static str, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Defect> {
    let (label, der) = pem_rfc7468::decode_vec(text).map_err(Defect::Pem)?;
    let der = Zeroizing::new(der);
    if label != expected {
        return Err(Defect::Label { expected, found: label.chars().take(64).collect() });
    }
    Ok(der)
}
