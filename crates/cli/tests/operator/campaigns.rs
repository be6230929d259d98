//! Campaigns from the command line, as people steer them.

use crate::bench::Bench;

#[test]
fn a_release_goes_out_by_a_campaign_that_a_person_steers() {
    let bench = Bench::new();
    for version in ["0.1", "0.2", "0.3"] {
        bench.firmware(&format!("{version}.bin"), version);
    }
    bench.otary("push 0.1.bin --product lamp --version 0.1").succeeded();
    assert!(bench.otary("campaign list").succeeded().out.starts_with("There is no campaign."));
    let pushed = bench
        .otary("push 0.2.bin --product lamp --version 0.2 --waves 1%,25%,100% --soak 24h --approve --pace 30/min,500kB/s")
        .succeeded()
        .out;
    assert!(
        pushed.contains("It goes out by campaign 1, to 1%, then 25%, then 100% of the devices."),
        "{pushed}"
    );
    let shown = bench.otary("campaign show 1").succeeded().out;
    for line in [
        "campaign   1 brings lamp 0.2",
        "to         stable",
        "waves      [1%] 25% 100%",
        "rules      2% may fail beyond what others do",
        "rules      each wave is open for 1d at least",
        "rules      a person approves each further wave",
        "rules      at most 30/min, 500kB/s",
        "shown      0 offered: 0 installed; evidence against it: 0 % of what stops",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    let refused = bench.otary("push 0.3.bin --product lamp --version 0.3").failed();
    assert!(
        refused.contains("help: --supersede ends it; otary campaign show 1 says where it stands"),
        "{refused}"
    );
    let paused = bench.otary("campaign pause 1").succeeded().out;
    assert_eq!(
        paused,
        "Campaign 1 is paused: nothing of lamp 0.2 is offered.\n\
         Next: a person resumes it: otary campaign resume 1.\n"
    );
    let listed = bench.otary("campaign list lamp").succeeded().out;
    assert!(
        listed.contains("lamp 0.2") && listed.contains("paused") && listed.contains("1 of 3"),
        "{listed}"
    );
    bench.otary("campaign resume 1 --tolerate 5%").succeeded();
    let back = bench.otary("campaign roll-back 1").succeeded().out;
    assert!(back.starts_with("Campaign 2 goes back to lamp 0.1.\n"), "{back}");
    let shown = bench.otary("campaign show 2").succeeded().out;
    assert!(shown.contains("campaign   2 takes campaign 1 back, to lamp 0.1"), "{shown}");
    assert!(bench.otary("campaign abort 2").succeeded().out.starts_with("Campaign 2 is over"));
    let log = bench.otary("audit show --operators").succeeded().out;
    for done in [
        "published lamp 0.2 to stable, by campaign 1 in 3 waves",
        "paused campaign 1 (lamp 0.2)",
        "resumed, with 5 % tolerated, campaign 1 (lamp 0.2)",
        "rolled campaign 1 back to lamp 0.1, by campaign 2 in 1 wave, in the place of campaign 1",
        "aborted campaign 2 (lamp 0.1)",
    ] {
        assert!(log.contains(done), "{done}\n{log}");
    }
}

#[test]
fn a_plan_that_does_not_add_up_says_where() {
    let bench = Bench::new();
    bench.firmware("a.bin", "0.1");
    for (options, why) in [
        ("--waves 1%,50%", "the last wave (`50%`) leaves devices out: a plan ends with 100%"),
        ("--waves 5%,1%,100%", "wave 2 (`1%`) does not go beyond wave 1 (`5%`)"),
        ("--pace fast", "`fast` is no limit"),
        ("--tolerate 2", "expected a percentage with at most two decimals"),
        ("--at-once --waves 100%", "cannot be used with"),
    ] {
        let refused = bench.otary(&format!("push a.bin --product lamp --version 0.1 {options}")).failed();
        assert!(refused.contains(why), "{options}: {refused}");
    }
}
