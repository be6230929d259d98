//! What the proof makes from the record of a run is what a real cut leaves: an agent whose flash fails in the middle of its
//! work, and at every operation after that, writes nothing else.

use otary_image::Rollback;
use otary_sim::powercut::{Case, Device, End, Scenario};
use otary_sim::{Cut, Faulty, Flash as _, When};

#[test]
fn a_cut_leaves_what_the_record_says() {
    for rollback in [Rollback::Enabled, Rollback::Disabled] {
        let scenario = Scenario::named("self-test fails").unwrap();
        let case = Case::new(scenario, rollback, 16 * 1024, 1460).unwrap();
        let mut whole = Device::new(&case);
        let mut replayed = whole.flash().copy();
        whole.flash_mut().record();
        assert_eq!(whole.run().unwrap(), End::Settled);
        let record = whole.flash_mut().recorded();
        for (operation, done) in (0..).zip(&record) {
            for when in [When::Before, When::Middle { seed: 5 }, When::Middle { seed: 6 }, When::After] {
                let mut expected = replayed.copy();
                expected.apply(done, when).unwrap();
                let mut device = Device::new(&case);
                device.flash_mut().power_on(Some(Cut { operation, when }));
                assert_eq!(device.run().unwrap(), End::Cut, "{operation}");
                assert_eq!(contents(device.flash()), contents(&expected), "{when:?} operation {operation}");
            }
            replayed.apply(done, When::After).unwrap();
        }
    }
}

fn contents(flash: &Faulty) -> Vec<u8> {
    flash.nor().bytes(0, flash.size()).unwrap()
}
