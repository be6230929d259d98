//! The agent's calls without the agent, for `cargo xtask firmware`: what a program shrinks by is what the agent costs.
//!
//! What it answers is hidden from the compiler, so that nothing of the driver is left out besides.

#![expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the signatures are the agent's")]

use core::hint::black_box;
use core::marker::PhantomData;

use embedded_storage::nor_flash::NorFlash;
use otary_agent::wire::{self, Clock};
use otary_agent::{Anchors, Config, Dates, Fault, Input, Layout, Millis, Moment, Region, Step};

/// Does nothing.
pub struct Agent<'a>(PhantomData<&'a ()>);

impl<'a> Agent<'a> {
    pub fn start<F: NorFlash>(config: Config<'a>, moment: Moment, _: &mut F) -> Result<(Self, Step), Fault> {
        black_box((config, moment));
        Ok((Self(PhantomData), black_box(Step::CheckIn)))
    }

    pub fn step<F: NorFlash>(&mut self, moment: Moment, input: Input<'_>, flash: &mut F) -> Step {
        // What the driver is linked with for flash stays in.
        let mut word = [0; 4];
        let _ = flash.read(0, &mut word);
        let _ = flash.write(0, black_box(&word));
        let _ = flash.erase(0, 0x1000);
        black_box((moment, input));
        black_box(Step::Sleep { until: Millis(0) })
    }

    pub fn check_in<'w>(&self, out: &'w mut [u8]) -> Result<&'w str, wire::Error> {
        black_box(&out);
        Ok(black_box(""))
    }

    pub fn dates(&self) -> Dates {
        black_box(Dates::Enforce)
    }

    pub fn clock(&self) -> Clock {
        black_box(Clock::Unknown)
    }

    pub fn news(&self) -> Option<wire::Report<'_>> {
        black_box(None)
    }

    pub fn anchors<F: NorFlash>(
        &self,
        _: &mut F,
        buffer: &mut [u8],
        mut visit: impl FnMut(&[u8]),
    ) -> Result<Anchors, Fault> {
        visit(buffer);
        Ok(black_box(Anchors::CompiledIn))
    }
}

pub fn layout() -> Layout {
    let region = Region { offset: 0, size: 0 };
    black_box(Layout { slots: [region; 2], otadata: region, store: region })
}
