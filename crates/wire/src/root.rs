//! The root record: which keys a device trusts for what, signed by root keys that are kept offline.

use crate::cbor::{Reader, Writer};
use crate::{Digest, Error, Fault, List, PublicKey, UnixSeconds};

/// What a root record says, once it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootRecord<'a> {
    /// Its place in the chain of records, from 1 without gaps.
    pub version: u32,
    /// When it was signed.
    pub issued: UnixSeconds,
    /// How many root keys have to sign a record: 1 or 2.
    pub threshold: u8,
    /// The root keys: they sign the next record, and this one too. All differ.
    pub root_keys: List<PublicKey<'a>, 3>,
    /// The keys that sign manifests.
    pub release_keys: List<ReleaseKey<'a>, 4>,
    /// The keys that sign orders. Without any, orders are not asked for.
    pub order_keys: List<PublicKey<'a>, 2>,
    /// The trust set of TLS: the SHA-256 of each anchor's certificate in DER.
    pub trust_set: List<&'a Digest, 4>,
    /// No release with a lower number is installed, ever.
    pub minimum: u32,
}

/// A key that signs manifests, with the release numbers that it may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseKey<'a> {
    /// The key.
    pub key: PublicKey<'a>,
    /// The lowest release number.
    pub first: u32,
    /// The highest release number.
    pub last: u32,
}

impl<'a> RootRecord<'a> {
    /// The most bytes of a signed root record.
    pub const MAX_LEN: usize = 1024;

    /// Writes the payload, without its signatures, to `out`; gives what was written.
    pub fn encode<'w>(&self, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
        let mut writer = Writer::new(out);
        writer.ensure(self.version > 0, Fault::Range { expected: (1, u32::MAX), found: 0 });
        writer.ensure(self.threshold_holds(), self.threshold_fault());
        writer.ensure(self.root_keys_differ(), Fault::Duplicate);
        writer.map(8);
        writer.key(0).uint(self.version);
        writer.key(1).uint(self.issued.0);
        writer.key(2).uint(self.threshold);
        writer.key(3).list(self.root_keys.len(), 1, 3);
        self.root_keys.iter().for_each(|key| writer.bytes(key.0));
        writer.key(4).list(self.release_keys.len(), 0, 4);
        self.release_keys.iter().for_each(|key| key.write(&mut writer));
        writer.key(5).list(self.order_keys.len(), 0, 2);
        self.order_keys.iter().for_each(|key| writer.bytes(key.0));
        writer.key(6).list(self.trust_set.len(), 0, 4);
        self.trust_set.iter().for_each(|anchor| writer.bytes(anchor));
        writer.key(7).uint(self.minimum);
        writer.finish()
    }

    /// Reads a payload. It says nothing about who signed it: what a device trusts comes from
    /// [`verify`](crate::verify).
    // Not inlined: a chip's code would copy each field of the result by itself.
    #[inline(never)]
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(payload, Self::MAX_LEN);
        let mut map = reader.map();
        let record = Self {
            version: map.required(0).within(1, u32::MAX),
            issued: UnixSeconds(map.required(1).u64()),
            threshold: u8::try_from(map.required(2).within(1, 2)).unwrap_or(2),
            root_keys: map.required(3).items(1, PublicKey::read),
            release_keys: map.required(4).items(0, ReleaseKey::read),
            order_keys: map.required(5).items(0, PublicKey::read),
            trust_set: map.required(6).items(0, Reader::array),
            minimum: map.required(7).u32(),
        };
        map.end();
        reader.ensure(record.threshold_holds(), record.threshold_fault());
        reader.ensure(record.root_keys_differ(), Fault::Duplicate);
        reader.finish(record)
    }

    fn threshold_holds(&self) -> bool {
        matches!(self.threshold, 1 | 2) && usize::from(self.threshold) <= self.root_keys.len()
    }

    fn threshold_fault(&self) -> Fault {
        let most = if self.root_keys.len() < 2 { 1 } else { 2 };
        Fault::Range { expected: (1, most), found: self.threshold.into() }
    }

    fn root_keys_differ(&self) -> bool {
        let count = |key: PublicKey| self.root_keys.iter().filter(|other| *other == key).count();
        self.root_keys.iter().all(|key| count(key) == 1)
    }
}

impl<'a> ReleaseKey<'a> {
    fn write(self, writer: &mut Writer) {
        writer.list(3, 3, 3);
        writer.bytes(self.key.0);
        writer.uint(self.first);
        let fault = Fault::Range { expected: (self.first, u32::MAX), found: self.last };
        writer.ensure(self.first <= self.last, fault);
        writer.uint(self.last);
    }

    fn read(reader: &mut Reader<'a>) -> Self {
        reader.list(3, 3);
        let key = PublicKey::read(reader);
        let first = reader.u32();
        Self { key, first, last: reader.within(first, u32::MAX) }
    }

    /// Whether the key may sign the release of this number.
    pub fn covers(&self, release: u32) -> bool {
        (self.first..=self.last).contains(&release)
    }
}
