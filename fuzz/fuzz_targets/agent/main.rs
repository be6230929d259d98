//! Any life of a board: answers of a server, losses, waits, restarts and noise in flash, in any order. The image that runs
//! is never touched, a step does little, and a whole image starts. Unless there was noise, a board that is left alone with its
//! server afterwards completes the update.

#![no_main]

mod board;
mod flash;

use board::Board;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|life: &[u8]| {
    let mut board = Board::flashed();
    let mut events = life.iter().copied();
    while board.live_through(&mut events) {}
    board.restart();
    if !board.has_noise() {
        board.complete();
    }
});
