//! Private keys as a folder keeps them: PEM text, under its passphrase or in the clear.

use zeroize::Zeroizing;

use crate::defect::Defect;
use crate::key::PrivateKey;
use crate::passphrase::Passphrase;
use crate::signing::SigningKey;

/// A private key that goes into a file and comes out again.
pub(crate) trait KeyFile: Sized {
    /// Reads the first private key in PEM text; [`Defect::Locked`] if it is under a passphrase and none is given.
    fn unlock(text: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, Defect>;

    /// Its PEM text, under the passphrase if one is given.
    fn text(&self, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>, Defect>;
}

impl KeyFile for PrivateKey {
    fn unlock(text: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, Defect> {
        Self::unlock(text, passphrase)
    }

    fn text(&self, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>, Defect> {
        match passphrase {
            Some(passphrase) => self.sealed_pem(passphrase).map(Zeroizing::new),
            None => self.pem(),
        }
    }
}

impl KeyFile for SigningKey {
    fn unlock(text: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, Defect> {
        Self::unlock(text, passphrase)
    }

    fn text(&self, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>, Defect> {
        self.pem(passphrase)
    }
}
