// The network: Ethernet by a W5500 module on SPI. The core makes it a network interface
// like Wi-Fi, so TLS and HTTPUpdate go over it. Core 2 has no driver for it, and the library
// Ethernet, which has one, brings a TCP/IP stack of its own that HTTPUpdate cannot use.
#if ESP_ARDUINO_VERSION_MAJOR < 3
#error "A W5500 needs the ESP32 core 3.0 or newer: update it in the boards manager."
#endif
#include <ETH.h>
#include <SPI.h>

// How the module is wired; these pins suit a classic ESP32.
const int W5500_SCK_PIN = 18;
const int W5500_MISO_PIN = 19;
const int W5500_MOSI_PIN = 23;
const int W5500_CS_PIN = 5;
const int W5500_INT_PIN = 4;
const int W5500_RESET_PIN = -1;  // not wired

void startNetwork() {
  SPI.begin(W5500_SCK_PIN, W5500_MISO_PIN, W5500_MOSI_PIN);
  if (!ETH.begin(ETH_PHY_W5500, 1, W5500_CS_PIN, W5500_INT_PIN, W5500_RESET_PIN, SPI)) {
    Serial.println("No W5500 answers: is it wired as the pins say?");
  }
}

bool isOnline() {
  if (ETH.hasIP()) {
    return true;
  }
  Serial.println(ETH.linkUp() ? "Waiting for DHCP" : "Is the Ethernet cable in?");
  return false;
}
