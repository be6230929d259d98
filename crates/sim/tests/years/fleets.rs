//! Whole runs: the standard one, many by chance, and those with a rule taken out.

use otary_sim::years::{Options, Plan, Policy, Report, run};

fn options(devices: usize, seed: u64) -> Options {
    Options { years: 30, devices, seed, policy: Policy::Overlap, plan: Plan::standard() }
}

fn ran(options: &Options) -> Report {
    run(options, |_| {}).unwrap()
}

#[test]
fn nobody_is_cut_off_in_thirty_years() {
    let report = ran(&options(4000, 1));
    for entry in &report.timeline {
        println!("{} {}", entry.at.secs() / 31_557_600 + 1970, entry.what);
    }
    println!(
        "{:#?} {:#?} {:#?}",
        report.counts,
        report.census,
        report.victims.iter().take(10).collect::<Vec<_>>()
    );
    assert_eq!(report.victims, []);
}

#[test]
fn explore() {
    for seed in [8, 58] {
        let options = Options { plan: Plan::random(seed), ..options(120, seed) };
        let report = ran(&options);
        let late =
            report.timeline.iter().filter(|e| matches!(e.what, otary_sim::years::What::Late { .. })).count();
        println!(
            "seed {seed} cut {} late {late} rec {} gap {}d refused {} bridged {} post {} {:?}",
            report.victims.len(),
            report.counts.recovered,
            report.counts.longest_gap.as_secs() / 86400,
            report.counts.refused,
            report.counts.bridged,
            report.counts.postponed,
            options.plan
        );
        {
            for entry in &report.timeline {
                println!("   {} {}", entry.at.secs() / 31_557_600 + 1970, entry.what);
            }
            for v in report.victims.iter().take(4) {
                println!("   {v:?}");
            }
        }
    }
    for policy in [Policy::Unheeded, Policy::None] {
        let report = ran(&Options { policy, ..options(500, 1) });
        println!("{policy:?} {} {:?}", report.victims.len(), report.victims.first());
    }
}
