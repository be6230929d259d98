//! `/anchor/{sha256}`: one of the certificates that devices are to trust, as DER and by its digest.
//!
//! An agent is told the digests of a trust set by a signed root record, so it may fetch the certificates from anywhere;
//! plain HTTP has them, too.

use otary_fleet::Sha256;

use crate::http1::{Reply, Status};
use crate::visit::{Plan, Visit};

/// Answers a request for what is behind `/anchor/`.
pub(crate) fn answer(visit: &Visit, name: &str) -> Plan {
    let named: Option<Sha256> = name.parse().ok();
    let Some(der) = named.and_then(|digest| visit.shared.shown.anchor(&digest)) else {
        return Reply::sentence(Status::NotFound, "There is no such anchor.\n").into();
    };
    let reply = Reply::empty(Status::Ok)
        .field("Content-Type", "application/x-x509-ca-cert")
        .field("Cache-Control", "public, max-age=31536000, immutable");
    reply.with_body(der, None).into()
}
