//! `otary login` and `otary logout`: a token for a server elsewhere, kept for later commands.

use std::path::Path;

use anyhow::anyhow;
use clap::builder::NonEmptyStringValueParser;
use otary_fleet::ProductName;
use otary_server::operator::{Access, CreatedToken, NewToken, SignIn};

use crate::advice::{Advise, advised};
use crate::client::{Client, Connection, Login, path};
use crate::clock;
use crate::file::read_text;
use crate::global::Global;
use crate::passphrase::PasswordArgs;
use crate::say;
use crate::table::until;

/// The largest file with a token, in bytes.
const MAX_TOKEN: u64 = 1024;
/// Days that a token of a login lasts unless said.
const DAYS: u32 = 90;

/// Keep a token for a server elsewhere, so that --server needs nothing else
///
/// With a name, it asks for the password and has a token made that may what you may. Without, it takes a token from standard input:
/// `otary login --server https://pi.lan:3444 < my.token`. The token is kept in your own settings, readable to you alone.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Your name on that server; without one, a token is read from standard input
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
    /// Days until the token ends
    #[arg(long, default_value_t = DAYS, value_parser = clap::value_parser!(u32).range(1..=i64::from(NewToken::MAX_DAYS)))]
    days: u32,
    #[command(flatten)]
    connection: Connection,
}

/// Forget the token of a server elsewhere, and revoke it there
#[derive(Debug, clap::Args)]
pub struct LogoutArgs {
    #[command(flatten)]
    connection: Connection,
}

/// Carries out `otary login`.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let server = named(&args.connection)?;
    let ca = args.connection.anchors(global)?;
    let login = match &args.name {
        Some(name) => sign_in(name, args, server, ca)?,
        None => from_input(server, ca)?,
    };
    let path = login.keep()?;
    Ok(say!("Logged in to {server} as {}. The token is in {}.", login.name, path.display())?)
}

/// Carries out `otary logout`.
pub fn logout(args: &LogoutArgs, _global: &Global) -> anyhow::Result<()> {
    let server = named(&args.connection)?;
    let Some(login) = Login::read(server)? else {
        return Err(advised(
            anyhow!("nothing is kept of {server}"),
            format!("otary login NAME --server {server}"),
        ));
    };
    let revoked = Client::to(server, &login.ca, Some(login.token.clone()))
        .and_then(|mut client| client.delete(&path(["tokens", &login.name])));
    Login::forget(server)?;
    match revoked {
        Ok(()) => Ok(say!("Logged out of {server}; the token {} is revoked.", login.name)?),
        Err(error) => {
            eprintln!("The token is forgotten here, and was not revoked there: {error:#}");
            Ok(say!("Logged out of {server}.")?)
        }
    }
}

fn named(connection: &Connection) -> anyhow::Result<&str> {
    connection.server().ok_or_else(|| anyhow!("which server?")).help(
        "name its operator listener: --server https://HOST:3444; on the server's own machine no login is needed",
    )
}

/// Signs in with a password, has a token made, and signs out again.
fn sign_in(name: &str, args: &Args, server: &str, ca: String) -> anyhow::Result<Login> {
    let password = args.password.read(&format!("of {name}"))?;
    let mut client = Client::to(server, &ca, None)?;
    let access: Access = client.sign_in(&path(["session"]), &SignIn { name: name.to_owned(), password })?;
    let token: ProductName = token_name(name, clock::now().secs()).parse()?;
    let new = NewToken { name: token, grants: access.grants, days: args.days };
    let made: anyhow::Result<CreatedToken> = client.post(&path(["tokens"]), &new);
    // It ends by itself as well.
    let _ = client.delete(&path(["session"]));
    let made = made?;
    eprintln!(
        "The token {} may {} and ends {}.",
        made.token.name,
        made.token.grants,
        until(made.token.expires, clock::now())
    );
    Ok(Login { server: server.to_owned(), name: made.token.name, token: made.secret, ca })
}

/// Takes a token that somebody made, if the server knows it.
fn from_input(server: &str, ca: String) -> anyhow::Result<Login> {
    let text = read_text(Path::new("-"), MAX_TOKEN)?;
    let token: otary_server::operator::Secret =
        text.trim().parse().help("otary token create NAME, on the server, prints one; or give your name")?;
    let access: Access = Client::to(server, &ca, Some(token.clone()))?.get(&path(["access"]))?;
    let who = access.who.ok_or_else(|| anyhow!("the server does not know this token"))?;
    let name = who.strip_prefix("token ").unwrap_or(&who).to_owned();
    Ok(Login { server: server.to_owned(), name, token, ca })
}

/// `login-lena-laptop-1a2b3c`: whose it is and where it is kept, and another one each time.
fn token_name(name: &str, seconds: u64) -> String {
    let host = gethostname::gethostname().to_string_lossy().to_lowercase();
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(16).collect();
    let name: String = name.chars().take(24).collect();
    format!("login-{name}-{host}-{:x}", seconds & 0xFF_FFFF)
}
