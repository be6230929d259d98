//! What can be wrong with a key or a certificate, wherever it came from: a file, or a member of a backup.

/// Why a key or certificate cannot be used. The holder of the bytes adds which file it was.
#[derive(Debug, thiserror::Error)]
pub enum Defect {
    /// What begins as a PEM block is none.
    #[error("expected one PEM block from -----BEGIN to -----END")]
    Pem(#[source] pem_rfc7468::Error),
    /// There is no text.
    #[error("expected one PEM block from -----BEGIN to -----END, and the text is empty")]
    Empty,
    /// The text has no beginning of a block.
    #[error("expected one PEM block from -----BEGIN to -----END, and the text has no PEM block")]
    NoBlock,
    /// A PEM block of another kind.
    #[error("expected a PEM block {expected:?}, found {found:?}")]
    Label {
        /// The label that belongs here.
        expected: &'static str,
        /// The label that is here.
        found: String,
    },
    /// The block is no private key that we use.
    #[error("expected an unencrypted private key: P-256, P-384, or RSA with 2048, 3072 or 4096 bits")]
    Key,
    /// The block is no key that signs releases.
    #[error("expected an Ed25519 private key (PKCS#8)")]
    SigningKey,
    /// A file of the chain of root records is not what belongs there.
    #[error("expected the signed root record that follows the one before")]
    Record(#[source] crate::signing::Refused),
    /// The key is under a passphrase that was not given.
    #[error("the private key is encrypted, and its passphrase was not given")]
    Locked,
    /// The passphrase does not open the key.
    #[error("the passphrase is not that of this private key")]
    WrongPassphrase,
    /// The block is no certificate.
    #[error("expected an X.509 certificate that ends where its block ends")]
    Certificate,
    /// More certificates than a server has to send.
    #[error("expected at most {most} certificates, one behind the other")]
    LongChain {
        /// The limit.
        most: usize,
    },
    /// A certificate from which nothing can be issued.
    #[error("expected a self-signed certificate of an authority (CA:TRUE)")]
    NotARoot,
    /// A leaf that another root has signed, or none.
    #[error("expected a certificate signed by {root:?}")]
    OtherIssuer {
        /// The name of the root that belongs to it.
        root: String,
    },
    /// Key and certificate are not a pair.
    #[error("the private key belongs to another certificate than {subject:?}")]
    KeyMismatch {
        /// The name in the certificate.
        subject: String,
    },
    /// Current and next root are the same key or have the same name.
    #[error("the next root has the key or the name of the current one")]
    SameRoots,
    /// The certificate is not the one that belongs here.
    #[error("expected the certificate of {expected:?}")]
    OtherAnchor {
        /// The name in the one that belongs here.
        expected: String,
    },
    /// The text is no record of generations.
    #[error("expected the record of an authority's generations")]
    Generations(#[source] serde_json::Error),
    /// A later otary wrote it.
    #[error("it has version {found}, this program reads version {known}")]
    Version {
        /// The version that is read.
        known: u32,
        /// The version in the file.
        found: u32,
    },
    /// More bytes than any key or certificate of ours has.
    #[error("expected at most {most} bytes, found {found}")]
    TooLong {
        /// The limit in bytes.
        most: u64,
        /// What there is.
        found: u64,
    },
}
