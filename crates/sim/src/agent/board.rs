//! The board under the firmware: boot, the agent's start before all else, restarts.

use std::ops::ControlFlow;

use embedded_storage::nor_flash::NorFlash;
use otary_agent::wire::Identity;
use otary_agent::{Agent, Config, Layout, Step};
use otary_image::{TABLE_OFFSET, TABLE_SIZE, Table, Usage};

use super::app::{AgentApp, AgentError, AgentPoll};
use super::device::{Device, moment};
use super::uptime::Uptime;
use crate::board::{Board, Power, set_up};
use crate::clock::Clock;
use crate::console::Console;
use crate::flash::Flash;
use crate::pace::Pace;
use crate::rom::Reset;
use crate::url::Url;

impl<F: Flash + NorFlash> Board<F> {
    /// Switches the board on with a firmware that has otary's agent. What came of each check-in is given to `watch`, which
    /// turns the board off by breaking; so does the pace's switch. What the agent keeps is in the flash.
    pub fn run_agent(
        &mut self,
        app: &AgentApp,
        pace: &Pace,
        console: &mut Console,
        mut watch: impl FnMut(AgentPoll) -> ControlFlow<()>,
    ) -> Result<(), AgentError> {
        let url = Url::parse(&app.url).filter(|url| url.secure && !url.host.is_empty());
        let url = url.ok_or_else(|| AgentError::Url { url: app.url.clone() })?;
        let mut clock = Clock::power_up();
        let mut reset = Reset::PowerOn;
        while !pace.stop().is_stopped() {
            let power = Power { pace, console: &mut *console, clock: &mut clock };
            if self.run_to_restart(app, &url, reset, power, &mut watch)?.is_break() {
                break;
            }
            reset = Reset::Software;
        }
        Ok(())
    }

    fn run_to_restart(
        &mut self,
        app: &AgentApp,
        url: &Url,
        reset: Reset,
        power: Power<'_>,
        watch: &mut impl FnMut(AgentPoll) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, AgentError> {
        let running = self.boot(reset, app.rollback, power.console)?;
        let Usage::Slot(slot) = running.slots.running().usage else {
            return Err(AgentError::Slot(running.slots.running().usage));
        };
        let table = self.flash.bytes(TABLE_OFFSET, u32::try_from(TABLE_SIZE).unwrap_or(u32::MAX))?;
        let board = self.identity;
        let config = Config {
            identity: Identity {
                product: &app.product,
                hardware: &app.hardware,
                chip: board.chip,
                device: board.mac.bytes(),
            },
            version: running.version.as_deref(),
            release: app.release,
            root: &app.root,
            layout: Layout::find(&Table::parse(&table)?)?,
            running: slot,
            policy: app.policy,
        };
        let uptime = Uptime::start();
        let (agent, step) = Agent::start(config, moment(&uptime, &power), &mut self.flash)?;
        if step != Step::Restart {
            set_up(&running, power.pace, power.console);
        }
        let version = running.version.as_deref();
        let flash = &mut self.flash;
        Ok(Device { agent, step, flash, app, url, version, uptime, power }.run(watch))
    }
}
