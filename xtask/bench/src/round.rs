//! Interleaved runs: the servers take turns, so that whatever else the machine does meets all of them.

use std::thread;
use std::time::Duration;

use crate::case::Case;
use crate::load;
use crate::peer::{Peer, Site};

/// A server that writes its records in batches has done so by then.
const SETTLE: Duration = Duration::from_millis(1500);
/// Traffic before the first round, as a part of a run: caches fill, compilers of scripts have their say.
const WARM_UP: u32 = 4;

/// Microseconds of processor time per request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

/// The cost at each of `peers`, in their order, over `rounds` rounds.
pub fn measure(
    case: &Case,
    requests: u32,
    rounds: usize,
    peers: &[Peer],
    site: &Site,
) -> anyhow::Result<Vec<Cost>> {
    for peer in peers {
        load::run(case, requests / WARM_UP, peer, site)?;
    }
    thread::sleep(SETTLE);
    let mut costs = vec![Vec::new(); peers.len()];
    for round in 0..rounds {
        for (costs, cost) in costs.iter_mut().zip(run_round(case, requests, round, peers, site)?) {
            costs.push(cost);
        }
    }
    Ok(costs.into_iter().map(summarise).collect())
}

/// Each server's time is taken over the whole round, which it mostly spends idle: so the records that it writes
/// after its last answer are counted too.
fn run_round(
    case: &Case,
    requests: u32,
    round: usize,
    peers: &[Peer],
    site: &Site,
) -> anyhow::Result<Vec<f64>> {
    let before = processor_times(peers)?;
    for turn in 0..peers.len() {
        if let Some(peer) = peers.get((turn + round) % peers.len()) {
            load::run(case, requests, peer, site)?;
        }
    }
    thread::sleep(SETTLE);
    let after = processor_times(peers)?;
    let answered = f64::from(load::rounded(requests));
    let spent = before.iter().zip(&after).map(|(before, after)| after.saturating_sub(*before));
    Ok(spent.map(|spent| spent.as_secs_f64() * 1e6 / answered).collect())
}

fn processor_times(peers: &[Peer]) -> anyhow::Result<Vec<Duration>> {
    peers.iter().map(|peer| peer.server.processor_time()).collect()
}

pub fn summarise(mut costs: Vec<f64>) -> Cost {
    costs.sort_by(f64::total_cmp);
    let at = |index: usize| costs.get(index).copied().unwrap_or(f64::NAN);
    Cost { median: at(costs.len() / 2), least: at(0), most: at(costs.len().saturating_sub(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_five_runs_counts_and_the_outliers_are_shown() {
        let cost = summarise(vec![30.0, 21.0, 90.0, 20.0, 22.0]);
        assert_eq!(cost, Cost { median: 22.0, least: 20.0, most: 90.0 });
    }
}
