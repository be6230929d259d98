//! What in an OpenSSL request file is not followed: each fault says in which line, at which key, and why.

use crate::key::KeyKind;
use crate::name::NameFault;

/// Why a request file is not followed. Nothing was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// A line is none of those that such a file has.
    #[error("line {line}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        fault: SyntaxFault,
    },
    /// A key with its value is not followed.
    #[error("line {line}, {key}")]
    Key {
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong with it.
        #[source]
        fault: KeyFault,
    },
    /// There is no `[req]` section, or nothing that says who the certificate is for.
    #[error("[req] has no distinguished_name, which names the section with the subject")]
    NoSubject,
    /// The section with the subject gives nothing to put into it.
    #[error("[{section}] gives no part of the subject a value")]
    EmptySubject {
        /// The section.
        section: String,
    },
    /// A digest that no key of this kind signs.
    #[error("default_md = {digest} is not followed with a {key} key")]
    Digest {
        /// The digest of the file.
        digest: &'static str,
        /// The key that was asked for.
        key: KeyKind,
    },
}

/// Why a line is none of a request file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// A section's name does not end.
    #[error("expected a section as [name], with nothing behind it")]
    Header,
    /// Neither a section nor a key.
    #[error("expected `key = value`: there is no equal sign")]
    NoEqualSign,
    /// What stands before the equal sign is no key.
    #[error("expected a key without blanks before the equal sign, found {found:?}")]
    Key {
        /// What stands there.
        found: String,
    },
    /// An include or pragma.
    #[error(".include and .pragma are not followed")]
    Directive,
}

/// Why a key with its value is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A key that otary does not know in this place.
    #[error("not known in [{section}]; known are {known}")]
    Unknown {
        /// The section that it stands in.
        section: String,
        /// What is known there.
        known: &'static str,
    },
    /// The key is there twice.
    #[error("line {first} has it already, and OpenSSL would use the last one alone")]
    Twice {
        /// The first line with it.
        first: usize,
    },
    /// A value with a variable in it.
    #[error("variables are not followed: write out what stands for the `$`")]
    Variable,
    /// A quote that does not end.
    #[error("a quote does not end")]
    OpenQuote,
    /// A backslash with nothing behind it.
    #[error("a backslash has nothing behind it")]
    OpenEscape,
    /// A section that is named and not there.
    #[error("there is no section [{0}]")]
    NoSection(String),
    /// A value of another kind.
    #[error("expected {expected}, found {found:?}")]
    Value {
        /// What may stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A name that no device could use.
    #[error("no device could use the name {found:?}")]
    Name {
        /// What stands here.
        found: String,
        /// Why.
        #[source]
        fault: NameFault,
    },
    /// Letters whose bytes OpenSSL would read one by one.
    #[error("there are letters beyond ASCII, which OpenSSL misreads without `utf8 = yes` in [req]")]
    Letters,
    /// A text of another length than X.509 has room for.
    #[error("expected {least} to {most} characters, found {found}")]
    Length {
        /// The least.
        least: usize,
        /// The most.
        most: usize,
        /// How many there are.
        found: usize,
    },
}
