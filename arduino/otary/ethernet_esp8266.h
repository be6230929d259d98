// The network: Ethernet by a module on SPI (SCK 14, MISO 12, MOSI 13). The core makes it
// a network interface like Wi-Fi, so TLS and ESP8266httpUpdate go over it. Other Ethernet
// libraries bring a TCP/IP stack of their own that ESP8266httpUpdate cannot use.
#include <LwipEthernet.h>

const int ETHERNET_CS_PIN = 16;  // not 15: at power-on the chip reads there how to start

#if defined(ETHERNET_W5500)
Wiznet5500lwIP ethernet(ETHERNET_CS_PIN);
#elif defined(ETHERNET_ENC28J60)
ENC28J60lwIP ethernet(ETHERNET_CS_PIN);
#else
#error "An ESP8266 has no RMII, which a LAN8720 needs: take a W5500 or an ENC28J60."
#endif

void startNetwork() {
  if (!ethInitDHCP(ethernet)) {
    Serial.println("The Ethernet module does not answer: is it wired as the pins say?");
  }
}

bool isOnline() {
  if (ethernet.connected()) {
    return true;
  }
  Serial.println("No address yet: is the Ethernet cable in, and does the network have DHCP?");
  return false;
}
