//! What a device runs, and how that is known.

use super::{Case, rhythm};
use crate::Dialect;
use crate::span::ago;

impl Case<'_> {
    /// What it runs, by its own word; whether otary brought it; how often it asks.
    pub(super) fn runs(&self) -> Vec<String> {
        let Some(device) = self.view.device else { return vec![self.build()] };
        let mut lines = vec![format!("{}, {}", self.build(), ago(device.last_seen, self.now))];
        lines.extend(self.brought());
        lines.push(rhythm::of(device, self.now));
        lines
    }

    fn build(&self) -> String {
        let (build, says) = (self.check_in.build, self.check_in.version.as_ref());
        if let Some(release) = self.release() {
            let how = if self.check_in.dialect == Dialect::Hawkbit {
                "which it reported installed; it last asked"
            } else {
                "by the digest that it reported"
            };
            return format!("{release}, {how}");
        }
        match (build.is_known(), says) {
            (true, Some(says)) => {
                format!("a build that is none of otary's ({build}) and calls itself {says}, as it reported")
            }
            (true, None) => format!("a build that is none of otary's ({build}), as it reported"),
            (false, Some(says)) => {
                format!("something that calls itself {says} and reports no digest, as it said")
            }
            (false, None) => {
                "nothing that it would say: neither a version nor a digest, when it asked".to_owned()
            }
        }
    }

    /// The release that its digests belong to.
    fn release(&self) -> Option<String> {
        let catalogue = self.view.catalogue;
        let running = catalogue.running(&self.check_in.build)?;
        let product = self.decision.product.as_ref();
        let product = product.or_else(|| Some(&catalogue.product_of(&running.id)?.name))?;
        catalogue.release_of(product, &running.id).map(|release| release.id.to_string())
    }

    /// Whether it was otary that brought what runs.
    fn brought(&self) -> Option<String> {
        let installed = self.view.device?.installed.as_ref()?;
        let running = self.view.catalogue.running(&self.check_in.build)?;
        let how = if installed.reported { "it reported that" } else { "inferred from its polls" };
        (running.id == installed.artifact)
            .then(|| format!("otary brought that {} ({how})", ago(installed.at, self.now)))
    }
}
