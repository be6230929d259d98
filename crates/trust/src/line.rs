//! A root of the authority with what it has issued for the server: two leaves side by side, and the bridge from the
//! former root.
//!
//! The P-256 leaf is small and cheap; the RSA leaf is for a client whose first message offers no ECDSA. Each is
//! renewed by itself, and both carry the same names.

use std::iter;

use otary_fleet::Time;
use rustls_pki_types::CertificateDer;

use crate::certificate::Certificate;
use crate::clock::TrustedTime;
use crate::error::Error;
use crate::folder::{BRIDGE, Folder, Member};
use crate::identity::{Identity, Signer};
use crate::key::KeyKind;
use crate::leaf::{self, Cause};
use crate::name::Name;
use crate::profile;

/// A root, its leaves and its bridge.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) folder: Folder,
    pub(crate) root: Identity,
    /// The root's name and key, signed by the former root's key.
    pub(crate) bridge: Option<Certificate>,
    pub(crate) leaf: Option<Identity>,
    pub(crate) rsa_leaf: Option<Identity>,
}

/// The kinds of leaf that a line has.
pub(crate) const LEAF_KINDS: [KeyKind; 2] = [KeyKind::P256, KeyKind::Rsa2048];

impl Line {
    /// Makes a line of this root, with leaves for these names; nothing is written.
    pub(crate) fn make(
        folder: Folder,
        root: Identity,
        names: &[Name],
        now: TrustedTime,
    ) -> Result<Self, Error> {
        let mut line = Self { folder, root, bridge: None, leaf: None, rsa_leaf: None };
        let names = leaf::choose_names(names, &[]);
        line.leaf = Some(line.issue(KeyKind::P256, &names, now)?);
        line.rsa_leaf = Some(line.issue(KeyKind::Rsa2048, &names, now)?);
        Ok(line)
    }

    /// Reads what belongs to this root.
    pub(crate) fn read(folder: Folder, root: Identity) -> Result<Self, Error> {
        let bridge = folder.certificate(BRIDGE)?;
        let (leaf, rsa_leaf) = (folder.read_whole(Member::Leaf)?, folder.read_whole(Member::RsaLeaf)?);
        Ok(Self { folder, root, bridge, leaf, rsa_leaf })
    }

    /// Writes all of it where nothing is yet.
    pub(crate) fn add_to(&self, folder: &Folder) -> Result<(), Error> {
        folder.add(Member::Root, &self.root)?;
        if let Some(bridge) = &self.bridge {
            folder.put(BRIDGE, bridge.pem().as_bytes())?;
        }
        for (member, leaf) in [(Member::Leaf, &self.leaf), (Member::RsaLeaf, &self.rsa_leaf)] {
            leaf.as_ref().map_or(Ok(()), |leaf| folder.add(member, leaf))?;
        }
        Ok(())
    }

    /// Whether its keys are under a passphrase that was not given.
    pub(crate) fn locked(&self) -> Option<Member> {
        let held = [(Member::Root, Some(&self.root)), (Member::Leaf, self.leaf.as_ref())];
        let held = held.into_iter().chain([(Member::RsaLeaf, self.rsa_leaf.as_ref())]);
        held.into_iter().find_map(|(member, held)| held?.is_locked().then_some(member))
    }

    /// The leaf of one kind.
    pub(crate) const fn leaf_of(&self, kind: KeyKind) -> Option<&Identity> {
        if kind.is_rsa() { self.rsa_leaf.as_ref() } else { self.leaf.as_ref() }
    }

    /// Which leaves are due, and why.
    pub(crate) fn due(&self, names: &[Name], now: Time) -> Vec<(KeyKind, Cause)> {
        let cause = |kind| {
            let leaf = self.leaf_of(kind).map(Identity::certificate);
            leaf::find_cause(kind, leaf, self.root.certificate(), names, now).map(|cause| (kind, cause))
        };
        LEAF_KINDS.into_iter().filter_map(cause).collect()
    }

    /// Makes a leaf anew and writes it; on an error the old one serves on.
    pub(crate) fn renew(&mut self, kind: KeyKind, names: &[Name], now: TrustedTime) -> Result<(), Error> {
        let last = self.leaf_of(kind).map_or(&[][..], |leaf| leaf.certificate().names());
        let made = self.issue(kind, &leaf::choose_names(names, last), now)?;
        if kind.is_rsa() {
            self.folder.replace(Member::RsaLeaf, &made)?;
            self.rsa_leaf = Some(made);
        } else {
            self.folder.replace(Member::Leaf, &made)?;
            self.leaf = Some(made);
        }
        Ok(())
    }

    fn issue(&self, kind: KeyKind, names: &[Name], now: TrustedTime) -> Result<Identity, Error> {
        profile::make_leaf(self.signer()?, kind, names, now)
    }

    /// The root with its key.
    pub(crate) fn signer(&self) -> Result<Signer<'_>, Error> {
        self.root.signer().ok_or_else(|| {
            let path = self.folder.key_path(Member::Root);
            if self.root.is_locked() { Error::Locked { path } } else { Error::Missing { path } }
        })
    }

    /// The certificates to send with a leaf.
    pub(crate) fn chain(&self, leaf: &Identity, bridged: bool) -> Vec<CertificateDer<'static>> {
        let bridge = self.bridge.iter().filter(|_| bridged).map(|bridge| bridge.der().clone());
        iter::once(leaf.certificate().der().clone()).chain(bridge).collect()
    }

    /// Everything that was made with it, for what it says of time.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        let leaves = [self.leaf.as_ref(), self.rsa_leaf.as_ref()].into_iter().flatten();
        leaves.chain([&self.root]).map(Identity::certificate).chain(&self.bridge)
    }
}
