//! Whom a device's TLS stack believes: the measured table of Mbed TLS 2.28 and 3.6, a row at a time, in real handshakes.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use otary_fleet::Time;
use otary_image::Chip;
use otary_sim::dns::{Resolver, Responder};
use otary_sim::tls::{Anchors, Distrust, Stack, Trust};
use otary_sim::{
    Board, ConnectError, Console, FOUR_MEGABYTES, Identity, Nor, Ntp, Pace, Poll, Sketch, Stop, Until, sample,
};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType, SignatureAlgorithm,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};

use crate::raw_server::{RawServer, respond};

const OLD: Stack = Stack::MbedTls2;
const NEW: Stack = Stack::MbedTls3;
const BOTH: [Stack; 2] = [OLD, NEW];

/// A certificate with its key.
struct Identified {
    params: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
    pem: String,
}

impl Identified {
    fn self_signed(params: CertificateParams, key: KeyPair) -> Self {
        let certificate = params.self_signed(&key).unwrap();
        Self { der: certificate.der().clone(), pem: certificate.pem(), params, key }
    }

    fn sign(&self, params: CertificateParams, key: KeyPair) -> Self {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Self { der: certificate.der().clone(), pem: certificate.pem(), params, key }
    }

    /// A copy of the key pair, for another certificate of the same key.
    fn key_again(&self) -> KeyPair {
        KeyPair::try_from(self.key.serialize_der()).unwrap()
    }
}

/// A certificate authority that a test's boards may trust.
pub struct Authority(Identified);

impl Authority {
    pub fn new(name: &str) -> Self {
        Self(Identified::self_signed(root(name), p256()))
    }

    pub fn pem(&self) -> &str {
        &self.0.pem
    }

    /// A server with a certificate for these names.
    pub fn serve(&self, names: &[&str]) -> ServerConfig {
        let leaf = self.0.sign(leaf(&alternatives(names)), p256());
        serve(&[&leaf])
    }
}

