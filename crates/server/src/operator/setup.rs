//! The setup code: how the owner of the data directory gets into the page, at first and whenever a password is lost.
//!
//! 128 random bits, typed by hand; of it the SHA-256 is kept. It is good once, for a quarter of an hour; a new one takes the place of
//! the one before. Nobody can guess it, so nothing is counted and nobody is kept waiting: it is always a way in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Account, Grants, ProductName, Scope, Sha256, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use super::actor::{Actor, Credential};
use super::auth::Asking;
use super::password::Password;
use super::people::check_name;
use super::problem::Problem;
use super::request::Body;
use super::session::{SignedIn, person};
use super::site::{Operator, carry_out};

/// How long a code is good.
const GOOD_FOR: Duration = Duration::from_mins(15);
/// The setting with what is kept of the code.
const KEPT: &str = "setup-code";
/// Crockford's base32: no letter that is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of 128 bits.
const LEN: usize = 26;
/// Characters of a group, as it is printed.
const GROUP: usize = 5;

/// A code, as it is typed: 26 characters in groups.
#[derive(Clone, schemars::JsonSchema)]
#[schemars(extend("minLength" = LEN, "pattern" = "^[ \\t\\r\\n-]*([0-9A-TV-Za-tv-z][ \\t\\r\\n-]*){26}$"))]
pub struct SetupCode(#[schemars(with = "String")] Zeroizing<String>);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a setup code has 26 letters and digits")]
pub struct SetupCodeError;

/// A code that was just made: the only time that it is told.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CreatedCode {
    /// What is typed into the form.
    pub code: SetupCode,
    /// Until when.
    pub ends: Time,
}

/// What is typed into the form.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The code.
    pub code: SetupCode,
    /// The account that is to be the owner's: a new one, or one whose password was lost.
    pub name: ProductName,
    /// Its password from now on.
    pub password: Password,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    hash: Sha256,
    ends: Time,
}

