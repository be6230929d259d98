// The chip itself.
#pragma once

class EspClass {
 public:
  static void restart();
};

extern EspClass ESP;
