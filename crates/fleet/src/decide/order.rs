//! Of a program and a file system that were released together, one goes first.

use super::{Asked, LONGEST_HOLD};
use crate::{Kind, Network, Reason, Sequence, Target};

impl Asked<'_> {
    /// Whether it is the target's turn.
    pub(super) fn in_order(&self, target: Target<'_>) -> Result<(), Reason> {
        let version = || target.release.id.version.clone();
        match (target.release.order, target.artifact.kind) {
            (Sequence::AppFirst, Kind::Filesystem) if self.lacks_app(target) => {
                Err(Reason::AppFirst { version: version() })
            }
            (Sequence::FilesFirst, Kind::App) if self.lacks_files(target) => {
                Err(Reason::FilesFirst { version: version() })
            }
            _ => Ok(()),
        }
    }

    /// Whether the release's program does not run yet, as far as the digest of what runs tells.
    fn lacks_app(&self, target: Target<'_>) -> bool {
        let app = self.view.catalogue.target_of(target.release, self.chip, Kind::App);
        let other = app.is_some_and(|app| !app.artifact.is_run_by(&self.check_in.build));
        self.check_in.build.is_known() && other
    }

    /// Whether the same build was offered the release's file system, in the same network and within a day, and did not take
    /// it. Who never asks for files is not held.
    fn lacks_files(&self, target: Target<'_>) -> bool {
        let files = self.view.catalogue.target_of(target.release, self.chip, Kind::Filesystem);
        let (Some(files), Some(device)) = (files, self.view.device) else { return false };
        let network = Network::of(self.check_in.source);
        let offered = device.attempts.iter().find(|attempt| {
            let same = attempt.artifact == files.artifact.id && attempt.network == network;
            same && attempt.build == self.check_in.build && self.now.since(attempt.last_offer) <= LONGEST_HOLD
        });
        offered.is_some_and(|attempt| attempt.whole == 0)
    }
}
