//! Private keys inside an image, as PEM text and as DER: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) and SEC1 (RFC 5915).
//!
//! A key counts when all of its structure is there and its numbers belong together: the modulus of an RSA key is the
//! product of its primes, the scalar of an elliptic curve has the length that its curve asks for. An encrypted key is
//! none: whoever has the image still lacks the passphrase.

use std::iter;

use otary_fleet::{Embedded, FoundKey};
use x509_parser::asn1_rs::{Any, Class, Tag};

use super::pem::Blocks;
use super::{first, sequence};

/// Curves by the DER content of their object identifier, with their name and the bytes of a scalar (RFC 5480, section
/// 2.1.1.1; SEC 2; RFC 5639).
const CURVES: [(&[u8], &str, usize); 9] = [
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 1], "P-192", 24),
    (&[0x2B, 0x81, 4, 0, 0x21], "P-224", 28),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7], "P-256", 32),
    (&[0x2B, 0x81, 4, 0, 0x22], "P-384", 48),
    (&[0x2B, 0x81, 4, 0, 0x23], "P-521", 66),
    (&[0x2B, 0x81, 4, 0, 0x0A], "secp256k1", 32),
    (&[0x2B, 0x24, 3, 3, 2, 8, 1, 1, 7], "brainpoolP256r1", 32),
    (&[0x2B, 0x24, 3, 3, 2, 8, 1, 1, 0x0B], "brainpoolP384r1", 48),
    (&[0x2B, 0x24, 3, 3, 2, 8, 1, 1, 0x0D], "brainpoolP512r1", 64),
];
/// Keys whose private half is one octet string (RFC 8410), as [`CURVES`].
const STRINGS: [(&[u8], &str, usize); 2] =
    [(&[0x2B, 0x65, 0x70], "Ed25519", 32), (&[0x2B, 0x65, 0x6E], "X25519", 32)];
/// `rsaEncryption` (RFC 8017, appendix A.1) and `id-ecPublicKey` (RFC 5480, section 2.1.1).
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
const ELLIPTIC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];

/// Moduli that a key could have in earnest, in bits.
const MODULUS: std::ops::RangeInclusive<usize> = 512..=8192;

/// Finds them.
pub(super) fn find(image: &[u8], blocks: &Blocks<'_>) -> Vec<FoundKey> {
    let blocks = blocks.labelled(|label| label.ends_with(b"PRIVATE KEY"));
    let mut found: Vec<_> = blocks.filter_map(|block| read(block.offset, &block.der)).collect();
    let mut free = 0;
    let mut as_der = 0;
    for (at, bytes) in sequence::places(image) {
        if at < free || as_der == Embedded::MAX_EACH {
            continue;
        }
        let Some((whole, _)) = sequence::whole(bytes) else { continue };
        if let Some(key) = read(at, whole) {
            free = at + whole.len();
            as_der += 1;
            found.push(key);
        }
    }
    first(found, |key| key.offset)
}

fn read(offset: usize, der: &[u8]) -> Option<FoundKey> {
    Some(FoundKey { offset: offset as u64, kind: kind(der)? })
}

/// What kind of private key `der` is, if it is one from its first byte to its last.
fn kind(der: &[u8]) -> Option<String> {
    let (whole, content) = sequence::whole(der)?;
    (whole.len() == der.len()).then_some(())?;
    // The version, which all three forms have first, and the first byte of what follows it.
    match content {
        [0x02, 0x01, 0, 0x02, ..] => rsa(content),
        [0x02, 0x01, 1, 0x04, ..] => elliptic(content, None),
        [0x02, 0x01, 0 | 1, 0x30, ..] => pkcs8(content),
        _ => None,
    }
}

