//! Which chain a client is shown, how its sessions go on, and what happens while the chain is replaced.

use std::collections::HashSet;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use otary_fleet::{Generation, GenerationId, Generations, Phase, Presented, Rollover};
use otary_server::{Clock, Identity, ServeError, TlsRules};
use otary_trust::{Authority, Certificate, KeyKind, PrivateKey, Renewal, ServerChain};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use zeroize::Zeroizing;

use crate::board::Board;
use crate::probe::{ANY, Probe, RSA};
use crate::site::{Site, TODAY, firmware, options_with};
use crate::transfers::{SIZE, large_lamp, lengths};
use crate::wire::{HOME, connect_tls, exchange, parse, read_to_end};

const PRESENTED: Presented = Presented { generation: GenerationId(1), bridged: false };

/// A chain with a new key of this kind.
fn chain(presented: Presented, kind: KeyKind) -> ServerChain {
    let key = PrivateKey::generate(kind).unwrap().to_der();
    let pair = KeyPair::try_from(&*key).unwrap();
    let certificate = CertificateParams::new(vec!["serverota.local".into()]).unwrap().self_signed(&pair);
    ServerChain { presented, kind, chain: vec![certificate.unwrap().der().clone()], key }
}

fn generation(id: u32, root: &Certificate, hosts: &[&str]) -> Generation {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    let (adopted, bridged_from, began) = (false, None, TODAY);
    Generation { id: GenerationId(id), anchor: root.anchor(), adopted, hosts, bridged_from, began }
}

/// The two generations of a rollover.
fn generations(site: &Site, phase: Phase) -> Generations {
    let (from, to) = (GenerationId(1), GenerationId(2));
    let (root, next) = (site.authority.root(), site.authority.next_root());
    Generations {
        shown: vec![generation(1, root, &["old.local"]), generation(2, next, &["new.local"])],
        current: from,
        rollover: Some(Rollover { from, to, phase, began: TODAY, switched: None }),
        next: next.anchor(),
        ended: Vec::new(),
    }
}

fn identity(site: &Site, generations: Generations, chains: Vec<ServerChain>) -> Result<Identity, ServeError> {
    let root = site.authority.root();
    Identity::new(generations, chains, root.pem(), root.der().clone())
}

fn copy(chain: &ServerChain) -> ServerChain {
    let key = Zeroizing::new(chain.key.clone_key());
    ServerChain { presented: chain.presented, kind: chain.kind, chain: chain.chain.clone(), key }
}

fn leaf(chain: &ServerChain) -> &CertificateDer<'static> {
    &chain.chain[0]
}

#[test]
fn a_client_without_elliptic_curves_gets_rsa_and_all_others_the_smaller_one() {
    let site = Site::lamp();
    let mut alone = generations(&site, Phase::Begun);
    (alone.rollover, alone.shown) = (None, vec![generation(1, site.authority.root(), &[])]);
    let [rsa, ecdsa] = [KeyKind::Rsa2048, KeyKind::P256].map(|kind| chain(PRESENTED, kind));
    site.handle.show(identity(&site, alone, vec![copy(&rsa), copy(&ecdsa)]).unwrap()).unwrap();
    for version in [&TLS12, &TLS13] {
        for (signatures, expected) in [(RSA, &rsa), (ANY, &ecdsa)] {
            let seen = Probe::new(version, signatures).meet(&site, "serverota.local");
            assert_eq!(&seen.chain[0], leaf(expected), "{version:?} {signatures:?}");
        }
    }
}

#[test]
fn the_name_that_is_asked_for_chooses_the_generation() {
    let site = Site::lamp();
    let second = Presented { generation: GenerationId(2), bridged: false };
    let [old, new] = [PRESENTED, second].map(|presented| chain(presented, KeyKind::P256));
    let probe = Probe::new(&TLS13, ANY);
    for (phase, others) in [(Phase::Begun, &old), (Phase::Switched, &new)] {
        let chains = vec![copy(&old), copy(&new)];
        site.handle.show(identity(&site, generations(&site, phase), chains).unwrap()).unwrap();
        for (name, expected) in [
            ("old.local", &old),
            ("OLD.local", &old),
            ("new.local", &new),
            ("serverota.local", others),
            ("127.0.0.1", others),
        ] {
            let seen = probe.meet(&site, name);
            assert_eq!(&seen.chain[0], leaf(expected), "{name} {phase:?}");
            exchange(seen.stream, &Board::esp32(&firmware("lamp-0.3"), "0.3").request());
            let last = site.device(crate::board::MAC).unwrap().last.unwrap().handshake.unwrap();
            let asked = name.ends_with("local").then(|| name.to_lowercase());
            assert_eq!((last.server_name, last.presented), (asked, expected.presented), "{name}");
        }
    }
}

#[test]
fn an_identity_that_could_not_show_all_of_its_generations_is_none() {
    let site = Site::start();
    let refused = identity(&site, generations(&site, Phase::Begun), vec![chain(PRESENTED, KeyKind::P256)]);
    assert!(matches!(refused, Err(ServeError::NoChain(GenerationId(2)))), "{refused:?}");
    let [mut mixed, other] = [(); 2].map(|()| chain(PRESENTED, KeyKind::P256));
    mixed.key = other.key;
    let refused = identity(&site, generations(&site, Phase::Begun), vec![mixed]);
    assert!(matches!(refused, Err(ServeError::Certificate(_))), "a key of another certificate: {refused:?}");
}

