//! The authority of the operator's page: whoever imports it into a browser trusts it for this server's names and for nothing else.
//!
//! It has nothing in common with the root that devices hold. Its certificate is constrained to the server's names and addresses
//! (RFC 5280, section 4.2.1.10, critical) and to servers, and signs no further authority: with its key, too, nobody can stand in
//! for another site in front of a person who imported it. Devices never see it; a critical constraint does not even parse on Mbed TLS.
//!
//! ```text
//! trust/page/            0700
//!   root.key root.crt    0600  the authority
//!   leaf.key leaf.crt          what the operator listener shows
//! ```
//!
//! - The leaf lives for 90 days and is made anew when a third of that is left.
//! - The authority is made anew only when the server is to be reached by a name that it is not for, or before it ends: people have to
//!   import it again then.
//! - Its keys are never under a passphrase: a server renews the leaf by itself.

use std::path::Path;
use std::time::Duration;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints, SanType,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::clock::{Clock, ClockFault, TrustedTime};
use crate::error::Error;
use crate::folder::{Folder, Member};
use crate::identity::{Identity, Signer};
use crate::key::{KeyKind, PrivateKey};
use crate::leaf::choose_names;
use crate::life::Life;
use crate::name::{HostName, Name};
use crate::profile::{issue, issuer_id, params};

/// The folder's name, inside the devices' authority's.
const FOLDER: &str = "page";
/// Ten years.
const ROOT_LIFE: Duration = Duration::from_hours(3_653 * 24);
/// Well under what browsers allow.
const LEAF_LIFE: Duration = Duration::from_hours(90 * 24);
/// What the leaf is called. Nobody looks for a host in it: it has a space.
const LEAF_NAME: &str = "otary page";

/// The authority of the operator's page, with the certificate that the operator listener shows.
#[derive(Debug)]
pub struct PageAuthority {
    folder: Folder,
    root: Identity,
    leaf: Identity,
}

/// What a look at the page's certificates did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRenewal {
    /// Nothing was due.
    NotDue,
    /// A new leaf.
    Leaf,
    /// A new authority: people have to import it.
    Authority,
    /// Something is due, and the clock is wrong.
    Postponed(ClockFault),
}

impl PageAuthority {
    /// Reads the one beside the devices' authority in `trust`; none if there is none.
    pub fn open(trust: &Path) -> Result<Option<Self>, Error> {
        let folder = Folder::new(&trust.join(FOLDER), None);
        if folder.is_empty()? {
            return Ok(None);
        }
        folder.check()?;
        let [root, leaf] = [folder.read_whole(Member::Root)?, folder.read_whole(Member::Leaf)?];
        Ok(root.zip(leaf).map(|(root, leaf)| Self { folder, root, leaf }))
    }

    /// Reads it, or makes one for these names where there is none.
    pub fn open_or_create(trust: &Path, names: &[Name], clock: &Clock) -> Result<Self, Error> {
        if let Some(found) = Self::open(trust)? {
            return Ok(found);
        }
        Self::make(Folder::new(&trust.join(FOLDER), None), &choose_names(names, &[]), clock.check()?)
    }

    /// Makes anew what is due. `names` are all by which the server is reached.
    pub fn refresh(&mut self, names: &[Name], clock: &Clock) -> Result<PageRenewal, Error> {
        let (wanted, now) = (choose_names(names, &[]), clock.now);
        let [root, leaf] = [Life::from(self.root()), Life::from(self.leaf.certificate())];
        let is_for = |name: &Name| self.leaf.certificate().names().contains(name);
        let outgrown = !wanted.iter().all(is_for) || root.not_after < now + LEAF_LIFE;
        if !outgrown && now < leaf.renewal_time() {
            return Ok(PageRenewal::NotDue);
        }
        let now = match clock.check() {
            Ok(now) => now,
            Err(fault) => return Ok(PageRenewal::Postponed(fault)),
        };
        let last = self.leaf.certificate().names().to_vec();
        if outgrown {
            *self = Self::make(self.folder.clone(), &choose_names(names, &last), now)?;
            return Ok(PageRenewal::Authority);
        }
        let leaf = make_leaf(self.signer()?, &last, now)?;
        self.folder.replace(Member::Leaf, &leaf)?;
        self.leaf = leaf;
        Ok(PageRenewal::Leaf)
    }

