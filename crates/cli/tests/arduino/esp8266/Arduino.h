// What the Arduino IDE includes into every sketch.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "WString.h"
#include "IPAddress.h"
#include "Client.h"
#include "HardwareSerial.h"
#include "Esp.h"

#define PROGMEM __attribute__((section(".irom.text")))
#define F(text) (reinterpret_cast<const __FlashStringHelper *>(text))

static const uint8_t SS = 15;

long random(long howbig);
long random(long howsmall, long howbig);

void setup(void);
void loop(void);

extern "C" {
unsigned long millis(void);
void delay(unsigned long ms);
void yield(void);
}

void configTime(const char *tz, const char *server1, const char *server2 = nullptr, const char *server3 = nullptr);
void configTime(int timezone, int daylightOffset_sec, const char *server1, const char *server2 = nullptr,
                const char *server3 = nullptr);
void configTime(int timezone, int daylightOffset_sec, String server1, String server2 = String(),
                String server3 = String());
void configTime(const char *tz, String server1, String server2 = String(), String server3 = String());
