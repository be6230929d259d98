//! What an authority keeps for signed releases: its order key, the chain of root records, and a release key if it must.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use otary_fleet::{Sha256, Time};
use otary_trust::signing::{
    Change, Founding, NotSigned, PublicKey, Record, Refused, Signed, SigningKey, Unsound,
};
use otary_trust::{Authority, Defect, Error, Passphrase, backup, restore};

use super::{Place, TODAY, clock};

/// The keys of an owner, as they lie on the owner's computer.
struct Owner {
    roots: [SigningKey; 2],
    release: SigningKey,
}

impl Owner {
    fn new() -> Self {
        let key = || SigningKey::generate().unwrap();
        Self { roots: [key(), key()], release: key() }
    }

    fn first(&self, authority: &mut Authority, threshold: u8) -> Record {
        Record::first(Founding {
            issued: TODAY,
            threshold,
            root_keys: self.roots.iter().map(SigningKey::public).collect(),
            release_key: self.release.public(),
            order_key: authority.make_order_key().unwrap(),
            trust_set: authority.anchors().iter().map(|anchor| Sha256::of(anchor.der())).collect(),
        })
        .unwrap()
    }

    fn found(&self, authority: &mut Authority) -> Signed {
        let signed = self.first(authority, 1).sign(&[&self.roots[0]], None).unwrap();
        authority.add_root_record(&signed.bytes).unwrap();
        signed
    }
}

fn rotated(signed: &Signed, by: &[&SigningKey]) -> Result<Signed, NotSigned> {
    let new = SigningKey::generate().unwrap();
    let change = Change { new_release_key: Some(new.public()), last_number: 7, ..Change::default() };
    signed.record.next(&change, TODAY).unwrap().sign(by, Some(signed))
}

