// What the Arduino IDE includes into every sketch.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdkconfig.h"
#include "esp_arduino_version.h"
#include "WString.h"
#include "IPAddress.h"
#include "Client.h"
#include "HardwareSerial.h"
#include "Esp.h"
#include "pins_arduino.h"

#define PROGMEM
#define F(text) (reinterpret_cast<const __FlashStringHelper *>(text))

long random(long howbig);
long random(long howsmall, long howbig);

void setup(void);
void loop(void);

extern "C" {
unsigned long millis();
void delay(uint32_t ms);
void yield(void);
void configTime(long gmtOffset_sec, int daylightOffset_sec, const char *server1,
                const char *server2 = nullptr, const char *server3 = nullptr);
}
