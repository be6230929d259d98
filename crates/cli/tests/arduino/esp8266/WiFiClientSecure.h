// The TLS connection without its namespace, as ESP8266WiFi.h has it.
#pragma once

#include "WiFiClientSecureBearSSL.h"

using namespace BearSSL;
