//! The walk from a server's certificate to an anchor, as Mbed TLS goes it (`mbedtls_x509_crt_verify`).

use rustls::pki_types::SignatureVerificationAlgorithm;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::KeyUsage;
use x509_parser::x509::X509Version;

use super::Distrust;
use super::certificate::is_self_issued;
use super::signature::signs;

/// Certificates between the server's and the anchor (`MBEDTLS_X509_MAX_INTERMEDIATE_CA`).
const MOST_INTERMEDIATES: usize = 8;

/// Follows `leaf` through `others`, in the order that the server sent them, to one of the anchors. A self-signed leaf
/// that is byte for byte an anchor is its own; a leaf that a CA has signed never is.
pub(super) fn follow(
    leaf: &X509Certificate<'_>,
    others: &[X509Certificate<'_>],
    anchors: &[X509Certificate<'_>],
    algorithms: &[&'static dyn SignatureVerificationAlgorithm],
) -> Result<(), Distrust> {
    if is_self_issued(leaf) && anchors.iter().any(|anchor| anchor.as_raw() == leaf.as_raw()) {
        return Ok(());
    }
    let (mut child, mut others, mut below) = (leaf, others, 0);
    for _ in 0..=MOST_INTERMEDIATES {
        let issued = |parent: &X509Certificate<'_>| {
            may_issue(parent, below)
                && parent.subject().as_raw() == child.issuer().as_raw()
                && signs(parent, child, algorithms)
        };
        if anchors.iter().any(issued) {
            return Ok(());
        }
        let Some(next) = others.iter().position(issued) else { break };
        let Some((parent, rest)) = others.get(next..).and_then(<[_]>::split_first) else { break };
        (child, others) = (parent, rest);
        below += u32::from(!is_self_issued(child));
    }
    Err(Distrust::UnknownAuthority { issuer: child.issuer().to_string() })
}

/// Whether a certificate may sign others, with `below` intermediates between it and the leaf. A version 1 certificate
/// has no way to say so and is believed.
fn may_issue(certificate: &X509Certificate<'_>, below: u32) -> bool {
    let constraints = certificate.basic_constraints().ok().flatten().map(|extension| extension.value);
    let is_authority = certificate.version() == X509Version::V1 || constraints.is_some_and(|c| c.ca);
    let long_enough = constraints.and_then(|c| c.path_len_constraint).is_none_or(|most| below <= most);
    let usage = certificate.key_usage().ok().flatten().map(|extension| extension.value);
    is_authority && long_enough && usage.is_none_or(KeyUsage::key_cert_sign)
}
