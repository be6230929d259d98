//! The bodies of what a device tells: JSON, of which what is not known is left alone (hawkBit's rule).

use std::collections::BTreeMap;

use otary_fleet::{Agreement, Execution, Feedback, Finished, Time, UpdateMode};
use serde::Deserialize;
use serde_json::Value;

/// The longest initiator or remark of an agreement that is kept, in bytes.
const LONGEST_REMARK: usize = 200;

#[derive(Deserialize)]
struct FeedbackBody {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    execution: Execution,
    result: Outcome,
    code: Option<i64>,
    details: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Outcome {
    finished: Finished,
    /// hawkBit does not look at it: whatever has another form counts as not said.
    progress: Option<Value>,
}

#[derive(Deserialize)]
struct ConfigBody {
    mode: Option<Mode>,
    data: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Merge,
    Replace,
    Remove,
}

#[derive(Deserialize)]
struct ConfirmationBody {
    confirmation: Confirmation,
    details: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Confirmation {
    Confirmed,
    Denied,
}

#[derive(Deserialize)]
struct AgreementBody {
    initiator: Option<String>,
    remark: Option<String>,
}

/// What a device says of an action.
pub(super) fn feedback(body: &[u8]) -> serde_json::Result<Feedback> {
    let FeedbackBody { status: Status { execution, result, code, details } } = serde_json::from_slice(body)?;
    let progress = result.progress.as_ref().and_then(progress);
    Ok(Feedback {
        execution,
        finished: result.finished,
        progress,
        code,
        details: details.unwrap_or_default(),
    })
}

fn progress(said: &Value) -> Option<(u32, u32)> {
    let number = |name| said.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
    number("cnt").zip(number("of")).filter(|(_, of)| *of > 0)
}

/// What a device says of itself. A value of `null` names a key and nothing else.
pub(super) fn attributes(body: &[u8]) -> serde_json::Result<(UpdateMode, BTreeMap<String, String>)> {
    let ConfigBody { mode, data } = serde_json::from_slice(body)?;
    let mode = match mode {
        None | Some(Mode::Merge) => UpdateMode::Merge,
        Some(Mode::Replace) => UpdateMode::Replace,
        Some(Mode::Remove) => UpdateMode::Remove,
    };
    Ok((mode, data.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect()))
}

/// Whether a device agrees to an action, and what it says to that.
pub(super) fn confirmation(body: &[u8]) -> serde_json::Result<(bool, Vec<String>)> {
    let ConfirmationBody { confirmation, details } = serde_json::from_slice(body)?;
    Ok((matches!(confirmation, Confirmation::Confirmed), details.unwrap_or_default()))
}

/// That a device agrees to all actions. The body may be missing.
pub(super) fn agreement(body: &[u8], now: Time) -> serde_json::Result<Agreement> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let AgreementBody { initiator, remark } = serde_json::from_slice(body)?;
    let bounded = |text: Option<String>| {
        let text = text?.replace(char::is_control, "\u{FFFD}");
        text.get(..text.floor_char_boundary(LONGEST_REMARK)).map(str::to_owned)
    };
    Ok(Agreement { initiator: bounded(initiator), remark: bounded(remark), since: now })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_swupdate_says_is_understood() {
        let body = br#"{ "id": 15, "time": "20261128T120000", "status": { "result": { "progress": { "cnt" : 2, "of" : 5 },
            "finished": "none" }, "execution": "proceeding", "details" : [ "a", "b" ] } }"#;
        let said = feedback(body).unwrap();
        assert_eq!(
            (said.execution, said.finished, said.progress),
            (Execution::Proceeding, Finished::None, Some((2, 5)))
        );
        assert_eq!(said.details, ["a", "b"]);
    }

    #[test]
    fn what_is_optional_may_be_missing_or_null_and_what_is_not_may_not() {
        let least = br#"{"status":{"execution":"closed","result":{"finished":"failure","progress":null},"details":null}}"#;
        assert_eq!(feedback(least).unwrap().details, Vec::<String>::new());
        for wrong in [
            "{}",
            r#"{"status":{"execution":"closed"}}"#,
            r#"{"status":{"execution":"done","result":{"finished":"none"}}}"#,
            r#"{"status":{"execution":"closed","result":{"finished":"maybe"}}}"#,
            r#"{"status":{"execution":"closed","result":{"finished":"none"},"details":"x"}}"#,
        ] {
            assert!(feedback(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn attributes_are_merged_unless_said() {
        let mode = |text: &str| {
            attributes(format!(r#"{{{text}"data":{{"a":"b"}}}}"#).as_bytes()).map(|(mode, _)| mode)
        };
        assert_eq!(mode("").unwrap(), UpdateMode::Merge);
        assert_eq!(mode(r#""mode":null,"#).unwrap(), UpdateMode::Merge);
        assert_eq!(mode(r#""mode":"replace","#).unwrap(), UpdateMode::Replace);
        assert!(mode(r#""mode":"append","#).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[{}\\[\\]\":,a-z0-9]{0,80}") {
            for body in [bytes.as_slice(), text.as_bytes()] {
                let _ = (feedback(body).is_ok(), attributes(body).is_ok(), confirmation(body).is_ok());
                let _ = agreement(body, Time::default()).is_ok();
            }
        }
    }
}
