//! What one stack does, one field a rule, so that a test can change any one of them.
//!
//! Read from the libraries' sources (`x509_crt.c`, `x509.c` and `ssl_tls.c` of Mbed TLS 2.28.3 and 3.6.5;
//! `x509_minimal.t0` of BearSSL 0.6 and the ESP8266 core's `BearSSLHelpers.cpp`) and held against the running
//! libraries. Espressif's forks change the arithmetic, not these rules.

/// The library that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Library {
    /// Mbed TLS 2.28: Arduino core 2.x for the ESP32, ESP-IDF 4.4.
    MbedTls2,
    /// Mbed TLS 3.6: Arduino core 3.x, ESP-IDF 5.x, `MicroPython`, mbedtls-rs.
    MbedTls3,
    /// BearSSL 0.6: the ESP8266.
    BearSsl,
}

impl Library {
    /// All three.
    pub const ALL: [Self; 3] = [Self::MbedTls2, Self::MbedTls3, Self::BearSsl];

    /// Its name and line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MbedTls2 => "Mbed TLS 2.28",
            Self::MbedTls3 => "Mbed TLS 3.6",
            Self::BearSsl => "BearSSL 0.6",
        }
    }
}

/// How a stack gets from the server's certificate to an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Walk {
    /// Reads all, looks for each issuer among the anchors and then among what follows in the chain, and reports all
    /// that it finds (Mbed TLS).
    Search,
    /// Takes the certificates as they come, each the issuer of the one before, until an anchor vouches for one, and
    /// stops at the first fault (BearSSL).
    InOrder,
}

/// When a server's certificate that no CA signed is its own anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pinned {
    /// It names itself as its issuer, and the anchor is the same to the byte.
    Certificate,
    /// The anchor is not marked as a CA and has the same subject and key, whoever signed either.
    Key,
}

/// A digest under a signature, weaker ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A curve of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-192.
    P192,
    /// NIST P-224.
    P224,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// secp256k1, that of Bitcoin.
    K256,
    /// Brainpool's, of 256, 384 or 512 bits.
    Brainpool,
}

/// An extension of a certificate that a stack may know (RFC 5280, 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extension {
    /// basicConstraints.
    BasicConstraints,
    /// keyUsage.
    KeyUsage,
    /// extKeyUsage.
    ExtendedKeyUsage,
    /// subjectAltName.
    SubjectAltName,
    /// Netscape's certificate type.
    NetscapeType,
    /// certificatePolicies.
    Policies,
    /// subjectKeyIdentifier.
    SubjectKeyId,
    /// authorityKeyIdentifier.
    AuthorityKeyId,
    /// issuerAltName.
    IssuerAltName,
    /// subjectDirectoryAttributes.
    DirectoryAttributes,
    /// cRLDistributionPoints.
    CrlPoints,
    /// freshestCRL.
    FreshestCrl,
    /// authorityInfoAccess.
    AuthorityAccess,
    /// subjectInfoAccess.
    SubjectAccess,
    /// nameConstraints. Nobody knows it; where it is not critical, nobody looks at it.
    NameConstraints,
}

/// What one stack does.
#[allow(clippy::struct_excessive_bools, reason = "each is a rule by itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How it gets to an anchor.
    pub walk: Walk,
    /// Looks at dates. For Mbed TLS a build option (`MBEDTLS_HAVE_TIME_DATE`).
    pub dates: bool,
    /// Has a word of its own for "not yet valid".
    pub tells_future: bool,
    /// An anchor is a whole certificate: its dates, path length, usage and key size count. Otherwise it is a name,
    /// a key, and whether it is a CA.
    pub whole_anchors: bool,
    /// When a certificate is its own anchor.
    pub pinned: Pinned,
    /// Believes a version 1 certificate among the anchors to be a CA, since it has no way to say so.
    pub v1_anchors: bool,
    /// Reads on behind an anchor that it cannot read.
    pub passes_over_anchors: bool,
    /// Leaves out of the chain what is signed by an algorithm that it does not know, but for the server's own.
    pub passes_over_chain: bool,
    /// Compares names of issuers and subjects without case, and `UTF8String` with `PrintableString`.
    pub folds_names: bool,
    /// Reads a certificate whose issuer's name is empty.
    pub empty_issuer: bool,

    /// Looks at iPAddress entries, and cannot read one that is neither 4 nor 16 bytes long.
    pub ip_names: bool,
    /// Takes a uniformResourceIdentifier that is the host, letter for letter, for its name.
    pub uri_names: bool,
    /// `*.` stands for one label.
    pub wildcards: bool,
    /// `*.` stands for an empty label too.
    pub empty_labels: bool,
    /// With a subjectAltName, whatever is in it, the common name does not count.
    pub hides_common_name: bool,

    /// A server needs digitalSignature, if it has a keyUsage.
    pub server_usage: bool,
    /// nonRepudiation is as good.
    pub non_repudiation: bool,
    /// A server needs serverAuth or any, if it has an extKeyUsage.
    pub extended_usage: bool,
    /// An issuer needs keyCertSign, if it has a keyUsage.
    pub issuer_usage: bool,
    /// Reads a keyUsage that allows nothing.
    pub empty_usage: bool,
    /// An issuer must be a CA by its basicConstraints.
    pub issuer_is_ca: bool,
    /// Keeps to path lengths.
    pub path_length: bool,
    /// Certificates that name themselves as their issuer use up path length, too.
    pub counts_self_issued: bool,
    /// Certificates between the server's and the anchor that it follows.
    pub most_between: Option<usize>,

    /// The weakest digest that is good enough.
    pub weakest_digest: Digest,
    /// Knows RSASSA-PSS.
    pub pss: bool,
    /// Bits that an RSA key has at least.
    pub smallest_rsa: usize,
    /// Bits that an RSA key has at most.
    pub largest_rsa: usize,
    /// Curves that it can read.
    pub curves: &'static [Curve],
    /// Curves that are good enough.
    pub strong_curves: &'static [Curve],

    /// Extensions that may be critical.
    pub critical: &'static [Extension],
    /// Of critical policies it knows only anyPolicy; otherwise it knows all, but of qualifiers only a pointer to a CPS.
    pub any_policy_only: bool,
    /// Reads subject and authority key ids, which then have to decode.
    pub key_ids: bool,
    /// Reads a certificate with an extension that stands twice.
    pub repeated_extensions: bool,
    /// Reads a certificate with bytes behind it.
    pub trailing_bytes: bool,
    /// The algorithm has to be the same inside and outside of the signed part.
    pub both_algorithms: bool,
}

