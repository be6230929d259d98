//! A notice as a webhook's body: JSON with `type`, `timestamp` and `data` (Standard Webhooks), and beside these the notice in words
//! and the audit log's last entry.

use jiff::Timestamp;
use otary_fleet::Time;
use otary_fleet::notice::{Dispatch, Subject};
use serde::Serialize;

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten)]
    subject: &'a Subject,
    /// RFC 3339, in UTC.
    timestamp: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    audit: &'a str,
}

/// The body of a dispatch, the same bytes in every attempt.
pub(crate) fn payload(dispatch: &Dispatch) -> Vec<u8> {
    let subject = &dispatch.notice.subject;
    let payload = Payload {
        subject,
        timestamp: rfc3339(dispatch.notice.at),
        text: subject.to_string(),
        advice: subject.advice(),
        audit: &dispatch.audit,
    };
    // Strings and numbers under names that are texts: nothing of it can fail.
    serde_json::to_vec(&payload).unwrap_or_default()
}

fn rfc3339(at: Time) -> String {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use otary_fleet::notice::Notice;

    use super::*;

    #[test]
    fn a_body_has_what_the_standard_asks_for_and_the_audit_logs_head() {
        let subject = Subject::DiskNearlyFull { free: 1 << 30, size: 64 << 30 };
        let notice = Notice { at: Time(1_795_000_000_000), subject };
        let dispatch = Dispatch::new("msg_1".into(), "desk", notice, "7:ab".into());
        assert_eq!(
            String::from_utf8(payload(&dispatch)).unwrap(),
            "{\"type\":\"disk.nearly-full\",\"data\":{\"free\":1073741824,\"size\":68719476736},\
             \"timestamp\":\"2026-11-18T11:06:40Z\",\
             \"text\":\"the disk is nearly full: 1024 MiB of 65536 MiB are left\",\"advice\":\"otary gc\",\"audit\":\"7:ab\"}"
        );
    }
}
