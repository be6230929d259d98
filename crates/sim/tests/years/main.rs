//! Thirty years of fleets: nobody is cut off, and whoever weakens the rules sees the victims.

mod fleets;
mod stacks;
