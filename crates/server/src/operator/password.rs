//! Passwords: Argon2id, few at a time, and the same cost whether or not there is such a person.
//!
//! The parameters are those that OWASP recommends (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use http::StatusCode;
use otary_trust::LEAST_CHARACTERS;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::problem::Problem;

/// Longest password in bytes.
const MAX_BYTES: usize = 1024;
/// Memory of one hash in KiB.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long a turn is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A hash that no password has, of the same cost: what is verified of somebody who is not there.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a person types to sign in: wiped from memory and never printed.
#[derive(Clone, schemars::JsonSchema)]
pub struct Password(#[schemars(with = "String")] Zeroizing<String>);

/// Turns at hashing: one for browsers that signed in before and for who has a setup code, one for all others. However many
/// strangers try, the others find theirs free.
#[derive(Debug)]
pub(super) struct Turns {
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
}

impl Password {
    /// Takes a text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Refuses one that protects too little, or that nobody types.
    pub(super) fn check_new(&self) -> Result<(), Problem> {
        let characters = self.0.chars().count();
        if characters < LEAST_CHARACTERS {
            let detail =
                format!("a password has at least {LEAST_CHARACTERS} characters, this has {characters}");
            return Err(Problem::bad_request("short-password", detail));
        }
        if self.0.len() > MAX_BYTES {
            let detail = format!("a password has at most {MAX_BYTES} bytes");
            return Err(Problem::bad_request("long-password", detail));
        }
        Ok(())
    }

    /// Its hash, with a salt of its own.
    pub(super) fn hash(&self) -> Result<String, Problem> {
        let mut salt = [0; 16];
        let failed = || {
            Problem::internal("no-randomness", "no password was set", "the system gives no random numbers")
        };
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| failed())?;
        let salt = SaltString::encode_b64(&salt).map_err(|_| failed())?;
        let hash = argon2()?.hash_password(self.0.as_bytes(), &salt);
        let hash =
            hash.map_err(|error| Problem::internal("not-hashed", "no password was set", error.to_string()))?;
        Ok(hash.to_string())
    }

    /// Whether it is the one of this hash. Without one it is not, after the same time.
    pub(super) fn is_of(&self, hash: Option<&str>) -> bool {
        if self.0.len() > MAX_BYTES {
            return false;
        }
        let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
        let right = Argon2::default().verify_password(self.0.as_bytes(), &parsed).is_ok();
        right && hash.is_some()
    }
}

fn argon2() -> Result<Argon2<'static>, Problem> {
    let params = Params::new(MEMORY, PASSES, LANES, None);
    let params =
        params.map_err(|error| Problem::internal("not-hashed", "no password was set", error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl Default for Turns {
    fn default() -> Self {
        let [strangers, known] = [(); 2].map(|()| Arc::new(Semaphore::new(1)));
        Self { strangers, known }
    }
}

impl Turns {
    /// A turn, when it comes. It ends when it is dropped: whoever hashes holds it until that is done.
    pub(super) async fn take(&self, known: bool) -> Result<OwnedSemaphorePermit, Problem> {
        let turns = Arc::clone(if known { &self.known } else { &self.strangers });
        let turn = timeout(PATIENCE, turns.acquire_owned()).await.ok().and_then(Result::ok);
        turn.ok_or_else(|| {
            let detail = "too many people try to sign in";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(PATIENCE)
        })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hashed_by_argon2id_with_the_recommended_parameters_and_a_salt_of_its_own() {
        let password = Password::new("correct horse battery");
        let [one, other] = [(); 2].map(|()| password.hash().unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(password.is_of(Some(&one)) && password.is_of(Some(&other)));
        assert!(!Password::new("correct horse batterY").is_of(Some(&one)));
    }

    #[test]
    fn who_is_not_there_costs_the_same() {
        let real = Password::new("correct horse battery").hash().unwrap();
        let (real, nobody) = (PasswordHash::new(&real).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!(
            (real.algorithm, real.version, &real.params),
            (nobody.algorithm, nobody.version, &nobody.params)
        );
        assert_eq!(real.hash.unwrap().len(), nobody.hash.unwrap().len());
        assert!(!Password::new("").is_of(None));
    }

    #[test]
    fn a_password_is_not_printed() {
        assert_eq!(format!("{:?}", Password::new("correct horse battery")), "Password(..)");
    }
}
