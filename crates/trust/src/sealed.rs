//! Private keys under a passphrase: PKCS#8 with PBES2 (RFC 8018), scrypt (RFC 7914) and AES-256 in CBC mode, which
//! `openssl pkey` opens as well.
//!
//! Nothing here proves that a file was not changed; that its key fits its certificate is checked by whoever reads it.

use age::secrecy::ExposeSecret;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::{EncryptionScheme, scrypt};
use pkcs8::{EncryptedPrivateKeyInfo, PrivateKeyInfo};
use zeroize::Zeroizing;

use crate::defect::Defect;
use crate::passphrase::Passphrase;

/// scrypt with N = 2^14, r = 8: 16 MiB and a tenth of a second on a small server. That is an eighth of what a backup
/// costs, since a start opens half a dozen keys, since these files do not leave the machine, and since OpenSSL opens
/// nothing that takes more than 32 MiB.
const LOG_N: u8 = 14;
const BLOCK_SIZE: u32 = 8;
/// A file that asks for more than 1 GiB (N = 2^20, r = 8) is not ours, and could stop a small server.
const MAX_SCRYPT: u64 = 1 << 23;
/// More rounds of PBKDF2 than this is no key that anybody opens at a start.
const MAX_ROUNDS: u32 = 10_000_000;

/// Encrypts a key's PKCS#8 form.
pub(crate) fn seal(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, Defect> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    aws_lc_rs::rand::fill(&mut salt)
        .and_then(|()| aws_lc_rs::rand::fill(&mut iv))
        .map_err(|_| Defect::Key)?;
    let cost = scrypt::Params::new(LOG_N, BLOCK_SIZE, 1, 32).map_err(|_| Defect::Key)?;
    let parameters = Parameters::scrypt_aes256cbc(cost, &salt, &iv).map_err(|_| Defect::Key)?;
    let key = PrivateKeyInfo::try_from(pkcs8).map_err(|_| Defect::Key)?;
    let sealed = key.encrypt_with_params(parameters, passphrase.secret().expose_secret());
    sealed.map(|sealed| sealed.as_bytes().to_vec()).map_err(|_| Defect::Key)
}

/// Decrypts to the PKCS#8 form.
pub(crate) fn unseal(der: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, Defect> {
    let sealed = EncryptedPrivateKeyInfo::try_from(der).map_err(|_| Defect::Key)?;
    if !is_affordable(&sealed.encryption_algorithm) {
        return Err(Defect::Key);
    }
    let opened = sealed.decrypt(passphrase.secret().expose_secret()).map_err(|_| Defect::WrongPassphrase)?;
    Ok(Zeroizing::new(opened.as_bytes().to_vec()))
}

fn is_affordable(scheme: &EncryptionScheme<'_>) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else {
        return false;
    };
    match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            let memory = scrypt.cost_parameter.saturating_mul(u64::from(scrypt.block_size));
            scrypt.cost_parameter > 1
                && memory.saturating_mul(u64::from(scrypt.parallelization)) <= MAX_SCRYPT
        }
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MAX_ROUNDS,
        _ => false,
    }
}
