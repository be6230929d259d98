//! What lies inside the files of a release, held against what this server presents: a file that would cut devices off is
//! refused, unless the operator accepts that by the risk's name.

use std::collections::BTreeSet;
use std::sync::Arc;

use otary_fleet::{Artifact, Catalogue, Examined, Expected, Release, Risk, RiskName, examine};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::site::Operator;
use crate::Custody;

/// What was found in a file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Review {
    /// The file.
    pub file: String,
    /// The names and addresses in it that are this server's.
    pub hosts: Vec<String>,
    /// The risks that it has and that were accepted.
    pub accepted: Vec<Risk>,
}

/// A risk that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileRisk {
    /// The file that it comes with.
    pub file: String,
    /// The risk.
    #[serde(flatten)]
    pub risk: Risk,
}

impl Operator {
    /// Examines every file of `release`, and gives what is worth telling besides.
    pub(super) fn review(
        &self,
        release: &Release,
        artifacts: &[Artifact],
        catalogue: &Catalogue,
        accepted: &BTreeSet<RiskName>,
    ) -> Result<(Vec<Review>, Vec<String>), Refusal> {
        let examined: Vec<(&Artifact, Examined)> =
            artifacts.iter().map(|artifact| (artifact, self.examine(artifact, release, catalogue))).collect();
        check_accepted(&examined, accepted)?;
        let note = |artifact: &Artifact, note: &String| format!("{}: {note}", artifact.file_name);
        let notes = examined
            .iter()
            .flat_map(|(artifact, examined)| examined.notes.iter().map(move |text| note(artifact, text)));
        let notes = notes.collect();
        let review = |(artifact, examined): (&Artifact, Examined)| Review {
            file: artifact.file_name.clone(),
            hosts: examined.hosts,
            accepted: examined.risks,
        };
        Ok((examined.into_iter().map(review).collect(), notes))
    }

    fn examine(&self, artifact: &Artifact, release: &Release, catalogue: &Catalogue) -> Examined {
        let same = |other: &&Artifact| other.kind == artifact.kind && other.chip == artifact.chip;
        let releases = catalogue.releases(&release.id.product).iter();
        let earlier = releases.flat_map(|release| &release.artifacts).filter_map(|id| catalogue.artifact(id));
        let earlier: Vec<&Artifact> = earlier.filter(same).collect();
        let now = self.now();
        let look =
            |custody: &Arc<Custody>| custody.look(|held| (held.presented().at(now), held.reached_by()));
        let (generations, names) = self.custody.as_ref().map(look).unzip();
        let names = names.unwrap_or_default();
        let expected = Expected {
            generations: generations.as_ref(),
            names: &names,
            earlier: &earlier,
            horizon: self.site.horizon,
            now,
        };
        examine(&artifact.embedded, &expected)
    }
}

/// Refuses with all that was not accepted at once: nobody should have to ask again to hear the next.
fn check_accepted(examined: &[(&Artifact, Examined)], accepted: &BTreeSet<RiskName>) -> Result<(), Refusal> {
    let of_file = |(artifact, examined): &(&Artifact, Examined)| {
        let risks = examined.risks.iter().filter(|risk| !accepted.contains(&risk.name()));
        risks
            .map(|risk| FileRisk { file: artifact.file_name.clone(), risk: risk.clone() })
            .collect::<Vec<_>>()
    };
    let risks: Vec<FileRisk> = examined.iter().flat_map(of_file).collect();
    if risks.is_empty() { Ok(()) } else { Err(Refusal::Risky { risks }) }
}
