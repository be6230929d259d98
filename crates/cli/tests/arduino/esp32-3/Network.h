// Network interfaces, and connections over any of them.
#pragma once

#include "Arduino.h"
#include "NetworkClient.h"
#include "NetworkInterface.h"