const ALL_CURVES: &[Curve] =
    &[Curve::P192, Curve::P224, Curve::P256, Curve::P384, Curve::P521, Curve::K256, Curve::Brainpool];

const MBED_TLS_2: Rules = Rules {
    walk: Walk::Search,
    dates: true,
    tells_future: true,
    whole_anchors: true,
    pinned: Pinned::Certificate,
    v1_anchors: true,
    passes_over_anchors: true,
    passes_over_chain: true,
    folds_names: true,
    empty_issuer: false,
    ip_names: false,
    uri_names: false,
    wildcards: true,
    empty_labels: false,
    hides_common_name: true,
    server_usage: true,
    non_repudiation: false,
    extended_usage: true,
    issuer_usage: true,
    empty_usage: false,
    issuer_is_ca: true,
    path_length: true,
    counts_self_issued: false,
    most_between: Some(8),
    weakest_digest: Digest::Sha224,
    pss: true,
    smallest_rsa: 2048,
    largest_rsa: 8192,
    curves: ALL_CURVES,
    strong_curves: ALL_CURVES,
    critical: &[
        Extension::BasicConstraints,
        Extension::KeyUsage,
        Extension::ExtendedKeyUsage,
        Extension::SubjectAltName,
        Extension::NetscapeType,
        Extension::Policies,
    ],
    any_policy_only: true,
    key_ids: false,
    repeated_extensions: false,
    trailing_bytes: true,
    both_algorithms: true,
};

const MBED_TLS_3: Rules = Rules {
    ip_names: true,
    uri_names: true,
    empty_usage: true,
    weakest_digest: Digest::Sha256,
    strong_curves: &[Curve::P256, Curve::P384, Curve::P521, Curve::Brainpool],
    critical: &[
        Extension::BasicConstraints,
        Extension::KeyUsage,
        Extension::ExtendedKeyUsage,
        Extension::SubjectAltName,
        Extension::NetscapeType,
        Extension::Policies,
        Extension::SubjectKeyId,
        Extension::AuthorityKeyId,
    ],
    key_ids: true,
    ..MBED_TLS_2
};

const BEAR_SSL: Rules = Rules {
    walk: Walk::InOrder,
    dates: true,
    tells_future: false,
    whole_anchors: false,
    pinned: Pinned::Key,
    v1_anchors: false,
    passes_over_anchors: false,
    passes_over_chain: false,
    folds_names: false,
    empty_issuer: true,
    ip_names: false,
    uri_names: false,
    wildcards: true,
    empty_labels: true,
    hides_common_name: true,
    server_usage: true,
    non_repudiation: true,
    extended_usage: false,
    issuer_usage: true,
    empty_usage: true,
    issuer_is_ca: true,
    path_length: true,
    counts_self_issued: true,
    most_between: None,
    weakest_digest: Digest::Sha1,
    pss: false,
    smallest_rsa: 1024,
    largest_rsa: 4096,
    curves: &[Curve::P256, Curve::P384, Curve::P521],
    strong_curves: &[Curve::P256, Curve::P384, Curve::P521],
    critical: &[
        Extension::BasicConstraints,
        Extension::KeyUsage,
        Extension::SubjectAltName,
        Extension::Policies,
        Extension::SubjectKeyId,
        Extension::AuthorityKeyId,
        Extension::IssuerAltName,
        Extension::DirectoryAttributes,
        Extension::CrlPoints,
        Extension::FreshestCrl,
        Extension::AuthorityAccess,
        Extension::SubjectAccess,
    ],
    any_policy_only: false,
    key_ids: false,
    repeated_extensions: true,
    trailing_bytes: false,
    both_algorithms: false,
};

impl Rules {
    /// The rules of a library, built to look at dates or not. BearSSL always looks at them.
    pub const fn of(library: Library, dates: bool) -> Self {
        match library {
            Library::MbedTls2 => Self { dates, ..MBED_TLS_2 },
            Library::MbedTls3 => Self { dates, ..MBED_TLS_3 },
            Library::BearSsl => BEAR_SSL,
        }
    }
}

impl Digest {
    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}
