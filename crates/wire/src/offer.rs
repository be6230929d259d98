//! The offer: the whole answer to a check-in. It carries signed objects and proves nothing by itself.

use crate::cbor::{Reader, Writer, present};
use crate::{Error, Manifest, Order, RootRecord};

/// What a server answers. The objects are opened by [`verify`](crate::verify) alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offer<'a> {
    /// The signed root record that comes after the device's.
    pub root: Option<&'a [u8]>,
    /// A signed manifest.
    pub manifest: Option<&'a [u8]>,
    /// The signed order for this device and check-in.
    pub order: Option<&'a [u8]>,
    /// How long to stay away, in seconds. Not signed, so a device has a bound of its own.
    pub retry_after: Option<u32>,
}

impl<'a> Offer<'a> {
    /// The most bytes of an offer.
    pub const MAX_LEN: usize = 2048;

    /// Writes the offer to `out`; gives what was written.
    pub fn encode<'w>(&self, out: &'w mut [u8]) -> Result<&'w [u8], Error> {
        let mut writer = Writer::new(out);
        let objects = [self.root.is_some(), self.manifest.is_some(), self.order.is_some()];
        writer.map(present(objects).saturating_add(present([self.retry_after.is_some()])));
        if let Some(root) = self.root {
            writer.key(0).bytes_up_to(root, RootRecord::MAX_LEN);
        }
        if let Some(manifest) = self.manifest {
            writer.key(1).bytes_up_to(manifest, Manifest::MAX_LEN);
        }
        if let Some(order) = self.order {
            writer.key(2).bytes_up_to(order, Order::MAX_LEN);
        }
        if let Some(seconds) = self.retry_after {
            writer.key(3).uint(seconds);
        }
        writer.finish()
    }

    /// Reads an offer.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, Self::MAX_LEN);
        let mut map = reader.map();
        let offer = Self {
            root: map.optional(0).map(|reader| reader.bytes(RootRecord::MAX_LEN)),
            manifest: map.optional(1).map(|reader| reader.bytes(Manifest::MAX_LEN)),
            order: map.optional(2).map(|reader| reader.bytes(Order::MAX_LEN)),
            retry_after: map.optional(3).map(Reader::u32),
        };
        map.end();
        reader.finish(offer)
    }
}
