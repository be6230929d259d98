//! The identity that is shown now, by every listener, and what agents are answered with. Both can be replaced while the server runs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use otary_fleet::Sha256;

use crate::reception::Reception;
use crate::{Identity, Options, ServeError, Signing, TlsRules};

/// What is shown to whom.
pub(crate) struct Shown {
    pub(crate) to_devices: Arc<Reception>,
    pub(crate) to_operators: Arc<Reception>,
    identity: RwLock<Identity>,
    signing: RwLock<Arc<Signing>>,
}

impl Shown {
    pub(crate) fn new(identity: Identity, options: &Options) -> Result<Self, ServeError> {
        let to_devices = Reception::new(&identity, options.tls, options.tls_of_names.clone())?;
        let to_operators = Reception::new(identity.to_operators(), TlsRules::default(), BTreeMap::new())?;
        let [to_devices, to_operators] = [to_devices, to_operators].map(Arc::new);
        Ok(Self { to_devices, to_operators, identity: RwLock::new(identity), signing: RwLock::default() })
    }

    /// What is shown to people.
    pub(crate) fn get(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One of the anchors that devices are to trust, DER, by its SHA-256.
    pub(crate) fn anchor(&self, digest: &Sha256) -> Option<Bytes> {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).anchor(digest)
    }

    /// What agents are answered with.
    pub(crate) fn signing(&self) -> Arc<Signing> {
        Arc::clone(&self.signing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers agents by something else, from the next check-in on.
    pub(crate) fn sign_with(&self, signing: Signing) {
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signing);
    }

    /// Shows another identity to the next handshake.
    pub(crate) fn replace(&self, identity: Identity) -> Result<(), ServeError> {
        self.to_devices.replace(&identity)?;
        self.to_operators.replace(identity.to_operators())?;
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = identity;
        Ok(())
    }
}
