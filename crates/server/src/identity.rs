//! What the server shows of itself: its certificate and key to devices, its authority's certificates to people.

use std::sync::{Arc, PoisonError, RwLock};

use otary_trust::Authority;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::ServeError;

/// A server certificate with its key, and the anchors that lead to it.
#[derive(Debug, Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    anchors_pem: Arc<str>,
    root: CertificateDer<'static>,
}

impl Identity {
    /// An identity of a chain (the server's certificate first), its key, and what devices are to trust: all anchors as
    /// PEM text, and the current root alone as DER. Key and certificate must belong together.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: &PrivateKeyDer<'static>,
        anchors_pem: &str,
        root: CertificateDer<'static>,
    ) -> Result<Self, ServeError> {
        let key = any_supported_type(key).map_err(ServeError::Certificate)?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(ServeError::Certificate)?;
        Ok(Self { certified: Arc::new(certified), anchors_pem: anchors_pem.into(), root })
    }

    /// The identity of an authority: its leaf, and all that devices are to trust.
    pub fn of(authority: &Authority) -> Result<Self, ServeError> {
        let (chain, key) = authority.server_chain().ok_or(ServeError::NoLeaf)?;
        let root = authority.root().der().clone();
        Self::new(chain, &key, &authority.anchors_pem(), root)
    }

    /// The anchors as PEM text, the current root first.
    pub(crate) fn anchors_pem(&self) -> &str {
        &self.anchors_pem
    }

    /// The current root, DER.
    pub(crate) fn root(&self) -> &[u8] {
        &self.root
    }
}

/// The identity that is shown now. It can be replaced while the server runs: the next handshake sees the new one.
#[derive(Debug)]
pub(crate) struct Shown(RwLock<Identity>);

impl Shown {
    pub(crate) fn new(identity: Identity) -> Self {
        Self(RwLock::new(identity))
    }

    pub(crate) fn get(&self) -> Identity {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, identity: Identity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).certified))
    }
}
