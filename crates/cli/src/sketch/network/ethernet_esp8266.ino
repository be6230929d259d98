// The network: Ethernet by a module on SPI (SCK 14, MISO 12, MOSI 13). The core makes it
// a network interface like Wi-Fi, so TLS and ESP8266httpUpdate go over it. Other Ethernet
// libraries bring a TCP/IP stack of their own that ESP8266httpUpdate cannot use.
#include <LwipEthernet.h>

const int @MODULE@_CS_PIN = 16;  // not 15: at power-on the chip reads there how to start

@DRIVER@ ethernet(@MODULE@_CS_PIN);

void startNetwork() {
  if (!ethInitDHCP(ethernet)) {
    Serial.println("No @MODULE@ answers: is it wired as the pins say?");
  }
}

bool isOnline() {
  if (ethernet.connected()) {
    return true;
  }
  Serial.println("No address yet: is the Ethernet cable in, and does the network have DHCP?");
  return false;
}
