//! Who may do what: scopes, on everything or on single products, and what carries them (tokens, accounts, sessions).
//!
//! Nothing here holds a secret: of tokens and sessions there are digests, of passwords slow hashes.

mod account;
mod grants;
mod scope;
mod session;
mod token;

pub use account::Account;
pub use grants::Grants;
pub use scope::Scope;
pub use session::Session;
pub use token::Token;
