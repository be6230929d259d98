// The library EthernetESP32: Ethernet modules on SPI, with the calls of the classic Arduino library.
#pragma once

#include "Network.h"
#include "SPI.h"

enum EthernetLinkStatus { Unknown, LinkON, LinkOFF };
enum EthernetHardwareStatus { EthernetNoHardware, EthernetHardwareFound };

class EthDriver {
 public:
  virtual ~EthDriver();
};

class EthSpiDriver : public EthDriver {
 public:
  EthSpiDriver(int8_t cs = SS, int8_t irq = -1, int8_t rst = -1);
  void setSPI(SPIClass &spi);
  void setSpiFreq(uint8_t freqMHz);
};

class ENC28J60Driver : public EthSpiDriver {
 public:
  ENC28J60Driver(int8_t cs = SS, int8_t irq = -1, int8_t rst = -1);
};

class EthernetClass : public NetworkInterface {
 public:
  void init(EthDriver &driver);
  int begin(uint8_t *mac, unsigned long timeout = 60000);
  void begin(uint8_t *mac, IPAddress ip, IPAddress dns = IPAddress(), IPAddress gateway = IPAddress(),
             IPAddress subnet = IPAddress());
  int begin(unsigned long timeout = 60000);
  void begin(IPAddress ip, IPAddress dns = IPAddress(), IPAddress gateway = IPAddress(),
             IPAddress subnet = IPAddress());
  EthernetLinkStatus linkStatus();
  EthernetHardwareStatus hardwareStatus();
};

extern EthernetClass Ethernet;
