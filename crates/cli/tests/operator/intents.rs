//! What is wanted of one device, from the command line.

use crate::bench::Bench;

const MAC: &str = "24:6F:28:AA:BB:CC";

#[test]
fn a_device_is_held_pinned_forced_and_put_in_a_time_zone() {
    let bench = Bench::new();
    for version in ["0.1", "0.2"] {
        bench.firmware("a.bin", version);
        bench.otary(&format!("push a.bin --product lamp --version {version}")).succeeded();
    }
    let said = bench.otary(&format!("device hold {MAC}")).failed();
    assert_eq!(said, format!("error: no device {MAC} is on record\nhelp: otary device list\n"));
    bench.otary(&format!("device assign {MAC} lamp")).succeeded();

    let say = |what: &str| bench.otary(&format!("device {what}")).succeeded().out;
    let asked = "It has not asked yet.\n";
    assert_eq!(say(&format!("hold {MAC}")), format!("{MAC} is held.\n{asked}"));
    assert_eq!(say(&format!("pin {MAC} 0.1")), format!("{MAC} is pinned to 0.1.\n{asked}"));
    assert_eq!(say(&format!("force {MAC} 0.2")), format!("{MAC} is to be given 0.2 once.\n{asked}"));
    let zone = say(&format!("zone {MAC} Europe/Berlin"));
    assert_eq!(zone, format!("{MAC} is in the time zone Europe/Berlin.\n{asked}"));
    let listed = say("list");
    assert!(listed.contains("(held, forced to 0.2, pinned to 0.1)"), "{listed}");
    let shown = say(&format!("show {MAC}"));
    for line in [
        "held      by local just now",
        "forced    to lamp 0.2 once, by local just now",
        "pinned    to lamp 0.1",
    ] {
        assert!(shown.contains(&format!("\n  {line}\n")), "{shown}");
    }
    assert!(
        shown.contains("\n  zone      Europe/Berlin\n") && shown.contains("local: pinned to lamp 0.1"),
        "{shown}"
    );

    let said = bench.otary(&format!("device pin {MAC} 0.7")).failed();
    assert_eq!(said, "error: there is no release lamp 0.7\nhelp: otary release list\n");
    let said = bench.otary("release delete lamp 0.1").failed();
    assert_eq!(said, format!("error: {MAC} is pinned to lamp 0.1\nhelp: otary device unpin {MAC}\n"));
    let said = bench.otary(&format!("device zone {MAC} Berlin")).failed();
    assert!(said.starts_with("error: no time zone is called `Berlin`"), "{said}");

    say(&format!("unhold {MAC}"));
    say(&format!("unforce {MAC}"));
    assert_eq!(say(&format!("unpin {MAC}")), format!("{MAC} is pinned to nothing.\n{asked}"));
    assert_eq!(say(&format!("zone {MAC} none")), format!("{MAC} has no time zone of its own.\n{asked}"));
    let shown = say(&format!("show {MAC}"));
    assert!(!["  held", "  forced", "  pinned", "  zone"].iter().any(|word| shown.contains(word)), "{shown}");
}
