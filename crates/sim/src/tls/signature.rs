//! Signatures: whether a key made them, by the algorithms that rustls' provider has.

use rustls::pki_types::SignatureVerificationAlgorithm;
use x509_parser::asn1_rs::{Any, FromDer as _};
use x509_parser::certificate::X509Certificate;

/// Whether `issuer`'s key has signed `child`.
pub(super) fn signs(
    issuer: &X509Certificate<'_>,
    child: &X509Certificate<'_>,
    algorithms: &[&'static dyn SignatureVerificationAlgorithm],
) -> bool {
    let algorithm = signature_algorithm(child.as_raw());
    algorithms
        .iter()
        .filter(|known| Some(known.signature_alg_id().as_ref()) == algorithm)
        .any(|known| verifies(*known, issuer, child.tbs_certificate.as_ref(), &child.signature_value.data))
}

/// Whether the certificate's key is of this algorithm and has signed `message`.
pub(super) fn verifies(
    algorithm: &dyn SignatureVerificationAlgorithm,
    signer: &X509Certificate<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let key = signer.public_key();
    key_algorithm(key.raw) == Some(algorithm.public_key_alg_id().as_ref())
        && algorithm.verify_signature(&key.subject_public_key.data, message, signature).is_ok()
}

/// The content of the algorithm identifier that follows the signed part (RFC 5280, 4.1.1).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (behind_tbs, _) = Any::from_der(content(certificate)?).ok()?;
    content(behind_tbs)
}

/// The content of the algorithm identifier that begins a public key (RFC 5280, 4.1.2.7).
fn key_algorithm(key: &[u8]) -> Option<&[u8]> {
    content(content(key)?)
}

fn content(der: &[u8]) -> Option<&[u8]> {
    Any::from_der(der).ok().map(|(_, any)| any.data)
}
