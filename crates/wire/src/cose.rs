//! The envelopes of signed objects: `COSE_Sign1` and `COSE_Sign` of RFC 9052 sections 4.1 and 4.2, in the one form that we write.
//!
//! The algorithm is the only protected header, the key's name the only unprotected one. Each kind of object is signed with
//! external data of its own, so that no signature over one can be shown as a signature over another.

use crate::cbor::{Reader, Writer};
use crate::{Error, List, PublicKey, RootRecord};

/// What is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Root,
    Manifest,
    Order,
}

impl Object {
    /// The external data of the signature (RFC 9052 section 4.3).
    const fn external(self) -> &'static [u8] {
        match self {
            Self::Root => b"otary root 1",
            Self::Manifest => b"otary manifest 1",
            Self::Order => b"otary order 1",
        }
    }

    /// The context of the signature (RFC 9052 section 4.4) and the tag of the envelope.
    const fn form(self) -> (&'static str, u64) {
        match self {
            Self::Root => ("Signature", SIGN),
            Self::Manifest | Self::Order => ("Signature1", SIGN1),
        }
    }
}

/// The tag of `COSE_Sign1`.
const SIGN1: u64 = 18;
/// The tag of `COSE_Sign`.
const SIGN: u64 = 98;
/// The protected header `{1: -8}`: the algorithm is `EdDSA` (RFC 9053 section 2.2).
const EDDSA: &[u8] = &[0xA1, 0x01, 0x27];
/// The label of a key's name among the headers (RFC 9052 section 3.1).
const KEY_ID: u8 = 4;

/// The most signatures of a root record: two by the keys of the record before, two by its own.
pub(crate) const MAX_SIGNATURES: usize = 4;
/// What is signed is at most this much longer than the payload.
const AROUND: usize = 64;
/// Room for what is signed, of the longest object.
pub(crate) const SIGNED: usize = RootRecord::MAX_LEN + AROUND;

/// A signature and the name of its key.
#[derive(Clone, Copy)]
pub(crate) struct Signature<'a> {
    pub key: &'a [u8; 8],
    pub bytes: &'a [u8; 64],
}

/// An object as it is sent. Nothing in it is trusted yet.
pub(crate) struct Envelope<'a> {
    object: Object,
    pub payload: &'a [u8],
    pub signatures: List<Signature<'a>, MAX_SIGNATURES>,
}

impl<'a> Envelope<'a> {
    /// Opens an object of at most `max` bytes.
    pub fn open(object: Object, signed: &'a [u8], max: usize) -> Result<Self, Error> {
        let mut reader = Reader::new(signed, max);
        let (_, tag) = object.form();
        reader.tag(tag);
        reader.list(4, 4);
        let (payload, signatures) = match object {
            Object::Root => read_sign(&mut reader, max),
            Object::Manifest | Object::Order => read_sign1(&mut reader, max),
        };
        reader.finish(Self { object, payload, signatures })
    }

    /// Whether the key made this signature over the payload.
    pub fn is_signed_by(&self, key: PublicKey<'_>, signature: Signature<'_>) -> bool {
        key.id() == *signature.key && self.is_signed(key, signature.bytes)
    }

    fn is_signed(&self, key: PublicKey<'_>, signature: &[u8; 64]) -> bool {
        let mut buffer = [0; SIGNED];
        message(self.object, self.payload, &mut buffer).is_ok_and(|message| key.signed(message, signature))
    }
}

/// What the key signs: the `Sig_structure` of RFC 9052 section 4.4.
pub(crate) fn message<'w>(
    object: Object,
    payload: &[u8],
    out: &'w mut [u8; SIGNED],
) -> Result<&'w [u8], Error> {
    let mut writer = Writer::new(out);
    let (context, tag) = object.form();
    let several = tag == SIGN;
    let length = if several { 5 } else { 4 };
    writer.list(length, length, length);
    writer.word(context);
    if several {
        // The body's protected header, which is empty.
        writer.bytes(&[]);
    }
    writer.bytes(EDDSA);
    writer.bytes(object.external());
    writer.bytes(payload);
    writer.finish()
}

/// What is behind the head of an envelope.
type Contents<'a> = (&'a [u8], List<Signature<'a>, MAX_SIGNATURES>);

fn read_sign1<'a>(reader: &mut Reader<'a>, max: usize) -> Contents<'a> {
    let key = read_headers(reader);
    let payload = reader.bytes(max);
    let signature = Signature { key, bytes: reader.array() };
    (payload, List::of(&[signature]).unwrap_or_default())
}

fn read_sign<'a>(reader: &mut Reader<'a>, max: usize) -> Contents<'a> {
    // The body's headers, protected and not, are empty.
    reader.constant(&[]);
    reader.map().end();
    let payload = reader.bytes(max);
    let signatures = reader.items(1, |reader| {
        reader.list(3, 3);
        Signature { key: read_headers(reader), bytes: reader.array() }
    });
    (payload, signatures)
}

/// The two headers of a signature; gives its key's name.
fn read_headers<'a>(reader: &mut Reader<'a>) -> &'a [u8; 8] {
    reader.constant(EDDSA);
    let mut map = reader.map();
    let key = map.required(KEY_ID).array();
    map.end();
    key
}

/// Writes an object with its signatures to `out`.
#[cfg(feature = "sign")]
pub(crate) fn seal<'w>(
    object: Object,
    payload: &[u8],
    signatures: &List<Signature<'_>, MAX_SIGNATURES>,
    out: &'w mut [u8],
) -> Result<&'w [u8], Error> {
    let mut writer = Writer::new(out);
    let (_, tag) = object.form();
    writer.tag(tag);
    writer.list(4, 4, 4);
    if tag == SIGN {
        writer.bytes(&[]);
        writer.map(0);
        writer.bytes(payload);
        writer.list(signatures.len(), 1, MAX_SIGNATURES);
        for signature in signatures.iter() {
            writer.list(3, 3, 3);
            write_headers(&mut writer, signature);
            writer.bytes(signature.bytes);
        }
    } else {
        for signature in signatures.iter() {
            write_headers(&mut writer, signature);
            writer.bytes(payload);
            writer.bytes(signature.bytes);
        }
    }
    writer.finish()
}

#[cfg(feature = "sign")]
fn write_headers(writer: &mut Writer, signature: Signature<'_>) {
    writer.bytes(EDDSA);
    writer.map(1);
    writer.key(KEY_ID).bytes(signature.key);
}
