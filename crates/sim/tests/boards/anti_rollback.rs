//! Anti-rollback: the fuses hold the lowest secure version that may still start, and only ever grow.

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{Chip, Entry, OTADATA_SECTOR, Otadata, Revision, Rollback, Sector, State};
use otary_sim::{
    ActivateError, Board, BootError, FOUR_MEGABYTES, Flash as _, Identity, Nor, Refusal, Silicon, Slots,
    start,
};

const OTADATA: u32 = 0xE000;
const APP: [u32; 2] = [0x1_0000, 0x15_0000];

fn image(secure_version: u32) -> Vec<u8> {
    let segments = [AppSegment { address: 0x3F40_0020, data: b"an app" }];
    let descriptor = Some(AppDescriptor { secure_version, version: "1", ..AppDescriptor::default() });
    let image =
        AppImage { entry: 0x4008_0000, descriptor, segments: &segments, ..AppImage::new(Chip::Esp32) };
    let mut bytes = vec![0; image.image_len().unwrap() as usize];
    image.write(&mut bytes).unwrap();
    bytes
}

/// A board with images of these secure versions and these entries of otadata.
fn flash(images: [u32; 2], entries: [Entry; 2]) -> Nor {
    let identity = Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());
    let mut board = Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap());
    board.flash_factory(&image(images[0]), None).unwrap();
    let mut flash = board.into_flash();
    flash.rewrite(APP[1], &image(images[1])).unwrap();
    for (sector, entry) in [Sector::First, Sector::Second].into_iter().zip(entries) {
        flash.rewrite(OTADATA + sector.offset(), &entry.to_bytes()).unwrap();
    }
    flash
}

fn entries(first: State, second: State) -> [Entry; 2] {
    [Entry::new(1, first), Entry::new(2, second)]
}

fn fused(secure_version: u32) -> Silicon {
    let silicon = Silicon::new(Chip::Esp32, Revision(300), Rollback::Enabled);
    Silicon { secure_version: Some(secure_version), ..silicon }
}

fn boot(flash: &mut Nor, silicon: &mut Silicon) -> Result<Slots, BootError> {
    start(flash, silicon, &mut |_| ())
}

#[test]
fn an_image_below_the_fuses_does_not_start_however_it_is_chosen() {
    for second in [State::New, State::Valid, State::Undefined] {
        let mut flash = flash([3, 2], entries(State::Valid, second));
        let slots = boot(&mut flash, &mut fused(3)).unwrap();
        assert_eq!(slots.running().offset, APP[0], "{second:?}");
        let otadata = Otadata::parse(&flash.bytes(OTADATA, 2 * OTADATA_SECTOR).unwrap()).unwrap();
        assert_eq!(otadata.second.state, second, "not even tried");
    }
}

#[test]
fn a_new_image_raises_the_fuses_when_it_is_confirmed_and_not_before() {
    let mut flash = flash([1, 2], entries(State::Valid, State::New));
    let mut silicon = fused(1);
    let mut slots = boot(&mut flash, &mut silicon).unwrap();
    assert_eq!((slots.running().offset, silicon.secure_version), (APP[1], Some(1)), "on trial");
    slots.confirm(&mut flash).unwrap();
    assert_eq!(slots.silicon().secure_version, Some(2));

    // An app that writes its state without burning fuses leaves that to the next start.
    assert_eq!(boot(&mut flash, &mut silicon).unwrap().running().offset, APP[1]);
    assert_eq!(silicon.secure_version, Some(2));
    flash.erase(APP[1]).unwrap();
    let error = boot(&mut flash, &mut silicon).unwrap_err();
    assert!(matches!(error, BootError::NothingBootable), "the old image is too old now");
}

#[test]
fn an_unconfirmed_image_rolls_back_and_leaves_the_fuses() {
    let mut flash = flash([1, 2], entries(State::Valid, State::New));
    let mut silicon = fused(1);
    boot(&mut flash, &mut silicon).unwrap();
    let slots = boot(&mut flash, &mut silicon).unwrap();
    assert_eq!((slots.running().offset, silicon.secure_version), (APP[0], Some(1)));
}

#[test]
fn erased_otadata_starts_the_first_image_that_the_fuses_allow_and_burns_its_version() {
    let mut flash = flash([1, 5], [Entry::ERASED; 2]);
    let mut silicon = fused(2);
    let slots = boot(&mut flash, &mut silicon).unwrap();
    assert_eq!((slots.running().offset, silicon.secure_version), (APP[1], Some(5)));
}

#[test]
fn an_app_cannot_choose_an_image_below_the_fuses() {
    let mut flash = flash([3, 2], entries(State::Valid, State::Undefined));
    let slots = boot(&mut flash, &mut fused(3)).unwrap();
    let error = slots.activate(&mut flash, &slots.next().unwrap()).unwrap_err();
    let expected = Refusal::SecureVersion { expected: 3, found: 2 };
    assert!(matches!(error, ActivateError::Refused(refusal) if refusal == expected));
}

#[test]
fn a_version_beyond_the_bits_of_the_fuses_is_not_burnt() {
    let mut flash = flash([1, 33], entries(State::Valid, State::Valid));
    let mut silicon = fused(1);
    assert_eq!(boot(&mut flash, &mut silicon).unwrap().running().offset, APP[1]);
    assert_eq!(silicon.secure_version, Some(1));
}

#[test]
fn without_a_descriptor_there_is_no_secure_version() {
    let silicon = fused(0);
    assert_eq!(silicon.check_secure_version(&[0xFF; 4096]), Err(Refusal::NoDescriptor));
    assert_eq!(silicon.check_secure_version(&image(0)), Ok(()));
}
