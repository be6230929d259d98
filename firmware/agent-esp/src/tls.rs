//! TLS by Mbed TLS: whom we speak with is known before the first byte is sent.
//!
//! Mbed TLS decides over dates together with all the rest, and this binding shows no hook to change its mind. So the
//! handshake is made with [`AuthMode::Optional`], which goes on whatever the certificate is, and the verdict is read when it is
//! over, before a request is written: where dates are enforced it has to be empty; where they are ignored nothing but the
//! two flags of dates may be in it. Chain, name, usage and extended usage are required either way.

use core::ffi::CStr;

use edge_nal::io::{Read, Write};
use embassy_time::{Duration, with_timeout};
use mbedtls_rs::{AuthMode, Certificate, ClientSessionConfig, Session, SessionConfig, TlsReference};
use otary_agent::Dates;

/// Mbed TLS, `MBEDTLS_X509_BADCERT_EXPIRED`.
const EXPIRED: u32 = 0x01;
/// Mbed TLS, `MBEDTLS_X509_BADCERT_FUTURE`.
const NOT_YET_VALID: u32 = 0x0200;

/// A handshake takes a chip a second or two; a server that takes longer than this has gone.
const LIMIT: Duration = Duration::from_secs(30);

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The peer does not speak TLS as we do, or went away.
    Handshake,
    /// The certificate is not one for this name and these anchors; Mbed TLS' flags.
    Certificate(u32),
    /// The certificate is right but for its dates.
    Dates,
}

/// Speaks TLS over `stream` with whoever `anchors` vouch for as `name`.
pub async fn connect<'a, S: Read + Write>(
    tls: TlsReference<'a>,
    stream: S,
    name: &'a CStr,
    anchors: Certificate<'a>,
    dates: Dates,
) -> Result<Session<'a, S>, Refused> {
    let config = SessionConfig::Client(ClientSessionConfig {
        ca_chain: Some(anchors),
        server_name: Some(name),
        auth_mode: AuthMode::Optional,
        ..ClientSessionConfig::new()
    });
    let mut session = Session::new(tls, stream, &config).map_err(|_| Refused::Handshake)?;
    match with_timeout(LIMIT, session.connect()).await {
        Ok(Ok(())) => {}
        _ => return Err(Refused::Handshake),
    }
    judge(session.tls_verification_details(), dates)?;
    Ok(session)
}

/// All ones is Mbed TLS' word for "nothing was verified"; it holds every other flag too, and so is refused.
const fn judge(flags: u32, dates: Dates) -> Result<(), Refused> {
    let others = flags & !(EXPIRED | NOT_YET_VALID);
    match (others, flags, dates) {
        (0, 0, _) | (0, _, Dates::Ignore) => Ok(()),
        (0, _, Dates::Enforce) => Err(Refused::Dates),
        _ => Err(Refused::Certificate(others)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_can_be_overlooked() {
        const NOT_TRUSTED: u32 = 0x08;
        const OTHER_NAME: u32 = 0x04;
        for dates in [Dates::Enforce, Dates::Ignore] {
            assert_eq!(judge(0, dates), Ok(()));
            assert_eq!(judge(NOT_TRUSTED | EXPIRED, dates), Err(Refused::Certificate(NOT_TRUSTED)));
            assert_eq!(judge(OTHER_NAME, dates), Err(Refused::Certificate(OTHER_NAME)));
            assert!(matches!(judge(u32::MAX, dates), Err(Refused::Certificate(_))));
        }
        for flags in [EXPIRED, NOT_YET_VALID, EXPIRED | NOT_YET_VALID] {
            assert_eq!(judge(flags, Dates::Ignore), Ok(()));
            assert_eq!(judge(flags, Dates::Enforce), Err(Refused::Dates));
        }
    }
}
