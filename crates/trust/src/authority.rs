//! The certificate authority of one installation: a root that devices trust, the next root that they trust in
//! advance, and the leaf that the server shows them.

use std::path::Path;

use otary_fleet::Time;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::clock::{Clock, ClockFault, TrustedTime};
use crate::defect::Defect;
use crate::error::Error;
use crate::folder::{Folder, Member};
use crate::identity::Identity;
use crate::leaf::{self, Cause};
use crate::name::Name;
use crate::profile;

/// An authority whose keys were found to fit their certificates.
#[derive(Debug)]
pub struct Authority {
    folder: Folder,
    root: Identity,
    next_root: Identity,
    leaf: Option<Identity>,
}

/// What became of the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Renewal {
    /// It serves on.
    NotDue,
    /// A new one took its place.
    Issued(Cause),
    /// A new one is due, but the clock cannot be trusted: the old one serves on.
    Postponed {
        /// Why it is due.
        cause: Cause,
        /// What is wrong with the clock.
        fault: ClockFault,
    },
}

impl Authority {
    /// Reads an authority and changes nothing.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let folder = Folder::new(dir);
        folder.check()?;
        let authority = Self {
            root: folder.read(Member::Root)?,
            next_root: folder.read(Member::NextRoot)?,
            leaf: folder.read_replaceable(Member::Leaf)?,
            folder,
        };
        authority.check_roots()?;
        Ok(authority)
    }

    /// Reads the authority in `dir`, or makes one where nothing is; then sees to its leaf as [`Self::refresh`] does.
    ///
    /// With a clock that cannot be trusted, an authority that has a leaf opens and serves on, whatever its names, and
    /// nothing is made; [`Self::check_clock`] says what is wrong.
    pub fn open_or_create(dir: &Path, names: &[Name], clock: &Clock) -> Result<Self, Error> {
        let folder = Folder::new(dir);
        if folder.is_empty()? {
            return Self::create(folder, names, clock.check()?);
        }
        let mut authority = Self::open(dir)?;
        authority.folder.settle(Member::Leaf)?;
        let _ = authority.refresh(names, clock)?;
        Ok(authority)
    }

    fn create(folder: Folder, names: &[Name], now: TrustedTime) -> Result<Self, Error> {
        let root = profile::make_root(now)?;
        let next_root = profile::make_root(now)?;
        let leaf = profile::make_leaf(&root, &leaf::choose_names(names, &[]), now)?;
        Self::publish(folder, root, next_root, Some(leaf))
    }

    /// Writes an authority into a folder where nothing is.
    pub(crate) fn publish(
        folder: Folder,
        root: Identity,
        next_root: Identity,
        leaf: Option<Identity>,
    ) -> Result<Self, Error> {
        let mut members = vec![(Member::Root, &root), (Member::NextRoot, &next_root)];
        members.extend(leaf.as_ref().map(|leaf| (Member::Leaf, leaf)));
        folder.publish(&members)?;
        Ok(Self { folder, root, next_root, leaf })
    }

    /// Makes a new leaf if one is due: the rule is in [`Cause`]. `names` are those by which the server is reached now,
    /// the most important first. On an error the old leaf serves on.
    pub fn refresh(&mut self, names: &[Name], clock: &Clock) -> Result<Renewal, Error> {
        let leaf = self.leaf().map(Identity::certificate);
        let Some(cause) = leaf::find_cause(leaf, self.root(), names, clock.now) else {
            return Ok(Renewal::NotDue);
        };
        let now = match self.check_clock(clock) {
            Ok(now) => now,
            Err(fault) if self.leaf.is_some() => return Ok(Renewal::Postponed { cause, fault }),
            Err(fault) => return Err(fault.into()),
        };
        let last = self.leaf().map_or(&[][..], |leaf| leaf.certificate().names());
        let leaf = profile::make_leaf(&self.root, &leaf::choose_names(names, last), now)?;
        self.folder.replace(Member::Leaf, &leaf)?;
        self.leaf = Some(leaf);
        Ok(Renewal::Issued(cause))
    }

    /// Checks the clock against what is known, the authority's own certificates included.
    pub fn check_clock(&self, clock: &Clock) -> Result<TrustedTime, ClockFault> {
        let now = clock.check()?;
        let certificates = self.anchors().into_iter().chain(self.leaf().map(Identity::certificate));
        let made = certificates.map(leaf::made_at).max().unwrap_or_default();
        if now.time() < made {
            return Err(ClockFault::BeforeCertificate { now: now.time(), made });
        }
        Ok(now)
    }

    /// The folder that it lives in.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The current root.
    pub const fn root(&self) -> &Certificate {
        self.root.certificate()
    }

    /// The root that devices are given in advance.
    pub const fn next_root(&self) -> &Certificate {
        self.next_root.certificate()
    }

    /// What a device has to trust: the current root, then the next.
    pub const fn anchors(&self) -> [&Certificate; 2] {
        [self.root(), self.next_root()]
    }

    /// The anchors as PEM text, the current root first: `setCACert` and `X509List` take several at once.
    pub fn anchors_pem(&self) -> String {
        self.anchors().map(Certificate::pem).concat()
    }

    /// The server's certificate and key; absent only if the files were taken away since.
    pub const fn leaf(&self) -> Option<&Identity> {
        self.leaf.as_ref()
    }

    /// When [`Self::refresh`] will find the leaf too old; absent without a leaf.
    pub fn renewal_time(&self) -> Option<Time> {
        self.leaf().map(|leaf| leaf::renewal_time(leaf.certificate()))
    }

    /// What the server presents: the certificates to send, and the key, as `rustls::sign` reads them. Absent without a
    /// leaf.
    ///
    /// The leaf alone is sent. Devices hold the root, so it would only cost half a kilobyte of each handshake and of a
    /// small device's receive buffer.
    pub fn server_chain(&self) -> Option<(Vec<CertificateDer<'static>>, Zeroizing<PrivateKeyDer<'static>>)> {
        self.leaf().map(|leaf| (vec![leaf.certificate().der().clone()], leaf.key().to_der()))
    }

    pub(crate) const fn root_identity(&self) -> &Identity {
        &self.root
    }

    pub(crate) const fn next_root_identity(&self) -> &Identity {
        &self.next_root
    }

    fn check_roots(&self) -> Result<(), Error> {
        for (member, root) in [(Member::Root, self.root()), (Member::NextRoot, self.next_root())] {
            let path = self.dir().join(member.certificate_file());
            root.check_root().map_err(|defect| Error::Unusable { path, defect })?;
        }
        let path = self.dir().join(Member::NextRoot.certificate_file());
        check_distinct(self.root(), self.next_root()).map_err(|defect| Error::Unusable { path, defect })
    }
}

/// Checks that two roots are two: a device could not tell apart what shares a name, and gains nothing by one key twice.
pub(crate) fn check_distinct(root: &Certificate, next: &Certificate) -> Result<(), Defect> {
    if root.public_key() == next.public_key() || root.common_name() == next.common_name() {
        return Err(Defect::SameRoots);
    }
    Ok(())
}
