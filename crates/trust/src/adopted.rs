//! A certificate that devices trust and that the authority has not made: the server presents it as it is, whatever is
//! wrong with it, until its devices have moved.

use otary_fleet::GenerationId;
use rustls_pki_types::CertificateDer;

use crate::certificate::Certificate;
use crate::defect::Defect;
use crate::error::Error;
use crate::folder::{Folder, Member};
use crate::identity::Kept;
use crate::key::PrivateKey;

/// An adopted certificate, those that it came with, and its key.
#[derive(Debug)]
pub(crate) struct Adopted {
    pub(crate) id: GenerationId,
    certificate: Certificate,
    others: Vec<Certificate>,
    key: Kept,
}

impl Adopted {
    /// Joins a chain, the server's certificate first, and the key of that certificate.
    pub(crate) fn new(id: GenerationId, chain: Vec<Certificate>, key: Kept) -> Result<Self, Defect> {
        let mut chain = chain.into_iter();
        let certificate = chain.next().ok_or(Defect::Certificate)?;
        match &key {
            Kept::Open(key) if key.public_key() != certificate.public_key() => {
                Err(Defect::KeyMismatch { subject: certificate.common_name().to_owned() })
            }
            _ => Ok(Self { id, certificate, others: chain.collect(), key }),
        }
    }

    /// What devices trust: the last certificate of the chain. A self-signed one is alone.
    pub(crate) fn anchor(&self) -> &Certificate {
        self.others.last().unwrap_or(&self.certificate)
    }

    /// The server's certificate.
    pub(crate) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Reads it from its folder.
    pub(crate) fn read(id: GenerationId, folder: &Folder) -> Result<Self, Error> {
        let path = folder.certificate_path(Member::Adopted);
        let text = folder.text(Member::Adopted.certificate_file())?;
        let text = text.ok_or_else(|| Error::Missing { path: path.clone() })?;
        let unusable = |path| move |defect| Error::Unusable { path, defect };
        let chain = Certificate::chain_from_pem(&text).map_err(unusable(path))?;
        let key_path = folder.key_path(Member::Adopted);
        let key = folder.read_key(&key_path)?;
        if matches!(key, Kept::Absent) {
            return Err(Error::Missing { path: key_path });
        }
        Self::new(id, chain, key).map_err(unusable(key_path))
    }

    /// Writes it where nothing is yet.
    pub(crate) fn add_to(&self, folder: &Folder) -> Result<(), Error> {
        if let Some(key) = self.private_key() {
            folder.write_key(&folder.key_path(Member::Adopted), key)?;
        }
        folder.put(Member::Adopted.certificate_file(), self.pem().as_bytes())
    }

    pub(crate) const fn is_locked(&self) -> bool {
        matches!(self.key, Kept::Locked)
    }

    pub(crate) const fn private_key(&self) -> Option<&PrivateKey> {
        match &self.key {
            Kept::Open(key) => Some(key),
            Kept::Locked | Kept::Absent => None,
        }
    }

    /// The chain as PEM text.
    pub(crate) fn pem(&self) -> String {
        self.certificates().map(Certificate::pem).collect()
    }

    /// The certificates to send.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.certificates().map(|certificate| certificate.der().clone()).collect()
    }

    fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        [&self.certificate].into_iter().chain(&self.others)
    }
}
