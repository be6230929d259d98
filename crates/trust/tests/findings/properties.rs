//! Whatever the bytes are: nothing panics, and the work stays in proportion to their number.

use std::time::{Duration, Instant};

use otary_fleet::Embedded;
use otary_trust::search;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::image::authority;

/// Bytes made of what the search looks for, in any order and cut anywhere.
fn shards() -> impl Strategy<Value = Vec<u8>> {
    let shard = prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(b"-----BEGIN CERTIFICATE-----".to_vec()),
        Just(b"-----END CERTIFICATE-----".to_vec()),
        Just(b"-----BEGIN EC PRIVATE KEY-----\n".to_vec()),
        Just(b"https://".to_vec()),
        Just(b"ota.example.org:3443".to_vec()),
        Just(vec![0x30, 0x82, 0x01, 0x20, 0x30, 0x82, 0x00, 0xF0, 0xA0, 0x03, 0x02, 0x01, 0x02]),
        Just(vec![0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20]),
        Just(vec![0x30, 0x82, 0x04, 0xA3, 0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01, 0x00]),
        Just(vec![0x1F, 0x8B, 0x08]),
    ];
    vec((shard, 0..50_usize), 0..40).prop_map(|shards| {
        shards.into_iter().flat_map(|(shard, len)| shard.into_iter().take(len.max(1))).collect()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_searched(bytes in shards()) {
        let found = search(&bytes);
        prop_assert_eq!(found.certificates.len(), 0);
        prop_assert!(found.hosts.len() <= Embedded::MAX_EACH);
    }

    #[test]
    fn a_certificate_is_found_among_any_bytes(before in shards(), after in shards()) {
        thread_local! {
            static AUTHORITY: (tempfile::TempDir, otary_trust::Authority) = authority();
        }
        let der = AUTHORITY.with(|(_, authority)| authority.root().der().to_vec());
        // A sequence that is longer than what is left of it hides nothing; a gzip file would be unpacked.
        prop_assume!(!before.starts_with(&[0x1F, 0x8B]));
        let found = search(&[before, der, after].concat());
        prop_assert_eq!(found.certificates.len(), 1);
    }
}

#[test]
fn bytes_made_to_take_long_take_no_longer() {
    const MOST: Duration = Duration::from_secs(15);
    let size = 1 << 20;
    let shards: [&[u8]; 7] = [
        b"-----BEGIN CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA",
        &[0x30, 0x82, 0x1F, 0xF0, 0x30, 0x82, 0x1F, 0x00, 0xA0, 0x03, 0x02, 0x01, 0x02],
        &[0x30, 0x82, 0x1F, 0x00, 0x02, 0x01, 0x00, 0x02],
        &[0x30, 0x82, 0x1F, 0x00, 0x02, 0x01, 0x01, 0x04, 0x20],
        b"https://a",
        &[0x30],
    ];
    for shard in shards {
        let bytes: Vec<u8> = shard.iter().copied().cycle().take(size).collect();
        let begin = Instant::now();
        let found = search(&bytes);
        assert!(begin.elapsed() < MOST, "{shard:?}: {:?}", begin.elapsed());
        assert_eq!(found.certificates.len() + found.private_keys.len(), 0);
    }
}
