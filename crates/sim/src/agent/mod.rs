//! A board whose firmware has otary's own agent: the real [`otary_agent::Agent`] on the board's flash, its requests over the
//! board's link.
//!
//! Only the driver is the simulator's, and it is as thin as on a device: it connects with the anchors and the clock that the
//! agent names, tells it what came, and does the step that it says. Waits pass as the [`Pace`](crate::Pace) says while the
//! board's uptime counts them in full.

mod app;
mod board;
mod device;
mod exchange;
mod http;
mod uptime;

pub use app::{AgentApp, AgentError, AgentPoll, AgentReport};