/// Makes a code, for the owner of the data directory alone.
pub(super) async fn create(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<(StatusCode, Json<CreatedCode>), Problem> {
    let created = carry_out(operator, move |operator| operator.create_code(&actor)).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Makes an owner's account by a code, and signs in to it.
pub(super) async fn set_up(
    State(operator): State<Arc<Operator>>,
    asking: Asking,
    Body(setup): Body<Setup>,
) -> Result<SignedIn, Problem> {
    asking.check_same_site()?;
    let code = setup.code.hash();
    let good = carry_out(Arc::clone(&operator), move |operator| operator.check_code(code)).await;
    if let Err(problem) = good {
        tracing::warn!(peer = %asking.peer(), "a wrong setup code was shown");
        return Err(problem);
    }
    check_name(&setup.name)?;
    setup.password.check_new()?;
    let turn = operator.hashing.take(true).await?;
    carry_out(operator, move |operator| {
        let _turn = turn;
        operator.set_up(&setup, &asking)
    })
    .await
}

impl Operator {
    fn create_code(&self, actor: &Actor) -> Result<CreatedCode, Problem> {
        actor.check_owner()?;
        let code = SetupCode::generate()?;
        let kept = Kept { hash: code.hash(), ends: self.now() + GOOD_FOR };
        let text = serde_json::to_string(&kept)
            .map_err(|error| Problem::internal("not-kept", "no code was made", error))?;
        let _changing = self.changing();
        self.store.put_setting(KEPT, &text)?;
        self.log(actor, None, "made a setup code".to_owned())?;
        Ok(CreatedCode { code, ends: kept.ends })
    }

    /// Refuses every code but the one that there is.
    fn check_code(&self, code: Sha256) -> Result<(), Problem> {
        let kept = self.store.setting(KEPT)?.and_then(|text| serde_json::from_str::<Kept>(&text).ok());
        let right = kept.filter(|kept| kept.ends > self.now() && bool::from(kept.hash.0.ct_eq(&code.0)));
        right.map(|_| ()).ok_or_else(wrong_code)
    }

    fn set_up(&self, setup: &Setup, asking: &Asking) -> Result<SignedIn, Problem> {
        let password = setup.password.hash()?;
        let account = {
            let _changing = self.changing();
            // Of two who show it at once, one is let in.
            self.check_code(setup.code.hash())?;
            self.store.put_setting(KEPT, "")?;
            let name = setup.name.as_str();
            let before = self.store.accounts()?.into_iter().find(|account| account.name == name);
            let account = Account {
                name: name.to_owned(),
                password,
                grants: Grants::everywhere(Scope::Own),
                created: before.as_ref().map_or(self.now(), |account| account.created),
                last_signed_in: before.as_ref().and_then(|account| account.last_signed_in),
                disabled: false,
            };
            self.store.put_account(&account)?;
            self.end_sessions(name, None)?;
            let done = if before.is_some() { "set a new password" } else { "made the account" };
            let actor = person(&account, asking.from, Credential::Lasting);
            self.log(&actor, None, format!("{done} of the owner {name} by a setup code"))?;
            account
        };
        self.open_session(&account, asking)
    }
}

impl SetupCode {
    fn generate() -> Result<Self, Problem> {
        let mut bits = Zeroizing::new([0; 16]);
        aws_lc_rs::rand::fill(bits.as_mut_slice())
            .map_err(|error| Problem::internal("no-randomness", "no code was made", error))?;
        Ok(Self(encode(u128::from_be_bytes(*bits))))
    }

    /// What is kept of it.
    fn hash(&self) -> Sha256 {
        Sha256::of(self.0.as_bytes())
    }

    /// The code in groups, to be shown once.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * LEN));
        for (place, character) in self.0.chars().enumerate() {
            if place > 0 && place % GROUP == 0 && place < LEN - 1 {
                text.push('-');
            }
            text.push(character);
        }
        text
    }
}

/// 26 characters of five bits, the first with the three bits that are left.
fn encode(bits: u128) -> Zeroizing<String> {
    let digit = |place: usize| usize::try_from(bits >> (5 * place) & 31).unwrap_or_default();
    let digits = (0..LEN).rev().filter_map(|place| ALPHABET.get(digit(place)).copied().map(char::from));
    let mut text = Zeroizing::new(String::with_capacity(LEN));
    text.extend(digits);
    text
}

impl FromStr for SetupCode {
    type Err = SetupCodeError;

    /// Reads what was typed: in any case, with or without its dashes, an O for a zero, an I or L for a one.
    fn from_str(typed: &str) -> Result<Self, SetupCodeError> {
        let mut text = Zeroizing::new(String::with_capacity(LEN));
        for character in typed.chars().filter(|c| !matches!(c, '-' | ' ' | '\t' | '\r' | '\n')) {
            let character = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(character).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !known || text.len() == LEN {
                return Err(SetupCodeError);
            }
            text.push(character);
        }
        if text.len() == LEN { Ok(Self(text)) } else { Err(SetupCodeError) }
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(..)")
    }
}

impl Serialize for SetupCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expose())
    }
}

impl<'de> Deserialize<'de> for SetupCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn wrong_code() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "wrong-code",
        "this code is none of this server's, was used, or has ended",
    )
    .help("otary setup-code, run by the owner of the data directory, makes another")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_128_bits_and_is_read_as_people_type_it() {
        assert_eq!(*encode(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(*encode(1), format!("{}1", "0".repeat(25)));
        let code = SetupCode::generate().unwrap();
        let shown = code.expose();
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5, 6]);
        let typed = [shown.to_lowercase(), shown.replace('-', " "), shown.replace('-', "").replace('0', "o")];
        for typed in typed.iter().chain([&shown.replace('1', "l")]) {
            assert_eq!(typed.parse::<SetupCode>().unwrap().hash(), code.hash(), "{typed}");
        }
        for wrong in ["", "7ZZZZ", &"0".repeat(27), &"U".repeat(26), &"ß".repeat(26)] {
            assert_eq!(wrong.parse::<SetupCode>().err(), Some(SetupCodeError), "{wrong}");
        }
    }

    #[test]
    fn two_codes_are_never_the_same_and_none_is_printed() {
        let [one, other] = [(); 2].map(|()| SetupCode::generate().unwrap());
        assert_ne!(one.hash(), other.hash());
        assert_eq!(format!("{one:?}"), "SetupCode(..)");
    }
}
