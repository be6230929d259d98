// Arduino's address of a host. The conversion to a number is all that sketches of ours use of it.
#pragma once

#include <stdint.h>

class IPAddress {
 public:
  IPAddress();
  IPAddress(uint8_t first, uint8_t second, uint8_t third, uint8_t fourth);
  IPAddress(uint32_t address);
  operator uint32_t() const;
  bool operator==(const IPAddress &other) const;
  bool operator!=(const IPAddress &other) const;

 private:
  uint32_t address;
};
