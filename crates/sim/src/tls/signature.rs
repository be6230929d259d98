//! The signature under a key exchange: whether a certificate's key made it, by the algorithms of rustls' provider.

use rustls::pki_types::SignatureVerificationAlgorithm;
use x509_parser::asn1_rs::{Any, FromDer as _};
use x509_parser::certificate::X509Certificate;

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

/// The content of the algorithm identifier that begins a public key (RFC 5280, 4.1.2.7).
fn key_algorithm(key: &[u8]) -> Option<&[u8]> {
    content(content(key)?)
}

fn content(der: &[u8]) -> Option<&[u8]> {
    Any::from_der(der).ok().map(|(_, any)| any.data)
}
