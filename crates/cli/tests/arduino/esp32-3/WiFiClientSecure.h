// The name of a TLS connection in core 2.
#pragma once

#warning "WiFiClientSecure is called NetworkClientSecure now"
#include "NetworkClientSecure.h"

#define WiFiClientSecure NetworkClientSecure
