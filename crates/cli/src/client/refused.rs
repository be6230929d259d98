//! What the operator interface refuses, as an error with its advice; the risks of a release on a page of their own.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::anyhow;
use http::response::Parts;
use otary_fleet::RiskName;
use otary_server::operator::{FileRisk, PrivateCause, ProblemDocument};

use crate::advice::advised;
use crate::inspect::Page;
use crate::table::{count, plain};

/// Why a release is refused that would be dangerous, a heading for each file and a row for each of its risks.
#[derive(Debug, thiserror::Error)]
struct Risky(Vec<FileRisk>);

/// The error of an answer that is a problem.
pub(super) fn error(parts: &Parts, body: &[u8]) -> anyhow::Error {
    match serde_json::from_slice::<ProblemDocument>(body) {
        Ok(problem) => {
            // In this process there is no log that would say why: the cause itself does.
            if let Some(PrivateCause(cause)) = parts.extensions.get() {
                return anyhow!("{}: {cause}", problem.detail);
            }
            if !problem.risks.is_empty() {
                return Risky(problem.risks).advised();
            }
            let error = anyhow!(problem.detail);
            match problem.help {
                Some(help) => advised(error, help),
                None => error,
            }
        }
        Err(_) => advised(
            anyhow!("the answer is {} and nothing that otary says", parts.status),
            "is this the operator listener (port 3444 unless set)?",
        ),
    }
}

impl Risky {
    /// What to do about each kind of risk, and how to accept them all.
    fn advised(self) -> anyhow::Error {
        let names: BTreeSet<RiskName> = self.0.iter().map(|found| found.risk.name()).collect();
        let advice: BTreeSet<&str> = self.0.iter().map(|found| found.risk.advice()).collect();
        let options: Vec<String> = names.iter().map(|name| format!("--i-know-what-i-do {name}")).collect();
        let error = advised(self.into(), format!("to publish it all the same: {}", options.join(" ")));
        advice.into_iter().rev().fold(error, advised)
    }
}

impl fmt::Display for Risky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = Page::default();
        let mut file = None;
        for found in &self.0 {
            if file.replace(&found.file) != Some(&found.file) {
                page.heading(plain(&found.file));
            }
            page.row(found.risk.name().name(), plain(&found.risk.to_string()));
        }
        let risks = count(self.0.len() as u64, "risk");
        writeln!(f, "nothing is published, because of {risks}\n\n{}", page.finish())
    }
}
