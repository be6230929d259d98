//! The certificates of authorities that this system trusts.

use anyhow::{Result, anyhow};
use rustls::RootCertStore;

use crate::advice::advised;

/// The system's certificates, or those of `SSL_CERT_FILE`. Those that rustls cannot read are left out, as browsers do.
pub fn system_roots() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(advised(
            anyhow!("this system has no certificates to trust"),
            "install them (Debian: apt install ca-certificates), or name a file: SSL_CERT_FILE, for dynamic DNS ddns.ca_file",
        ));
    }
    Ok(roots)
}
