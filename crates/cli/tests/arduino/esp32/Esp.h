// The chip itself.
#pragma once

#include <stdint.h>

class EspClass {
 public:
  void restart();
  uint64_t getEfuseMac();
};

extern EspClass ESP;
