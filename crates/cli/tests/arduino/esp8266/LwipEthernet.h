// Ethernet modules on SPI as network interfaces.
#pragma once

#include "ESP8266WiFi.h"
#include "SPI.h"

enum EthernetLinkStatus { Unknown, LinkON, LinkOFF };

class Wiznet5500 {
 public:
  Wiznet5500(int8_t cs = SS, SPIClass &spi = SPI, int8_t intr = -1);
};

class ENC28J60 {
 public:
  ENC28J60(int8_t cs = SS, SPIClass &spi = SPI, int8_t intr = -1);
};

template <class RawDev>
class LwipIntfDev : public RawDev {
 public:
  LwipIntfDev(int8_t cs = SS, SPIClass &spi = SPI, int8_t intr = -1);
  bool begin(const uint8_t *macAddress = nullptr, const uint16_t mtu = 1500);
  bool connected();
  IPAddress localIP() const;
  void setDefault(bool deflt = true);
  wl_status_t status();
  EthernetLinkStatus linkStatus();
};

using Wiznet5500lwIP = LwipIntfDev<Wiznet5500>;
using ENC28J60lwIP = LwipIntfDev<ENC28J60>;

template <class EthImpl>
bool ethInitDHCP(EthImpl &eth) {
  return eth.begin();
}