#[test]
fn sessions_are_resumed_under_what_they_began_with_and_nothing_else() {
    let site = Site::lamp();
    let second = Presented { generation: GenerationId(2), bridged: false };
    let new = chain(second, KeyKind::P256);
    let show = |phase, old: &ServerChain| {
        let chains = vec![copy(old), copy(&new)];
        site.handle.show(identity(&site, generations(&site, phase), chains).unwrap()).unwrap();
    };
    for version in [&TLS12, &TLS13] {
        let [old, renewed] = [(); 2].map(|()| chain(PRESENTED, KeyKind::P256));
        show(Phase::Begun, &old);
        let probe = Probe::new(version, ANY);
        let resumed = || {
            let seen = probe.meet(&site, "serverota.local");
            let resumed = seen.resumed;
            // A TLS 1.3 ticket comes with the answer.
            exchange(seen.stream, &Board::esp32(&firmware("lamp-0.3"), "0.3").request());
            resumed
        };
        assert_eq!([resumed(), resumed()], [false, true], "{version:?}");
        show(Phase::Begun, &renewed);
        assert!(resumed(), "{version:?}: a new leaf ends no session");
        show(Phase::Switched, &renewed);
        assert_eq!([resumed(), resumed()], [false, true], "{version:?}: another generation does");
        let last = site.device(crate::board::MAC).unwrap().last.unwrap().handshake.unwrap();
        assert_eq!(last.presented, second);
    }
}

#[test]
fn records_are_as_small_as_the_operator_says_of_a_name() {
    let small = TlsRules { max_record: Some(1024), client_certificates: false };
    let (site, _) = large_lamp(Site::with(&options_with(|options| {
        options.tls_of_names = [("small.lan".to_owned(), small)].into();
    })));
    for (name, most) in [("small.lan", 1024), ("Small.LAN", 1024), ("serverota.local", 16_384)] {
        let mut stream = Probe::new(&TLS12, ANY).meet(&site, name).stream;
        let board = Board::esp32(&firmware("lamp-0.1"), "0.1").mac("24:6F:28:0C:00:01");
        std::io::Write::write_all(&mut stream, board.request().as_bytes()).unwrap();
        let lengths = lengths(stream);
        assert_eq!(lengths.iter().max(), Some(&most), "{name}");
        assert!(lengths.iter().sum::<usize>() > SIZE);
    }
    let tiny = TlsRules { max_record: Some(16), client_certificates: false };
    let options = options_with(|options| options.tls_of_names = [("x.lan".to_owned(), tiny)].into());
    assert!(matches!(crate::site::bind(&options, &site), Err(ServeError::RecordSize(16))));
}

/// Makes a new leaf, for a new name as well.
fn renew(authority: &mut Authority, name: &str) {
    let wall =
        otary_trust::Clock { now: Clock::system().now(), built: TODAY, newest: otary_fleet::Time::default() };
    let renewal = authority.refresh(&[name.parse().unwrap()], &wall).unwrap();
    assert!(matches!(renewal, Renewal::Issued(_)));
}

#[test]
fn fifty_boards_download_while_the_leaf_is_renewed_and_none_fails() {
    const BOARDS: usize = 50;
    let (mut site, _) = large_lamp(Site::start());
    let mut leaves = HashSet::new();
    let mut look = |site: &Site| leaves.insert(Probe::new(&TLS12, ANY).meet(site, "serverota.local").chain);
    assert!(look(&site));
    let half_way = AtomicUsize::new(0);
    let whole = AtomicUsize::new(0);
    let mut streams: Vec<_> = (0..BOARDS).map(|_| connect_tls(&site, HOME)).collect();
    std::thread::scope(|scope| {
        for (number, mut stream) in streams.drain(..).enumerate() {
            let (half_way, whole) = (&half_way, &whole);
            scope.spawn(move || {
                let mac = format!("24:6F:28:0C:01:{number:02X}");
                let board = Board::esp32(&firmware("lamp-0.1"), "0.1").mac(&mac);
                std::io::Write::write_all(&mut stream, board.request().as_bytes()).unwrap();
                let mut received = vec![0; SIZE / 2];
                stream.read_exact(&mut received).unwrap();
                half_way.fetch_add(1, Ordering::SeqCst);
                // Not before the certificate was renewed twice, and then slowly.
                while half_way.load(Ordering::SeqCst) < 2 * BOARDS {
                    std::thread::sleep(Duration::from_millis(5));
                }
                received.extend(read_to_end(&mut stream));
                assert!(parse(&received).body == crate::transfers::large(), "{mac}");
                whole.fetch_add(1, Ordering::SeqCst);
            });
        }
        while half_way.load(Ordering::SeqCst) < BOARDS {
            std::thread::sleep(Duration::from_millis(5));
        }
        for name in ["second.lan", "third.lan"] {
            renew(&mut site.authority, name);
            site.handle.show(Identity::of(&site.authority, Clock::system().now()).unwrap()).unwrap();
            assert!(look(&site), "the next handshake shows the new certificate");
        }
        half_way.store(2 * BOARDS, Ordering::SeqCst);
    });
    assert_eq!((whole.load(Ordering::SeqCst), leaves.len()), (BOARDS, 3));
}