fn p256() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn root(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn alternatives(names: &[&str]) -> Vec<SanType> {
    names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect()
}

fn leaf(names: &[SanType]) -> CertificateParams {
    let mut params = named("leaf");
    params.subject_alt_names = names.to_vec();
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

/// A server with this chain, the first one's key and both protocol versions.
fn serve(chain: &[&Identified]) -> ServerConfig {
    serve_versions(chain, &[&TLS12, &TLS13])
}

fn serve_versions(
    chain: &[&Identified],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ServerConfig {
    let key = PrivateKeyDer::try_from(chain[0].key.serialize_der()).unwrap();
    let chain = chain.iter().map(|certificate| certificate.der.clone()).collect();
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

/// What came of a connection.
#[derive(Debug, PartialEq)]
enum Seen {
    Connected,
    Distrusted(Distrust),
    Handshake,
    NoTrust,
}

/// Connects a board to a server under the name of the URL's host.
fn connect(server: ServerConfig, trust: Trust, host: &str, change: impl FnOnce(&mut Sketch)) -> Seen {
    let server = RawServer::tls(server, vec![respond("HTTP/1.0 304 Not Modified", b"")]);
    let names = Responder::start([(host, Ipv4Addr::LOCALHOST.into())]).unwrap();
    let mut sketch = Sketch::new(&format!("https://{host}:{}/update", server.address.port()), trust);
    sketch.link.resolver = Resolver::Server(names.address());
    sketch.link.timeouts.before_body = Duration::ZERO;
    change(&mut sketch);
    let identity = Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());
    let mut board = Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap());
    board.flash_factory(&sample::app(Chip::Esp32, "0.1", 5000).unwrap(), None).unwrap();
    let pace = Pace::scaled(0.0, Stop::default());
    let mut console = Console::new(std::io::sink());
    let poll = board.run_until(&sketch, &pace, &mut console, Until::Polls(1)).unwrap().pop().unwrap();
    match poll {
        Poll::NoUpdate { .. } => Seen::Connected,
        Poll::Failed { cause: Some(ConnectError::Distrust { source: distrust, .. }), code } => {
            assert_eq!(code.0, -1);
            Seen::Distrusted(distrust)
        }
        Poll::Failed { cause: Some(ConnectError::NoTrust), .. } => {
            assert_eq!(server.requests().len(), 0);
            Seen::NoTrust
        }
        Poll::Failed { cause: Some(ConnectError::Handshake(_) | ConnectError::Broken(_)), .. } => {
            Seen::Handshake
        }
        other => panic!("{other:?}"),
    }
}

fn trusting(pem: &str) -> Trust {
    Trust::Anchors(Anchors::from_pem(pem.as_bytes()).unwrap())
}

fn with_stack(stack: Stack) -> impl FnOnce(&mut Sketch) {
    move |sketch| sketch.link.stack = stack
}

/// Whether both stacks connect to a server with `chain`, trusting `pem`, under `host`.
fn accepted(chain: &[&Identified], pem: &str, host: &str) -> bool {
    let [old, new] =
        BOTH.map(|stack| connect(serve(chain), trusting(pem), host, with_stack(stack)) == Seen::Connected);
    assert_eq!(old, new, "the stacks differ");
    old
}

/// Why neither stack connects.
fn refused(chain: &[&Identified], pem: &str, host: &str) -> Distrust {
    let [old, new] = BOTH.map(|stack| connect(serve(chain), trusting(pem), host, with_stack(stack)));
    assert_eq!(old, new, "the stacks differ");
    match old {
        Seen::Distrusted(distrust) => distrust,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[test]
fn a_self_signed_certificate_is_its_own_anchor() {
    for is_ca in [IsCa::Ca(BasicConstraints::Unconstrained), IsCa::ExplicitNoCa, IsCa::NoCa] {
        let mut params = named("ota.lan");
        params.is_ca = is_ca;
        let own = Identified::self_signed(params, p256());
        assert!(accepted(&[&own], &own.pem, "ota.lan"));
    }
}

#[test]
fn what_a_ca_signed_is_no_anchor_and_what_is_no_ca_signs_nothing() {
    let ca = Authority::new("root").0;
    let leaf_of_ca = ca.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(accepted(&[&leaf_of_ca], &ca.pem, "ota.lan"));
    let distrust = refused(&[&leaf_of_ca], &leaf_of_ca.pem, "ota.lan");
    assert_eq!(distrust, Distrust::UnknownAuthority { issuer: "CN=root".to_owned() });

    for is_ca in [IsCa::ExplicitNoCa, IsCa::NoCa] {
        let mut params = named("no authority");
        params.is_ca = is_ca;
        let no_ca = Identified::self_signed(params, p256());
        let signed = no_ca.sign(leaf(&alternatives(&["ota.lan"])), p256());
        assert!(matches!(refused(&[&signed], &no_ca.pem, "ota.lan"), Distrust::UnknownAuthority { .. }));
    }
}

#[test]
fn alternative_names_come_before_the_common_name() {
    let ca = Authority::new("root").0;
    let only_common = ca.sign(named("ota.lan"), p256());
    assert!(accepted(&[&only_common], &ca.pem, "ota.lan"));
    let mut params = leaf(&alternatives(&["other.lan"]));
    params.distinguished_name.push(DnType::CommonName, "ota.lan");
    let both = ca.sign(params, p256());
    assert_eq!(
        refused(&[&both], &ca.pem, "ota.lan"),
        Distrust::WrongName { wanted: "ota.lan".to_owned(), found: "other.lan".to_owned() }
    );
    let mut params = named("ota.lan");
    params.subject_alt_names = vec![SanType::Rfc822Name("ota@lan".try_into().unwrap())];
    let no_host = ca.sign(params, p256());
    assert!(matches!(refused(&[&no_host], &ca.pem, "ota.lan"), Distrust::WrongName { .. }));
    let wildcard = ca.sign(leaf(&alternatives(&["*.lan"])), p256());
    assert!(accepted(&[&wildcard], &ca.pem, "ota.lan"));
}

#[test]
fn an_address_is_matched_as_text_by_all_and_as_an_address_by_new_stacks() {
    let ca = Authority::new("root").0;
    let host = "127.0.0.1";
    let address = ca.sign(leaf(&[SanType::IpAddress(Ipv4Addr::LOCALHOST.into())]), p256());
    let try_stack = |stack| connect(serve(&[&address]), trusting(&ca.pem), host, with_stack(stack));
    assert_eq!(try_stack(NEW), Seen::Connected);
    assert_eq!(
        try_stack(OLD),
        Seen::Distrusted(Distrust::WrongName { wanted: host.to_owned(), found: "IP 127.0.0.1".to_owned() })
    );
    let text = ca.sign(leaf(&alternatives(&[host])), p256());
    assert!(accepted(&[&text], &ca.pem, host));
    let common = ca.sign(named(host), p256());
    assert!(accepted(&[&common], &ca.pem, host));
    let other = ca.sign(leaf(&[SanType::IpAddress(Ipv4Addr::new(127, 0, 0, 2).into())]), p256());
    assert!(matches!(refused(&[&other], &ca.pem, host), Distrust::WrongName { .. }));
}

#[test]
fn rsa_and_nist_curves_are_known_and_ed25519_is_not() {
    let rsa: &SignatureAlgorithm = &rcgen::PKCS_RSA_SHA256;
    for algorithm in [rsa, &rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let ca = Identified::self_signed(root("root"), KeyPair::generate_for(algorithm).unwrap());
        let leaf = ca.sign(leaf(&alternatives(&["ota.lan"])), KeyPair::generate_for(algorithm).unwrap());
        assert!(accepted(&[&leaf], &ca.pem, "ota.lan"), "{algorithm:?}");
    }
    let edwards = || KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let ca = Identified::self_signed(root("root"), edwards());
    let signed = ca.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(matches!(refused(&[&signed], &ca.pem, "ota.lan"), Distrust::UnreadableAnchors { .. }));
    let ca = Authority::new("root").0;
    let signed = ca.sign(leaf(&alternatives(&["ota.lan"])), edwards());
    for stack in BOTH {
        let seen = connect(serve(&[&signed]), trusting(&ca.pem), "ota.lan", with_stack(stack));
        assert_eq!(seen, Seen::Handshake, "no suite is left for such a key");
    }
}

#[test]
fn name_constraints_are_unreadable_when_critical_and_otherwise_ignored() {
    let mut params = root("root");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("other.lan".to_owned())],
        excluded_subtrees: vec![],
    });
    let ca = Identified::self_signed(params, p256());
    let signed = ca.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert_eq!(
        refused(&[&signed], &ca.pem, "ota.lan"),
        Distrust::UnreadableAnchors { why: "critical name constraints" }
    );
    // Another anchor in the same text still counts.
    let good = Authority::new("good").0;
    let signed = good.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(accepted(&[&signed], &format!("{}{}", ca.pem, good.pem), "ota.lan"));
    // The extension's bytes again, this time not critical: permitted is other.lan alone.
    let mut params = root("root");
    let permitted = [0x30, 0x0F, 0xA0, 0x0D, 0x30, 0x0B, 0x82, 0x09];
    let content = [&permitted[..], b"other.lan"].concat();
    params.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 30], content)];
    let ca = Identified::self_signed(params, p256());
    let signed = ca.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(accepted(&[&signed], &ca.pem, "ota.lan"));
}

