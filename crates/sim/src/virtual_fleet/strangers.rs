//! Strangers: they speak under boards' addresses, say that these run what they do not, and take nothing.

use std::net::Ipv4Addr;
use std::time::Duration;

use otary_fleet::{Build, CheckIn, Proof, Time};

use super::chance::Chance;
use super::report::What;
use super::run::{Next, Run};
use super::script::Strangers;
use super::shelf::build_of;

/// Whoever is nobody's neighbour: a block for documentation (RFC 5737).
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const STREAM: u64 = 5 << 40;

/// One who speaks under a board's address.
#[derive(Debug)]
pub(super) struct Stranger {
    /// The board's place.
    pub(super) board: usize,
    pub(super) says: CheckIn,
    pub(super) every: Duration,
    pub(super) until: Time,
}

impl Run<'_> {
    /// Lets strangers loose on as many boards, chosen by chance.
    pub(super) fn send_strangers(&mut self, strangers: &Strangers) -> What {
        let mut chance = Chance::new(self.script.seed, STREAM + self.strangers.len() as u64);
        let wanted = usize::try_from(strangers.boards).unwrap_or(usize::MAX);
        let mut places: Vec<usize> = (0..self.boards.len()).collect();
        let count = wanted.min(places.len());
        for chosen in 0..count {
            let left = places.len() - chosen;
            places.swap(chosen, chosen + usize::try_from(chance.below(left as u64)).unwrap_or(0));
        }
        for board in places.into_iter().take(count) {
            let Some(stranger) = self.stranger(board, strangers) else { continue };
            if let Some(board) = self.boards.get_mut(board) {
                board.is_impersonated = true;
            }
            let first = self.now + chance.between(Duration::ZERO, strangers.every);
            self.queue.push(first, Next::Stranger(self.strangers.len()));
            self.strangers.push(stranger);
        }
        let Strangers { version, nearby, .. } = strangers;
        What::Strangers { boards: count, version: version.clone(), nearby: *nearby }
    }

    fn stranger(&self, place: usize, strangers: &Strangers) -> Option<Stranger> {
        let board = self.boards.get(place)?;
        let Build { md5, sha256 } = board.says.build;
        let (new_md5, new_sha256) = build_of(&strangers.version, board.says.chip?);
        let says = CheckIn {
            device: Some(board.record.mac),
            build: Build { md5: md5.map(|_| new_md5), sha256: sha256.map(|_| new_sha256) },
            version: Some(strangers.version.clone()),
            source: if strangers.nearby { board.says.source } else { ELSEWHERE.into() },
            proof: Proof::None,
            report: None,
            ..board.says.clone()
        };
        Some(Stranger { board: place, says, every: strangers.every, until: self.now + strangers.lasts })
    }
}