fn refused(authority: &mut Authority, bytes: &[u8]) -> Refused {
    match authority.add_root_record(bytes) {
        Err(Error::RootRecord(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_order_key_is_made_once_for_its_owner_alone() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let file = place.trust().join("order.key");
    assert!(authority.holding().order_key().is_none() && !file.exists());
    let made = authority.make_order_key().unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(authority.make_order_key().unwrap(), made);
    let again = place.start(TODAY).unwrap();
    assert_eq!(again.holding().order_key().unwrap().public(), made);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(place.start(TODAY), Err(Error::Loose { path, .. }) if path == file));
}

#[test]
fn the_signing_keys_go_under_the_passphrase_with_the_others() {
    let (place, owner) = (Place::new(), Owner::new());
    let mut authority = place.start(TODAY).unwrap();
    owner.found(&mut authority);
    let order = authority.make_order_key().unwrap();
    let release = owner.release.public();
    authority.hold_release_key(Some(owner.release)).unwrap();
    let sealed = || {
        ["order.key", "release.key"].map(|file| {
            fs::read_to_string(place.trust().join(file)).unwrap().contains("ENCRYPTED PRIVATE KEY")
        })
    };
    assert_eq!(sealed(), [false; 2]);
    let words = || Passphrase::new("seal on the ice".to_owned());
    authority.keep_keys_under(Some(words())).unwrap();
    assert_eq!(sealed(), [true; 2]);

    let closed = Authority::open(&place.trust()).unwrap();
    assert!(closed.holding().order_key().is_none() && closed.holding().holds_release_key());
    assert_eq!(closed.holding().chain().newest().unwrap().record.version, 1, "records are for everybody");
    let mut open = Authority::unlock(&place.trust(), words()).unwrap();
    assert_eq!(open.holding().order_key().unwrap().public(), order);
    assert_eq!(open.holding().release_key().unwrap().public(), release);
    open.hold_release_key(None).unwrap();
    assert!(!place.trust().join("release.key").exists());
    open.keep_keys_under(None).unwrap();
    assert_eq!(place.start(TODAY).unwrap().holding().order_key().unwrap().public(), order);
}

#[test]
fn a_key_that_is_locked_makes_and_changes_nothing() {
    let (place, owner) = (Place::new(), Owner::new());
    let words = Passphrase::new("seal on the ice".to_owned());
    let mut authority =
        Authority::unlock_or_create(&place.trust(), words, &place.names, &clock(TODAY)).unwrap();
    let signed = owner.first(&mut authority, 1).sign(&[&owner.roots[1]], None).unwrap();
    let mut closed = Authority::open(&place.trust()).unwrap();
    assert!(matches!(closed.make_order_key(), Err(Error::Locked { .. })));
    assert!(matches!(closed.add_root_record(&signed.bytes), Err(Error::Locked { .. })));
    assert!(matches!(closed.hold_release_key(None), Err(Error::Locked { .. })));
    authority.add_root_record(&signed.bytes).unwrap();
}

#[test]
fn a_record_joins_the_chain_only_as_devices_would_take_it() {
    let (place, owner, stranger) = (Place::new(), Owner::new(), Owner::new());
    let mut authority = place.start(TODAY).unwrap();
    let by_strangers = stranger.found(&mut Place::new().start(TODAY).unwrap());
    let first = owner.found(&mut authority);
    let second = rotated(&first, &[&owner.roots[1]]).unwrap();
    let third = rotated(&second, &[&owner.roots[0], &owner.roots[1]]).unwrap();

    assert!(matches!(refused(&mut authority, &by_strangers.bytes), Refused::ByDevices(_)));
    assert!(matches!(refused(&mut authority, &third.bytes), Refused::ByDevices(_)), "one is left out");
    authority.add_root_record(&second.bytes).unwrap();
    authority.add_root_record(&second.bytes).unwrap();
    assert!(matches!(refused(&mut authority, &first.bytes), Refused::ByDevices(_)), "one that was");
    let mut flipped = third.bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(refused(&mut authority, &flipped), Refused::ByDevices(_)));
    assert!(matches!(refused(&mut authority, b"no record"), Refused::ByDevices(_)));
    authority.add_root_record(&third.bytes).unwrap();

    let again = place.start(TODAY).unwrap();
    let kept: Vec<&Signed> = again.holding().chain().signed().collect();
    assert_eq!(kept, [&first, &second, &third]);
}

#[test]
fn a_chain_begins_with_the_first_record() {
    let (place, owner) = (Place::new(), Owner::new());
    let first = owner.found(&mut Place::new().start(TODAY).unwrap());
    let second = rotated(&first, &[&owner.roots[0]]).unwrap();
    let mut authority = place.start(TODAY).unwrap();
    assert_eq!(refused(&mut authority, &second.bytes), Refused::NotFirst { found: 2 });
}

#[test]
fn so_many_root_keys_sign_as_the_threshold_says() {
    let (place, owner) = (Place::new(), Owner::new());
    let mut authority = place.start(TODAY).unwrap();
    let record = owner.first(&mut authority, 2);
    let [one, other] = &owner.roots;
    assert!(matches!(record.sign(&[one], None), Err(NotSigned::TooFew { expected: 2, found: 1, .. })));
    let first = record.sign(&[one, other], None).unwrap();
    assert!(matches!(
        rotated(&first, &[other]),
        Err(NotSigned::TooFew { version: 1, expected: 2, found: 1 })
    ));
    assert!(matches!(rotated(&first, &[one, &owner.release]), Err(NotSigned::NoRootKey { .. })));
    assert_eq!(rotated(&first, &[one, other]).unwrap().record.version, 2);
}

#[test]
fn root_keys_are_replaced_by_old_and_new_ones_together() {
    let owner = Owner::new();
    let first = owner.found(&mut Place::new().start(TODAY).unwrap());
    let new = SigningKey::generate().unwrap();
    let change = Change {
        new_root_keys: vec![new.public()],
        dropped_root_keys: owner.roots.iter().map(|key| key.public().id()).collect(),
        ..Change::default()
    };
    let next = first.record.next(&change, TODAY).unwrap();
    assert!(matches!(next.sign(&[&new], Some(&first)), Err(NotSigned::TooFew { version: 1, .. })));
    assert!(matches!(next.sign(&[&owner.roots[0]], Some(&first)), Err(NotSigned::TooFew { version: 2, .. })));
    let signed = next.sign(&[&owner.roots[0], &new], Some(&first)).unwrap();
    assert!(matches!(rotated(&signed, &[&owner.roots[0]]), Err(NotSigned::NoRootKey { .. })));
}

#[test]
fn a_damaged_record_is_named() {
    let (place, owner) = (Place::new(), Owner::new());
    owner.found(&mut place.start(TODAY).unwrap());
    let file = place.trust().join("records/1.cbor");
    let mut bytes = fs::read(&file).unwrap();
    bytes[60] ^= 1;
    fs::write(&file, bytes).unwrap();
    let error = place.start(TODAY).unwrap_err();
    assert!(
        matches!(&error, Error::Unusable { path, defect: Defect::Record(_) } if *path == file),
        "{error:?}"
    );
}

#[test]
fn a_manifest_is_opened_by_the_record_that_names_its_key() {
    let (owner, stranger) = (Owner::new(), Owner::new());
    let signed = owner.found(&mut Place::new().start(TODAY).unwrap());
    let image = otary_image_of("0.1");
    let mut terms = otary_trust::signing::Terms {
        product: "lamp".parse().unwrap(),
        version: "0.1".into(),
        hardware: vec!["lamp-r2".into()],
        number: 7,
        floor: 3,
        downgrade: true,
        not_after: Some(Time::from_secs(1_900_000_000)),
    };
    let bytes = terms.sign(&image, &owner.release).unwrap();
    let opened = signed.open_manifest(&bytes).unwrap();
    assert_eq!(opened, terms.manifest(&image, owner.release.public().id()));
    let forged = terms.sign(&image, &stranger.release).unwrap();
    assert!(matches!(signed.open_manifest(&forged), Err(Unsound::ByDevices(_))));

    let next = rotated(&signed, &[&owner.roots[0]]).unwrap();
    assert!(next.open_manifest(&bytes).is_ok(), "7 is the last number that the old key may sign");
    terms.number = 8;
    let late = terms.sign(&image, &owner.release).unwrap();
    assert!(matches!(next.open_manifest(&late), Err(Unsound::ByDevices(_))));
}

/// The facts of a small app image.
fn otary_image_of(text: &str) -> otary_fleet::Artifact {
    use otary_image::emit::{AppImage, AppSegment};
    let data = text.as_bytes().repeat(64);
    let data = &data[..data.len() / 4 * 4];
    let code = [0x36, 0x41, 0x00, 0x1D].repeat(64);
    let segments =
        [AppSegment { address: 0x3F40_0020, data }, AppSegment { address: 0x400D_0020, data: &code }];
    let image =
        AppImage { segments: &segments, entry: 0x400D_0020, ..AppImage::new(otary_fleet::Chip::Esp32) };
    let mut bytes = vec![0; image.image_len().unwrap() as usize];
    image.write(&mut bytes).unwrap();
    otary_fleet::read(&bytes, "lamp.bin", TODAY, false).unwrap().artifact
}

#[test]
fn a_backup_has_the_keys_and_the_chain() {
    let (place, other, owner) = (Place::new(), Place::new(), Owner::new());
    let mut authority = place.start(TODAY).unwrap();
    let first = owner.found(&mut authority);
    let second = rotated(&first, &[&owner.roots[0]]).unwrap();
    authority.add_root_record(&second.bytes).unwrap();
    let (order, release) = (authority.make_order_key().unwrap(), owner.release.public());
    authority.hold_release_key(Some(owner.release)).unwrap();
    let words = Passphrase::new("seal on the ice".to_owned());
    let file = backup(&authority, &serde_json::Value::Null, TODAY, &words).unwrap();
    restore(file.as_bytes(), &words, &other.trust(), None).unwrap();

    let back = other.start(TODAY).unwrap();
    let holding = back.holding();
    assert_eq!(holding.order_key().unwrap().public(), order);
    assert_eq!(holding.release_key().unwrap().public(), release);
    assert_eq!(holding.chain().signed().collect::<Vec<_>>(), [&first, &second]);
    let mode = |file: &str| fs::metadata(other.trust().join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("order.key"), mode("release.key")), (0o600, 0o600));
}

#[test]
fn openssl_reads_our_keys_and_we_read_its_own() {
    let place = Place::new();
    let file = place.dir.path().join("release.key");
    let openssl = |options: &[&str]| {
        let output = Command::new("openssl").args(options).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let public = |passin: &[&str]| {
        let der = openssl(&[&["pkey", "-pubout", "-outform", "DER"], passin, &["-in"]].concat());
        // The key is the end of its SubjectPublicKeyInfo (RFC 8410, section 4).
        PublicKey(*der.last_chunk().unwrap())
    };
    let key = SigningKey::generate().unwrap();
    fs::write(&file, key.pem(None).unwrap().as_bytes()).unwrap();
    assert_eq!(public(&[]), key.public());
    let words = Passphrase::new("seal on the ice".to_owned());
    fs::write(&file, key.pem(Some(&words)).unwrap().as_bytes()).unwrap();
    assert_eq!(public(&["-passin", "pass:seal on the ice"]), key.public());

    fs::remove_file(&file).unwrap();
    openssl(&["genpkey", "-algorithm", "ed25519", "-out"]);
    let read = SigningKey::unlock(&fs::read(&file).unwrap(), None).unwrap();
    assert_eq!(public(&[]), read.public());
}
