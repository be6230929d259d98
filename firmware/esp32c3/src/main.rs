//! The tutorial's sketch over Wi-Fi, for any ESP32-C3.
//!
//! `WIFI_SSID` and `WIFI_PASSWORD` name the network, besides what [`agent_esp::settings`] reads.

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
use embassy_net::{Config, DhcpConfig, Runner, StackResources};
use embassy_time::Timer;
use esp_backtrace as _;
use esp_hal::ram;
use esp_hal::rng::{Trng, TrngSource};
use esp_hal::timer::timg::TimerGroup;
use esp_radio::wifi::sta::StationConfig;
use esp_radio::wifi::{self, AuthenticationMethodConfig, Interface, WifiController};
use mbedtls_rs::Tls;
use static_cell::{ConstStaticCell, StaticCell};

agent_esp::describe_app!();

const SSID: &str = env!("WIFI_SSID", "set WIFI_SSID to the network's name");
const PASSWORD: &str = env!("WIFI_PASSWORD", "set WIFI_PASSWORD to its password; empty for an open network");
/// Between two tries to join the network.
const RETRY_SECONDS: u64 = 5;

static SETTINGS: Settings = settings!();
static SOCKETS: StaticCell<StackResources<4>> = StaticCell::new();
static TCP: StaticCell<TcpBuffers<1, 2048, 8192>> = StaticCell::new();
static UDP: StaticCell<UdpBuffers<1, 128, 128, 2>> = StaticCell::new();
static PIECE: ConstStaticCell<Piece> = ConstStaticCell::new(Piece::new());
static RANDOM: StaticCell<Trng> = StaticCell::new();

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    esp_alloc::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
    esp_alloc::heap_allocator!(size: 72 * 1024);
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);

    // The converter's noise until the radio, which must not share it, brings its own.
    let noise = TrngSource::new(peripherals.RNG, peripherals.ADC1);
    let mut chip = Chip::new(peripherals.FLASH, peripherals.RTC_TIMER);
    let device = chip.device(Family::Esp32C3);
    let driver = device.and_then(|device| Driver::start(chip, &SETTINGS, device));
    let mut driver = driver.unwrap_or_else(|unfit| panic!("no updates: {unfit}"));
    sketch::set_up(driver.board(), &SETTINGS).await;
    drop(noise);

    let controller =
        WifiController::new(peripherals.WIFI, wifi::ControllerConfig::default()).expect("the radio");
    let random = RANDOM.init(Trng::try_new().expect("the radio's noise"));
    let seed = random.random();
    let (stack, runner) = embassy_net::new(
        Interface::station(),
        Config::dhcpv4(DhcpConfig::default()),
        SOCKETS.init(StackResources::new()),
        seed.into(),
    );
    spawner.spawn(carry(runner).expect("the second task"));
    spawner.spawn(stay_joined(controller).expect("the third task"));
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
async fn carry(mut runner: Runner<'static, Interface>) {
    runner.run().await;
}

/// Joins the network, and joins it again whenever it is lost.
#[embassy_executor::task]
async fn stay_joined(mut controller: WifiController<'static>) {
    controller.set_config(&station()).expect("a name of at most 32 bytes, a password of at most 64");
    loop {
        if controller.connect_async().await.is_ok() {
            let _ = controller.wait_for_disconnect_async().await;
        }
        Timer::after_secs(RETRY_SECONDS).await;
    }
}

fn station() -> wifi::Config {
    let authentication = match PASSWORD {
        "" => AuthenticationMethodConfig::Open,
        password => AuthenticationMethodConfig::Wpa2Personal(password.try_into().expect("at most 64 bytes")),
    };
    let ssid = SSID.try_into().expect("at most 32 bytes");
    wifi::Config::Station(StationConfig::default().with_ssid(ssid).with_authentication(authentication))
}
