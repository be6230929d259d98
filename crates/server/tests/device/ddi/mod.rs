//! hawkBit's device integration against the real listener: the facts of the reference, and two real clients.

mod controller;
mod malformed;
mod reference;
mod rust_client;
mod swupdate;
mod tokens;
