// The SPI bus.
#pragma once

class SPIClass {
 public:
  SPIClass();
  void begin();
};

extern SPIClass SPI;
