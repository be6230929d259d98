//! The otary command: update server, certificate authority, operator's tool and virtual boards.
fn main() {}
