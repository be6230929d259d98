//! A request made into a certificate.
//!
//! rcgen has its own order of extensions and room for one text of each kind in a subject. A request file is followed
//! exactly, so its certificate is put together here (RFC 5280, section 4.1), and rcgen signs it.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use otary_fleet::Time;
use rcgen::{KeyPair, PKCS_RSA_SHA384, PKCS_RSA_SHA512, SignatureAlgorithm, SigningKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};
use yasna::models::{GeneralizedTime, ObjectIdentifier, UTCTime};
use yasna::{DERWriter, Tag};
use zeroize::Zeroizing;

use super::extension::{Extension, Subject};
use super::{Digest, Request, subject};
use crate::defect::Defect;
use crate::error::Error;
use crate::key::{KeyKind, PrivateKey};
use crate::life::Life;
use crate::profile;

/// The last moment that `UTCTime` is used for, the end of 2049 (RFC 5280, section 4.1.2.5).
const LAST_OF_2049: i64 = 2_524_607_999;

/// The certificate as DER, signed by the key that it is for.
pub(super) fn certificate(request: &Request, key: &PrivateKey, life: Life) -> Result<Vec<u8>, Error> {
    let digest = request.digest();
    let (serial, public_key) = (profile::serial_number()?, key.public_key());
    let (key_id, name) = (key_id(&public_key).map_err(Error::Made)?, subject::encode(&request.subject));
    let about = Subject { key_id: &key_id, name: &name, serial: serial.as_ref() };
    let [begin, end] = [date(life.not_before)?, date(life.not_after)?];
    let body = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            // Version 3.
            writer.next().write_tagged(Tag::context(0), |writer| writer.write_u8(2));
            writer.next().write_bigint_bytes(about.serial, true);
            write_algorithm(request.key, digest, writer.next());
            writer.next().write_der(about.name);
            writer.next().write_sequence(|writer| {
                begin.write(writer.next());
                end.write(writer.next());
            });
            writer.next().write_der(about.name);
            writer.next().write_der(&public_key);
            if !request.extensions.is_empty() {
                write_extensions(&request.extensions, about, writer.next());
            }
        });
    });
    let signature = sign(key, digest, &body)?;
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(&body);
            write_algorithm(request.key, digest, writer.next());
            writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    }))
}

fn write_extensions(extensions: &[Extension], about: Subject<'_>, writer: DERWriter<'_>) {
    writer.write_tagged(Tag::context(3), |writer| {
        writer.write_sequence(|writer| {
            for extension in extensions {
                extension.write(about, writer.next());
            }
        });
    });
}

/// The signature's algorithm (RFC 4055, section 5, and RFC 5758, section 3.2).
fn write_algorithm(key: KeyKind, digest: Digest, writer: DERWriter<'_>) {
    let oid: &[u64] = match (key.is_rsa(), digest) {
        (true, Digest::Sha256) => &[1, 2, 840, 113_549, 1, 1, 11],
        (true, Digest::Sha384) => &[1, 2, 840, 113_549, 1, 1, 12],
        (true, Digest::Sha512) => &[1, 2, 840, 113_549, 1, 1, 13],
        (false, Digest::Sha256) => &[1, 2, 840, 10_045, 4, 3, 2],
        (false, Digest::Sha384) => &[1, 2, 840, 10_045, 4, 3, 3],
        (false, Digest::Sha512) => &[1, 2, 840, 10_045, 4, 3, 4],
    };
    writer.write_sequence(|writer| {
        writer.next().write_oid(&ObjectIdentifier::from_slice(oid));
        if key.is_rsa() {
            writer.next().write_null();
        }
    });
}

fn sign(key: &PrivateKey, digest: Digest, body: &[u8]) -> Result<Vec<u8>, Error> {
    let other: &SignatureAlgorithm = match digest {
        Digest::Sha384 if key.kind().is_rsa() => &PKCS_RSA_SHA384,
        Digest::Sha512 if key.kind().is_rsa() => &PKCS_RSA_SHA512,
        // What a key signs by unless told otherwise.
        _ => return key.pair().sign(body).map_err(Error::Crypto),
    };
    let der = PrivatePkcs8KeyDer::from(key.pair().serialized_der());
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, other).map(Zeroizing::new);
    pair.and_then(|pair| pair.sign(body)).map_err(Error::Crypto)
}

fn key_id(public_key: &[u8]) -> Result<Vec<u8>, Defect> {
    let (_, info) = SubjectPublicKeyInfo::from_der(public_key).map_err(|_| Defect::Key)?;
    Ok(digest(&SHA1_FOR_LEGACY_USE_ONLY, &info.subject_public_key.data).as_ref().to_vec())
}

/// A date as certificates write it.
enum Date {
    TwoDigits(UTCTime),
    FourDigits(GeneralizedTime),
}

fn date(time: Time) -> Result<Date, Error> {
    let seconds = i64::try_from(time.secs()).unwrap_or(i64::MAX);
    let date = jiff::Timestamp::from_second(seconds).ok().and_then(|stamp| {
        if seconds <= LAST_OF_2049 {
            UTCTime::parse(stamp.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()).map(Date::TwoDigits)
        } else {
            let text = stamp.strftime("%Y%m%d%H%M%SZ").to_string();
            GeneralizedTime::parse(text.as_bytes()).map(Date::FourDigits)
        }
    });
    date.ok_or(Error::Made(Defect::Certificate))
}

impl Date {
    fn write(&self, writer: DERWriter<'_>) {
        match self {
            Self::TwoDigits(date) => writer.write_utctime(date),
            Self::FourDigits(date) => writer.write_generalized_time(date),
        }
    }
}
