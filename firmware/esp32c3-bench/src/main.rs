//! The sketch without interrupts, for emulators of the ESP32-C3: whatever waits is looked at in turn.
//!
//! Emulators run no interrupt handler of esp-hal, so the executor spins, the timer queue is looked at in each pass,
//! and the network card is the OpenCores Ethernet MAC, polled. All the rest is what a board runs.

#![no_std]
#![no_main]
#![expect(
    clippy::expect_used,
    reason = "what cannot be set up at the start is said, and the chip starts again"
)]

mod ethernet;
mod time;

use agent_esp::chip::Chip;
use agent_esp::{Driver, Family, Network, Piece, Settings, settings, sketch};
use edge_nal_embassy::{Dns, Tcp, TcpBuffers, Udp, UdpBuffers};
use embassy_executor::{Spawner, raw};
use embassy_net::{Config, DhcpConfig, Runner, StackResources};
use esp_backtrace as _;
use esp_hal::peripherals::Peripherals;
use esp_hal::rng::{Trng, TrngSource};
use ethernet::OpenEth;
use mbedtls_rs::Tls;
use static_cell::{ConstStaticCell, StaticCell};

agent_esp::describe_app!();

/// TLS takes half of it at its peak.
const HEAP_BYTES: usize = 64 * 1024;

static SETTINGS: Settings = settings!();
static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
static SOCKETS: StaticCell<StackResources<4>> = StaticCell::new();
static TCP: StaticCell<TcpBuffers<1, 2048, 8192>> = StaticCell::new();
static UDP: StaticCell<UdpBuffers<1, 128, 128, 2>> = StaticCell::new();
static PIECE: ConstStaticCell<Piece> = ConstStaticCell::new(Piece::new());
static RANDOM: StaticCell<Trng> = StaticCell::new();

/// Tasks are polled in every pass, so nobody has to be told that one is ready.
#[expect(unsafe_code, reason = "the executor calls it by this name")]
#[unsafe(export_name = "__pender")]
fn pend(_: *mut ()) {}

#[expect(unsafe_code, reason = "an executor of embassy's own is polled by whoever starts it")]
#[esp_hal::main]
fn main() -> ! {
    time::start_counting();
    let peripherals = esp_hal::init(esp_hal::Config::default());
    esp_alloc::heap_allocator!(size: HEAP_BYTES);
    let executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    let spawner = executor.spawner();
    spawner.spawn(run(spawner, peripherals).expect("the first task"));
    loop {
        time::wake_due();
        // SAFETY: `main` alone polls, and never from within a task.
        unsafe { executor.poll() };
    }
}

#[embassy_executor::task]
async fn run(spawner: Spawner, peripherals: Peripherals) {
    let _entropy = TrngSource::new(peripherals.RNG, peripherals.ADC1);
    let random = RANDOM.init(Trng::try_new().expect("the source of entropy above"));
    let mut chip = Chip::new(peripherals.FLASH, peripherals.RTC_TIMER);
    let device = chip.device(Family::Esp32C3);
    let driver = device.and_then(|device| Driver::start(chip, &SETTINGS, device));
    let mut driver = driver.unwrap_or_else(|unfit| panic!("no updates: {unfit}"));
    sketch::set_up(driver.board(), &SETTINGS).await;

    let mac = OpenEth::start(Chip::address());
    let seed = random.random();
    let (stack, runner) = embassy_net::new(
        mac,
        Config::dhcpv4(DhcpConfig::default()),
        SOCKETS.init(StackResources::new()),
        seed.into(),
    );
    spawner.spawn(carry(runner).expect("the second task"));
    driver.wait_for_network(stack.wait_config_up()).await;
    let network = Network {
        tcp: Tcp::new(stack, TCP.init(TcpBuffers::new())),
        dns: Dns::new(stack),
        udp: Udp::new(stack, UDP.init(UdpBuffers::new())),
    };
    let tls = Tls::new(random).expect("the only one");
    driver.run(tls, network, PIECE.take()).await;
}

#[embassy_executor::task]
async fn carry(mut runner: Runner<'static, OpenEth>) {
    runner.run().await;
}
