//! Links: `/d/TOKEN/...`, by which a client that can say nothing of itself says who it is.
//!
//! A token is the device's address and 96 random bits, as 24 letters. The address finds the record, the digest of the
//! whole proves it, and nothing else of a token is kept: it stands in no record, no log and no error.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otary_fleet::{Mac, Sha256};
use zeroize::Zeroizing;

/// What every link's path begins with.
const PREFIX: &str = "/d/";
/// Bytes of an address.
const ADDRESS: usize = 6;
/// Bytes of an address and of 96 random bits.
const BYTES: usize = ADDRESS + 12;
/// The same in base64 without padding.
const TEXT: usize = 24;

/// A token as its owner keeps it.
pub struct LinkToken(Zeroizing<String>);

impl LinkToken {
    /// A new one for a device, from the system's randomness.
    pub fn generate(device: Mac) -> Result<Self, Unspecified> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let (address, random) = bytes.split_at_mut(ADDRESS);
        address.copy_from_slice(&device.bytes());
        aws_lc_rs::rand::fill(random)?;
        let mut text = Zeroizing::new(String::with_capacity(TEXT));
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        Ok(Self(text))
    }

    /// What is kept of it.
    pub fn hash(&self) -> Sha256 {
        Sha256::of(self.0.as_bytes())
    }

    /// What goes in front of a path: `/d/TOKEN`.
    pub fn path(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", self.0.as_str()))
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(..)")
    }
}

/// A link that a request came by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// The device that it names.
    pub(crate) device: Mac,
    /// What goes in front of the paths in an answer to it: `/d/TOKEN`.
    pub(crate) path: &'a str,
}

impl<'a> Link<'a> {
    /// The link that a path begins with, if any, and the path behind it.
    pub(crate) fn split(path: &'a str) -> (Option<Self>, &'a str) {
        Self::read(path).map_or((None, path), |(link, rest)| (Some(link), rest))
    }

    fn read(path: &'a str) -> Option<(Self, &'a str)> {
        let (front, rest) = path.split_at_checked(PREFIX.len() + TEXT)?;
        let token = front.strip_prefix(PREFIX).filter(|_| rest.starts_with('/'))?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        let length = URL_SAFE_NO_PAD.decode_slice(token, bytes.as_mut_slice()).ok()?;
        let address = bytes.first_chunk::<ADDRESS>().filter(|_| length == BYTES)?;
        Some((Self { device: Mac::new(*address).ok()?, path: front }, rest))
    }

    /// What is compared with what was issued.
    pub(crate) fn digest(&self) -> Sha256 {
        Sha256::of(self.path.strip_prefix(PREFIX).unwrap_or_default().as_bytes())
    }
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.device)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mac() -> Mac {
        "24:6F:28:AA:BB:CC".parse().unwrap()
    }

    #[test]
    fn a_link_names_its_device_and_hides_the_rest() {
        let [token, other] = [(); 2].map(|()| LinkToken::generate(mac()).unwrap());
        assert_ne!(token.hash(), other.hash());
        let path = format!("{}/update/lamp", token.path().as_str());
        let (link, rest) = Link::split(&path);
        let link = link.unwrap();
        assert_eq!((link.device, link.digest(), rest), (mac(), token.hash(), "/update/lamp"));
        assert_eq!(format!("{token:?} {link:?}"), "LinkToken(..) Link(24:6F:28:AA:BB:CC)");
    }

    #[test]
    fn what_is_no_link_is_a_path() {
        let zero = format!("/d/{}/update", "A".repeat(TEXT));
        let long = format!("/d/{}/update", "B".repeat(TEXT + 1));
        for path in ["/update", "/d/", "/d/short/update", &zero, &long, &"/d/".repeat(20)] {
            assert_eq!(Link::split(path), (None, path));
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_split_or_left(path in "/d/\\PC{0,40}", rest in "\\PC{0,8}") {
            for path in [path.clone(), format!("/d/{rest}/{path}")] {
                let (link, behind) = Link::split(&path);
                prop_assert!(link.is_none() == (behind == path));
            }
        }
    }
}
