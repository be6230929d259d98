//! Reads of little-endian numbers and fixed arrays that cannot leave the slice.

/// The `N` bytes at `at`, or nothing where the slice ends before.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

/// The `len` bytes at `at`, or nothing where the slice ends before.
pub(crate) fn part(bytes: &[u8], at: u32, len: u32) -> Option<&[u8]> {
    bytes.get(usize::try_from(at).ok()?..)?.get(..usize::try_from(len).ok()?)
}

/// The bytes from `at` on; none where the slice ends before.
pub(crate) fn from(bytes: &[u8], at: u32) -> &[u8] {
    usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// A length for an error or a fact; no slice that we accept is longer than `u32::MAX`.
pub(crate) fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Whether these are bytes of erased flash.
pub(crate) fn erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0xFF)
}
