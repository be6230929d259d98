//! The tutorial's sketch over a cable: an ESP32-C3 with a W5500 on its SPI.
//!
//! | W5500 | SCLK | MISO | MOSI | `SCSn` | `INTn` | `RSTn` |
//! |---|---|---|---|---|---|---|
//! | ESP32-C3 | GPIO 4 | GPIO 5 | GPIO 6 | GPIO 7 | GPIO 3 | GPIO 10 |
//!
//! An ENC28J60 takes embassy-net-enc28j60 in place of embassy-net-wiznet, and nothing else.

#![no_std]
#![no_main]
#![expect(
    clippy::expect_used,
    reason = "what cannot be set up at the start is said, and the chip starts again"
)]

use agent_esp::chip::Chip;
use agent_esp::{Driver, Family, Network, Piece, Settings, settings, sketch};
use edge_nal_embassy::{Dns, Tcp, TcpBuffers, Udp, UdpBuffers};
use embassy_executor::Spawner;
use embassy_net::{Config, DhcpConfig, StackResources};
use embassy_net_wiznet::chip::W5500;
use embassy_net_wiznet::{Device, Runner, State};
use embassy_time::Delay;
use embedded_hal_bus::spi::ExclusiveDevice;
use esp_backtrace as _;
use esp_hal::Async;
use esp_hal::gpio::{Input, InputConfig, Level, Output, OutputConfig, Pull};
use esp_hal::rng::{Trng, TrngSource};
use esp_hal::spi::master::{Config as SpiConfig, Spi};
use esp_hal::time::Rate;
use esp_hal::timer::timg::TimerGroup;
use mbedtls_rs::Tls;
use static_cell::{ConstStaticCell, StaticCell};

agent_esp::describe_app!();

/// TLS takes half of it at its peak.
const HEAP_BYTES: usize = 64 * 1024;
/// The W5500 takes up to 33 MHz on any board, its data sheet says in section 5.5.4.
const SPI_RATE: Rate = Rate::from_mhz(20);

type Card = ExclusiveDevice<Spi<'static, Async>, Output<'static>, Delay>;

static SETTINGS: Settings = settings!();
static FRAMES: StaticCell<State<4, 2>> = StaticCell::new();
static SOCKETS: StaticCell<StackResources<4>> = StaticCell::new();
static TCP: StaticCell<TcpBuffers<1, 2048, 8192>> = StaticCell::new();
static UDP: StaticCell<UdpBuffers<1, 128, 128, 2>> = StaticCell::new();
static PIECE: ConstStaticCell<Piece> = ConstStaticCell::new(Piece::new());
static RANDOM: StaticCell<Trng> = StaticCell::new();

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    esp_alloc::heap_allocator!(size: HEAP_BYTES);
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);

    let _entropy = TrngSource::new(peripherals.RNG, peripherals.ADC1);
    let random = RANDOM.init(Trng::try_new().expect("the source of entropy above"));
    let mut chip = Chip::new(peripherals.FLASH, peripherals.RTC_TIMER);
    let device = chip.device(Family::Esp32C3);
    let driver = device.and_then(|device| Driver::start(chip, &SETTINGS, device));
    let mut driver = driver.unwrap_or_else(|unfit| panic!("no updates: {unfit}"));
    sketch::set_up(driver.board(), &SETTINGS).await;

    let spi = Spi::new(peripherals.SPI2, SpiConfig::default().with_frequency(SPI_RATE))
        .expect("a rate that it has");
    let spi = spi
        .with_sck(peripherals.GPIO4)
        .with_miso(peripherals.GPIO5)
        .with_mosi(peripherals.GPIO6)
        .into_async();
    let select = Output::new(peripherals.GPIO7, Level::High, OutputConfig::default());
    let card = ExclusiveDevice::new(spi, select, Delay).expect("a pin that can be set");
    let interrupt = Input::new(peripherals.GPIO3, InputConfig::default().with_pull(Pull::Up));
    let reset = Output::new(peripherals.GPIO10, Level::High, OutputConfig::default());
    let frames = FRAMES.init(State::new());
    let started = embassy_net_wiznet::new(Chip::address(), frames, card, interrupt, reset).await;
    let (device, card) = started.unwrap_or_else(|_| panic!("no W5500 answers"));
    spawner.spawn(run_card(card).expect("the second task"));

    let seed = random.random();
    let (stack, runner) = embassy_net::new(
        device,
        Config::dhcpv4(DhcpConfig::default()),
        SOCKETS.init(StackResources::new()),
        seed.into(),
    );
    spawner.spawn(carry(runner).expect("the third task"));
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
async fn carry(mut runner: embassy_net::Runner<'static, Device<'static>>) {
    runner.run().await;
}

#[embassy_executor::task]
async fn run_card(card: Runner<'static, W5500, Card, Input<'static>, Output<'static>>) {
    card.run().await;
}
