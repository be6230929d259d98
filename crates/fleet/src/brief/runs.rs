//! What a cohort runs, by the catalogue: worked out once for all of its devices.

use otary_image::Chip;

use super::Cohort;
use crate::{Artifact, Catalogue, Release};

/// What the devices of a cohort run, as far as the catalogue knows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Runs<'a> {
    /// The artifact that their digests say.
    pub artifact: Option<&'a Artifact>,
    /// The release that it belongs to.
    pub release: Option<&'a Release>,
}

impl<'a> Runs<'a> {
    /// What a cohort runs.
    pub fn of(cohort: &Cohort, catalogue: &'a Catalogue) -> Self {
        let artifact = cohort.build().and_then(|build| catalogue.running(build));
        let release = artifact.and_then(|artifact| {
            let product = cohort.product().or_else(|| Some(&catalogue.product_of(&artifact.id)?.name));
            catalogue.release_of(product?, &artifact.id)
        });
        Self { artifact, release }
    }

    /// The chip of such devices: by what runs, else as it was decided, else by their word, else as the operator said.
    pub fn chip(&self, cohort: &Cohort) -> Option<Chip> {
        let running = self.artifact.and_then(|artifact| artifact.chip);
        let decided = cohort.answer().and_then(|answer| answer.chip);
        let said = cohort.saying().and_then(|said| said.chip);
        running.or(decided).or(said).or(cohort.chip())
    }

    /// The version of the release that runs, else the one that such devices say.
    pub fn version<'b>(&self, cohort: &'b Cohort) -> Option<&'b str>
    where
        'a: 'b,
    {
        let released = self.release.map(|release| &*release.id.version);
        released.or_else(|| cohort.says().map(|version| &**version))
    }
}
