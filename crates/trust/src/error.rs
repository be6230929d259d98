//! What can go wrong between the authority and its folder.

use std::io;
use std::path::PathBuf;

use otary_fleet::{Misstep, Time};

use crate::clock::{ClockFault, Utc};
use crate::defect::Defect;

/// Why the authority could not be read, made, renewed or rolled over. What served before still serves.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key or certificate is needed, but the clock is known to be wrong.
    #[error("no key or certificate is made: the clock cannot be trusted")]
    Clock(#[from] ClockFault),
    /// There is no authority in this folder.
    #[error("there is no authority in {}", dir.display())]
    NoAuthority {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder already holds an authority, or something else.
    #[error("{} is not empty", dir.display())]
    Occupied {
        /// The folder.
        dir: PathBuf,
    },
    /// A file that every authority has is not there.
    #[error("{} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner can reach a file or folder with a key.
    #[error("{} can be reached by others than its owner (mode {mode:04o})", path.display())]
    Loose {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The permission bits that it should have.
        wanted: u32,
    },
    /// A file is not what it should be.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        defect: Defect,
    },
    /// The operating system refused.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A leaf is to be made, but there is no name to put into it.
    #[error("a server certificate needs at least one host name or address")]
    NoNames,
    /// More names than a certificate for small devices has room for.
    #[error(
        "the names take {found} bytes of the certificate, and {most} are the most for a device's receive buffer"
    )]
    ManyNames {
        /// The limit in bytes.
        most: usize,
        /// What they take.
        found: usize,
    },
    /// The root has ended; nothing can be issued from it.
    #[error("the root certificate ended at {}", Utc(*ended))]
    RootEnded {
        /// Its last moment.
        ended: Time,
    },
    /// A private key is needed that is under a passphrase.
    #[error("{} is encrypted, and its passphrase was not given", path.display())]
    Locked {
        /// The file with the key.
        path: PathBuf,
    },
    /// The rollover is not where this step can be taken.
    #[error(transparent)]
    Misstep(#[from] Misstep),
    /// The next root's key was exported, and now it is needed.
    #[error("the key of the next root is not here: it was exported")]
    NextKeyAway,
    /// A key was given for the next root that is not its key.
    #[error("the key that was given is not that of the next root {root:?}")]
    OtherNextKey {
        /// The name of the next root.
        root: String,
    },
    /// A certificate that is to be adopted cannot be.
    #[error("the certificate cannot be adopted")]
    Adopt(#[source] Defect),
    /// A root record does not follow the newest one.
    #[error("the root record is not kept")]
    RootRecord(#[from] crate::signing::Refused),
    /// A name for a client's certificate that no certificate can carry.
    #[error("a device's certificate is for a name of 1 to {most} characters, this one has {found}")]
    ClientName {
        /// The most that there can be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// The cryptographic library refused.
    #[error("could not make a key or certificate")]
    Crypto(#[source] rcgen::Error),
    /// What was just made did not pass our own reading of it.
    #[error("a certificate that was just made is not as it should be")]
    Made(#[source] Defect),
}

impl Error {
    /// What the operator can do about it: one sentence for the line after the error.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Clock(fault) => Some(fault.help().to_owned()),
            Self::NoAuthority { .. } => Some("`otary serve` makes one at its first start".to_owned()),
            Self::Occupied { .. } => Some(
                "an authority is never overwritten: name another data folder, or move this one away"
                    .to_owned(),
            ),
            Self::Missing { path } => Some(format!(
                "put {} back, or move the folder away and get it from a backup: `otary trust restore FILE`",
                path.file_name().unwrap_or_default().display()
            )),
            Self::Loose { path, wanted, .. } => Some(format!("chmod {wanted:04o} {}", path.display())),
            Self::Unusable { defect: Defect::WrongPassphrase, .. } => {
                Some("give the passphrase under which the keys were put".to_owned())
            }
            Self::Unusable { path, .. } if is_leaf(path) => {
                let stem = path.file_stem().unwrap_or_default().display();
                Some(format!("move {stem}.key and {stem}.crt away: a new pair is made at the next start"))
            }
            Self::Unusable { .. } => {
                Some("move the folder away and get it from a backup: `otary trust restore FILE`".to_owned())
            }
            Self::NoNames => Some("give one with `--name`".to_owned()),
            Self::ManyNames { .. } => Some("leave out what devices do not use".to_owned()),
            Self::Locked { .. } => Some("give the passphrase under which the keys were put".to_owned()),
            Self::NextKeyAway | Self::OtherNextKey { .. } => {
                Some("give the file that `otary trust export-next-key` wrote: --next-key FILE".to_owned())
            }
            Self::Adopt(Defect::KeyMismatch { .. }) => {
                Some("give the key that the certificate was made for".to_owned())
            }
            Self::Io { .. }
            | Self::RootEnded { .. }
            | Self::Misstep(_)
            | Self::Adopt(_)
            | Self::RootRecord(_)
            | Self::ClientName { .. }
            | Self::Crypto(_)
            | Self::Made(_) => None,
        }
    }
}

fn is_leaf(path: &std::path::Path) -> bool {
    path.file_name()
        .is_some_and(|name| matches!(name.as_encoded_bytes(), [b'l', b'e', b'a', b'f', b'.' | b'-', ..]))
}