#[test]
fn a_server_may_sign_its_key_exchange_and_be_a_server() {
    let ca = Authority::new("root").0;
    let with = |usages: Vec<KeyUsagePurpose>, extended: Vec<ExtendedKeyUsagePurpose>| {
        let mut params = leaf(&alternatives(&["ota.lan"]));
        (params.key_usages, params.extended_key_usages) = (usages, extended);
        ca.sign(params, p256())
    };
    let signs = KeyUsagePurpose::DigitalSignature;
    let good = with(vec![signs], vec![ExtendedKeyUsagePurpose::ServerAuth]);
    assert!(accepted(&[&good], &ca.pem, "ota.lan"));
    let any = with(vec![], vec![ExtendedKeyUsagePurpose::Any]);
    assert!(accepted(&[&any], &ca.pem, "ota.lan"));
    let certifies = with(vec![KeyUsagePurpose::KeyCertSign], vec![]);
    assert_eq!(refused(&[&certifies], &ca.pem, "ota.lan"), Distrust::Usage("keyUsage"));
    let client = with(vec![signs], vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert_eq!(refused(&[&client], &ca.pem, "ota.lan"), Distrust::Usage("extendedKeyUsage"));
}

#[test]
fn renewals_of_the_same_key_are_believed_and_another_key_is_not() {
    let mut params = root("ota.lan");
    params.key_usages = vec![];
    let old = Identified::self_signed(params.clone(), p256());
    let mut later = params.clone();
    later.not_after = rcgen::date_time_ymd(2049, 1, 1);
    let renewed = Identified::self_signed(later, old.key_again());
    assert_ne!(old.der, renewed.der);
    assert!(accepted(&[&renewed], &old.pem, "ota.lan"));

    let signed = renewed.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(accepted(&[&signed], &old.pem, "ota.lan"), "root renewed with the same key and name");

    let other = Identified::self_signed(params, p256());
    assert!(matches!(refused(&[&other], &old.pem, "ota.lan"), Distrust::UnknownAuthority { .. }));
}

#[test]
fn a_new_root_that_the_old_one_signed_is_believed() {
    let old = Authority::new("old root").0;
    let new = Authority::new("new root").0;
    let cross = old.sign(root("new root"), new.key_again());
    let signed = new.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(accepted(&[&signed, &cross], &old.pem, "ota.lan"));
    assert!(accepted(&[&signed, &cross], &new.pem, "ota.lan"), "and so does who has the new one");
    assert!(accepted(&[&signed], &format!("{}{}", old.pem, new.pem), "ota.lan"), "several anchors");
    assert!(matches!(refused(&[&signed], &old.pem, "ota.lan"), Distrust::UnknownAuthority { .. }));
}

#[test]
fn path_lengths_are_kept() {
    let mut params = root("root");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = Identified::self_signed(params, p256());
    let between = short.sign(root("between"), p256());
    let signed = between.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(matches!(
        refused(&[&signed, &between], &short.pem, "ota.lan"),
        Distrust::UnknownAuthority { .. }
    ));
    let direct = short.sign(leaf(&alternatives(&["ota.lan"])), p256());
    assert!(accepted(&[&direct], &short.pem, "ota.lan"));
}

#[test]
fn dates_are_looked_at_only_by_builds_that_do() {
    let ca = Authority::new("root").0;
    let mut params = leaf(&alternatives(&["ota.lan"]));
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let expired = ca.sign(params, p256());
    assert!(accepted(&[&expired], &ca.pem, "ota.lan"), "the cores do not look");
    let checked = |now: u64| {
        connect(serve(&[&expired]), trusting(&ca.pem), "ota.lan", |sketch| {
            sketch.link.check_dates = true;
            sketch.ntp = Ntp::Fixed(Time::from_secs(now));
        })
    };
    assert_eq!(checked(1_593_000_000), Seen::Connected, "in June 2020");
    assert!(matches!(checked(1_633_007_814), Seen::Distrusted(Distrust::Dates { .. })), "in September 2021");
    assert!(matches!(checked(100_000), Seen::Distrusted(Distrust::Dates { .. })), "in January 1970");
}

#[test]
fn whom_a_sketch_trusts() {
    let ca = Authority::new("root").0;
    let stranger = Authority::new("stranger").0;
    let signed = stranger.sign(leaf(&alternatives(&["elsewhere.lan"])), p256());
    let server = || serve(&[&signed]);
    assert_eq!(connect(server(), Trust::Insecure, "ota.lan", |_| ()), Seen::Connected);
    assert_eq!(connect(server(), Trust::Unset, "ota.lan", |_| ()), Seen::NoTrust);
    assert!(matches!(connect(server(), trusting(&ca.pem), "ota.lan", |_| ()), Seen::Distrusted(_)));
    assert!(Anchors::from_pem(b"no certificate").is_err());
    assert!(Anchors::from_pem(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").is_err());
}

#[test]
fn a_server_with_tls_1_3_alone_is_out_of_reach_for_the_cores() {
    let ca = Authority::new("root").0;
    let signed = ca.sign(leaf(&alternatives(&["ota.lan"])), p256());
    for (stack, expected) in
        [(OLD, Seen::Handshake), (NEW, Seen::Handshake), (Stack::MbedTls3WithTls13, Seen::Connected)]
    {
        let server = serve_versions(&[&signed], &[&TLS13]);
        assert_eq!(connect(server, trusting(&ca.pem), "ota.lan", with_stack(stack)), expected, "{stack:?}");
    }
}

#[test]
fn an_esp8266_looks_at_dates_and_keeps_of_its_anchors_the_names_and_keys() {
    let ca = Authority::new("root").0;
    let mut params = leaf(&alternatives(&["ota.lan"]));
    (params.not_before, params.not_after) =
        (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let signed = ca.sign(params, p256());
    let in_june_2020 = Ntp::Fixed(Time::from_secs(1_593_000_000));
    let seen = |pem: &str, ntp| {
        connect(serve(&[&signed]), trusting(pem), "ota.lan", |sketch| {
            (sketch.link.stack, sketch.ntp) = (Stack::BearSsl, ntp);
        })
    };
    assert_eq!(seen(&ca.pem, in_june_2020), Seen::Connected);
    assert!(matches!(
        seen(&ca.pem, Ntp::Fixed(Time::from_secs(1_633_007_814))),
        Seen::Distrusted(Distrust::Dates { .. })
    ));
    assert_eq!(
        seen(&signed.pem, in_june_2020),
        Seen::Connected,
        "a CA's server certificate as its own anchor"
    );
    let stranger = Authority::new("stranger").0;
    assert_eq!(
        seen(&stranger.pem, in_june_2020),
        Seen::Distrusted(Distrust::UnknownAuthority { issuer: "CN=root".to_owned() })
    );
}
