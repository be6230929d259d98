// Arduino's String, as far as sketches of ours use it.
#pragma once

class __FlashStringHelper;

class String {
 public:
  String(const char *text = "");
  const char *c_str() const;

 private:
  const char *text;
};
