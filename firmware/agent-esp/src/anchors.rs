//! The anchors of a connection, as Mbed TLS takes them.

use alloc::ffi::CString;
use alloc::string::String;

use base64ct::{Base64, Encoding as _};
use embedded_storage::nor_flash::NorFlash;
use mbedtls_rs::{Certificate, X509};
#[cfg(not(feature = "stubbed"))]
use otary_agent::Agent;
use otary_agent::Anchors;

use crate::settings::Settings;
#[cfg(feature = "stubbed")]
use crate::stub::Agent;

/// Reads the anchors that the agent wants the next connection to be made with. `buffer` takes one of them.
///
/// A list of several is only taken as PEM, so what is stored in DER is written out; it lives until it is parsed.
pub fn read<F: NorFlash>(
    agent: &Agent<'_>,
    flash: &mut F,
    buffer: &mut [u8],
    settings: &Settings,
) -> Option<Certificate<'static>> {
    let mut pem = String::new();
    let anchors = agent.anchors(flash, buffer, |der| write(&mut pem, der)).ok()?;
    if anchors == Anchors::CompiledIn {
        pem.clear();
        pem.push_str(settings.anchors);
    }
    Certificate::new(X509::PEM(&CString::new(pem).ok()?)).ok()
}

fn write(pem: &mut String, der: &[u8]) {
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    pem.push_str(&Base64::encode_string(der));
    pem.push_str("\n-----END CERTIFICATE-----\n");
}
