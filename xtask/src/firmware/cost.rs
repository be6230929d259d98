//! What the agent costs: the difference of two links of one program, with the agent and with its calls stubbed.
//!
//! Whatever is the driver's, the network's or TLS's is in both links, and so is not counted. What both the agent and
//! somebody else need is in both and counts for nobody.

use std::fmt::Write as _;

use super::size::{self, Sizes};
use super::{Places, Toolchain, build, settings::Settings};

/// The program that is linked twice: the others differ from it in their network alone.
const PROGRAM: &str = "esp32c3-bench";
const STUBBED: &str = "agent-esp/stubbed";
/// What the agent is meant to take at most, in bytes: flash without cryptography, and RAM.
const FLASH_GOAL: u64 = 25 * 1024;
const RAM_GOAL: u64 = 8 * 1024;

/// Links the program with the agent's calls stubbed. Before it is linked as it is: the last link is the one to keep.
pub fn without_agent(toolchain: &Toolchain, places: &Places, settings: &Settings) -> anyhow::Result<Sizes> {
    build(toolchain, places, settings, &[PROGRAM], &[STUBBED])?;
    size::of(&places.program(PROGRAM))
}

/// The cost as a table, with a line for each goal that is missed.
pub fn of(places: &Places, without: Sizes) -> anyhow::Result<String> {
    let cost = difference(size::of(&places.program(PROGRAM))?, without);
    let logic = cost.flash.saturating_sub(cost.cryptography);
    let mut text = table(cost)?;
    for (what, bytes, goal) in [("flash", logic, FLASH_GOAL), ("RAM", cost.ram, RAM_GOAL)] {
        if bytes > goal {
            writeln!(text, "{what} is {} bytes above the goal of {goal}", bytes.saturating_sub(goal))?;
        }
    }
    Ok(text)
}

fn difference(with: Sizes, without: Sizes) -> Sizes {
    Sizes {
        flash: with.flash.saturating_sub(without.flash),
        ram: with.ram.saturating_sub(without.ram),
        cryptography: with.cryptography.saturating_sub(without.cryptography),
    }
}

fn table(cost: Sizes) -> anyhow::Result<String> {
    let Sizes { flash, ram, cryptography } = cost;
    let mut table = String::from("the agent's cost, bytes      flash  Ed25519, SHA    state in RAM\n");
    writeln!(
        table,
        "                       {:>11}  {cryptography:>12}  {ram:>14}",
        flash.saturating_sub(cryptography)
    )?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_what_only_one_of_two_links_has() {
        let with = Sizes { flash: 300_000, ram: 100_000, cryptography: 9_000 };
        let without = Sizes { flash: 270_000, ram: 98_000, cryptography: 0 };
        assert_eq!(difference(with, without), Sizes { flash: 30_000, ram: 2_000, cryptography: 9_000 });
    }
}
