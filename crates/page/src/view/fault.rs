//! Why a form was not accepted: what the API said, shown above the form that is filled in as it was.

use http::StatusCode;
use otary_server::operator::FileRisk;

use crate::failure::Failure;

/// Why a form was not accepted.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) detail: String,
    pub(super) help: Option<String>,
    pub(super) risks: Vec<FileRisk>,
}

impl Fault {
    /// A refusal of the API; what is none is a failure still.
    pub(super) fn of(failure: Failure) -> Result<Self, Failure> {
        let status = failure.status();
        match failure {
            Failure::Refused(problem) if status != StatusCode::UNAUTHORIZED => Ok(Self {
                status,
                code: problem.code,
                detail: problem.detail,
                help: problem.help,
                risks: problem.risks,
            }),
            other => Err(other),
        }
    }
}
