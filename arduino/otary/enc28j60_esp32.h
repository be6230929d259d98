// The network: Ethernet by an ENC28J60 module on SPI. No ESP32 core has a driver for it; its
// authors refused one, since chip and driver have too many faults, so for a new design take a
// W5500. The library EthernetESP32 has one and makes it a network interface like Wi-Fi, so TLS
// and HTTPUpdate go over it. EthernetENC and UIPEthernet do not serve: they bring a TCP/IP stack
// of their own that HTTPUpdate cannot use.
#if ESP_ARDUINO_VERSION_MAJOR < 3
#error "EthernetESP32 needs the ESP32 core 3.0 or newer: update it in the boards manager."
#endif
#include <EthernetESP32.h>

// How the module is wired, besides your board's SCK, MISO and MOSI (on a classic ESP32 18, 19
// and 23).
const int ENC28J60_CS_PIN = 5;
const int ENC28J60_INT_PIN = 4;

ENC28J60Driver driver(ENC28J60_CS_PIN, ENC28J60_INT_PIN);

void startNetwork() {
  Ethernet.init(driver);
  Ethernet.begin(10000UL);  // waits for an address, at most so many milliseconds
  if (Ethernet.hardwareStatus() == EthernetNoHardware) {
    Serial.println("No ENC28J60 answers: is it wired as the pins say?");
  }
}

bool isOnline() {
  if (Ethernet.hasIP()) {
    return true;
  }
  Serial.println(Ethernet.linkUp() ? "Waiting for DHCP" : "Is the Ethernet cable in?");
  return false;
}
