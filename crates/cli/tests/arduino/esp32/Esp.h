// The chip itself.
#pragma once

class EspClass {
 public:
  void restart();
};

extern EspClass ESP;