/// `OneAsymmetricKey`: version, algorithm, the key itself, attributes, public key.
fn pkcs8(content: &[u8]) -> Option<String> {
    let elements = sequence::elements::<5>(content)?;
    let [_, algorithm, key, ..] = elements.as_slice() else { return None };
    let key = octets(key)?;
    let algorithm = sequence::elements::<2>(algorithm.data)?;
    let (oid, parameters) = (object_id(algorithm.first()?)?, algorithm.get(1));
    if oid == RSA {
        return rsa(sequence::whole(key)?.1);
    }
    if oid == ELLIPTIC {
        return elliptic(sequence::whole(key)?.1, Some(object_id(parameters?)?));
    }
    let (_, name, len) = STRINGS.into_iter().find(|(string, ..)| *string == oid)?;
    let [0x04, stated, secret @ ..] = key else { return None };
    (usize::from(*stated) == len && is_secret(secret, len)).then(|| name.to_owned())
}

/// `ECPrivateKey`: version, scalar, curve, public key. In PKCS#8 the curve may stand outside alone.
fn elliptic(content: &[u8], outside: Option<&[u8]>) -> Option<String> {
    let elements = sequence::elements::<4>(content)?;
    let inside = elements.iter().find(|element| is_context(element, 0)).and_then(|element| {
        let curve = sequence::elements::<1>(element.data)?;
        object_id(curve.first()?)
    });
    let curve = inside.or(outside)?;
    let (_, name, len) = CURVES.into_iter().find(|(oid, ..)| *oid == curve)?;
    let scalar = octets(elements.get(1)?)?;
    is_secret(scalar, len).then(|| name.to_owned())
}

/// `RSAPrivateKey`: version, modulus, two exponents, two primes, and what speeds up the work with them.
fn rsa(content: &[u8]) -> Option<String> {
    let elements = sequence::elements::<9>(content)?;
    let numbers: Vec<&[u8]> = elements.iter().map(positive).collect::<Option<_>>()?;
    let [_, modulus, _, private, p, q, ..] = numbers.as_slice() else { return None };
    let lengths = [modulus, p, q].map(|number| bits(number));
    let [len, primes @ ..] = lengths;
    let complete = numbers.len() == 9 && MODULUS.contains(&len) && bits(private) <= len;
    let product = primes.iter().sum::<usize>();
    // Bits below the 64th of a product depend on those of its factors alone.
    let fits = (len == product || len + 1 == product) && low(p).wrapping_mul(low(q)) == low(modulus);
    (complete && fits).then(|| format!("RSA-{len}"))
}

/// A scalar or seed of `len` bytes, and none that only erased or blank memory has.
fn is_secret(bytes: &[u8], len: usize) -> bool {
    bytes.len() == len && bytes.iter().any(|byte| Some(byte) != bytes.first())
}

fn octets<'a>(element: &Any<'a>) -> Option<&'a [u8]> {
    is_universal(element, Tag::OctetString).then_some(element.data)
}

fn object_id<'a>(element: &Any<'a>) -> Option<&'a [u8]> {
    is_universal(element, Tag::Oid).then_some(element.data)
}

/// The digits of an integer that is not negative, most significant first, without zeros in front.
fn positive<'a>(element: &Any<'a>) -> Option<&'a [u8]> {
    let digits = element.data;
    let fits = is_universal(element, Tag::Integer) && digits.first().is_some_and(|first| *first < 0x80);
    fits.then(|| digits.get(digits.iter().take_while(|digit| **digit == 0).count()..).unwrap_or_default())
}

fn is_universal(element: &Any<'_>, tag: Tag) -> bool {
    element.class() == Class::Universal && element.tag() == tag
}

fn is_context(element: &Any<'_>, tag: u32) -> bool {
    element.class() == Class::ContextSpecific && element.tag() == Tag(tag)
}

fn bits(digits: &[u8]) -> usize {
    let unused = digits.first().map_or(0, |first| first.leading_zeros() as usize);
    (digits.len() * 8).saturating_sub(unused)
}

/// The lowest 64 bits.
fn low(digits: &[u8]) -> u64 {
    let lowest = digits.iter().rev().chain(iter::repeat(&0)).take(8);
    lowest.enumerate().fold(0, |number, (place, digit)| number | u64::from(*digit) << (8 * place))
}
