//! The identity that is shown now, by every listener. It can be replaced while the server runs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::reception::Reception;
use crate::{Identity, Options, ServeError, TlsRules};

/// What is shown to whom.
pub(crate) struct Shown {
    pub(crate) to_devices: Arc<Reception>,
    pub(crate) to_operators: Arc<Reception>,
    identity: RwLock<Identity>,
}

impl Shown {
    pub(crate) fn new(identity: Identity, options: &Options) -> Result<Self, ServeError> {
        let to_devices = Reception::new(&identity, options.tls, options.tls_of_names.clone())?;
        let to_operators = Reception::new(identity.to_operators(), TlsRules::default(), BTreeMap::new())?;
        let [to_devices, to_operators] = [to_devices, to_operators].map(Arc::new);
        Ok(Self { to_devices, to_operators, identity: RwLock::new(identity) })
    }

    /// What is shown to people.
    pub(crate) fn get(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows another identity to the next handshake.
    pub(crate) fn replace(&self, identity: Identity) -> Result<(), ServeError> {
        self.to_devices.replace(&identity)?;
        self.to_operators.replace(identity.to_operators())?;
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = identity;
        Ok(())
    }
}
