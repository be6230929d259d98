//! What the agent promises, each promise a scenario: a board in memory with the vendor's bootloader rules, and a server that
//! signs.

mod board;
mod nor;
mod server;
mod update;