    /// What people import.
    pub const fn root(&self) -> &Certificate {
        self.root.certificate()
    }

    /// What the operator listener shows.
    pub const fn leaf(&self) -> &Certificate {
        self.leaf.certificate()
    }

    /// The names and addresses that it is constrained to. Its leaf is for all of them.
    pub fn names(&self) -> &[Name] {
        self.leaf().names()
    }

    /// The chain that the operator listener sends, and its key; absent only if the files were taken away since.
    pub fn chain(&self) -> Option<(Vec<CertificateDer<'static>>, Zeroizing<PrivateKeyDer<'static>>)> {
        Some((vec![self.leaf().der().clone()], self.leaf.key()?.to_der()))
    }

    /// One for these names, in the place of what was there.
    fn make(folder: Folder, names: &[Name], now: TrustedTime) -> Result<Self, Error> {
        let root = make_root(names, now)?;
        let signer = root.signer().ok_or_else(|| Error::Missing { path: folder.key_path(Member::Root) })?;
        let leaf = make_leaf(signer, names, now)?;
        folder.clear()?;
        folder.publish(|folder| {
            folder.add(Member::Root, &root)?;
            folder.add(Member::Leaf, &leaf)
        })?;
        Ok(Self { folder, root, leaf })
    }

    fn signer(&self) -> Result<Signer<'_>, Error> {
        self.root.signer().ok_or_else(|| Error::Missing { path: self.folder.key_path(Member::Root) })
    }
}

fn make_root(names: &[Name], now: TrustedTime) -> Result<Identity, Error> {
    let key = PrivateKey::generate(KeyKind::P256)?;
    let name = format!("otary page {:012x}", issuer_id(&key));
    let mut params = params(&name, Life::of(ROOT_LIFE, now))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(constraints(names));
    let made = params.self_signed(key.pair()).map_err(Error::Crypto)?;
    let certificate = Certificate::from_der(made.der()).map_err(Error::Made)?;
    Identity::new(certificate, key).map_err(Error::Made)
}

fn make_leaf(root: Signer<'_>, names: &[Name], now: TrustedTime) -> Result<Identity, Error> {
    let life = Life::of(LEAF_LIFE, now);
    let life = Life { not_after: life.not_after.min(root.certificate.not_after()), ..life };
    let mut params: CertificateParams = params(LEAF_NAME, life)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = names.iter().map(alternative).collect::<Result<_, _>>()?;
    issue(root, KeyKind::P256, &params)
}

/// Browsers look for an address among addresses alone; as a host name it would be outside of the constraints.
fn alternative(name: &Name) -> Result<SanType, Error> {
    match name {
        Name::Host(host) => Ok(SanType::DnsName(Ia5String::try_from(host.as_str()).map_err(Error::Crypto)?)),
        Name::Address(address) => Ok(SanType::IpAddress(*address)),
    }
}

/// These names and addresses. Of a kind of which there is none, none at all.
fn constraints(names: &[Name]) -> NameConstraints {
    let permitted_subtrees: Vec<GeneralSubtree> = names.iter().map(permitted).collect();
    let mut excluded_subtrees = Vec::new();
    if !names.iter().any(|name| matches!(name, Name::Host(_))) {
        excluded_subtrees.push(GeneralSubtree::DnsName(String::new()));
    }
    if !names.iter().any(|name| matches!(name, Name::Address(_))) {
        excluded_subtrees.push(GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])));
        excluded_subtrees.push(GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])));
    }
    NameConstraints { permitted_subtrees, excluded_subtrees }
}

fn permitted(name: &Name) -> GeneralSubtree {
    let host = |host: &HostName| host.as_str().trim_start_matches("*.").to_owned();
    match name {
        Name::Host(name) => GeneralSubtree::DnsName(host(name)),
        Name::Address(std::net::IpAddr::V4(v4)) => {
            GeneralSubtree::IpAddress(CidrSubnet::V4(v4.octets(), [0xFF; 4]))
        }
        Name::Address(std::net::IpAddr::V6(v6)) => {
            GeneralSubtree::IpAddress(CidrSubnet::V6(v6.octets(), [0xFF; 16]))
        }
    }
}
