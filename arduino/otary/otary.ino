// The sketch that `otary sketch` prints, as a folder for the Arduino IDE: a firmware that updates
// itself over the air from an otary server, on every ESP32 and on the ESP8266, by Wi-Fi or by
// cable. `otary sketch` joins the files of one form and fills them in for your server. By hand:
// choose the form in form.h, and fill in what stands in <ANGLE-BRACKETS> here, in trust.h and in
// the file of your network.

#include <Arduino.h>
#include <time.h>

#include "form.h"
#if defined(ESP8266)
#include "client_esp8266.h"
#else
#include "client_esp32.h"
#endif

// The server compares this with its releases: raise it with every version that you publish.
#define FIRMWARE_VERSION "0.1"

// Where the server is asked. It cannot see which chip asks, so the sketch says it.
#define UPDATE_URL "https://<YOUR-SERVER>:3443/update?chip=" UPDATE_CHIP
#if defined(WITH_SECRET)
#include "secret.h"
#endif

// Each pause is a quarter shorter or longer, at random, so that devices which started together
// do not ask together.
const unsigned long POLL_MS = 60000;             // a minute; with many devices, 15 minutes
const unsigned long FIRST_RETRY_MS = 15000;      // after a failure, then twice as long each time
const unsigned long LAST_RETRY_MS = 15 * 60000;  // up to a quarter of an hour
const unsigned long OFFLINE_MS = 5000;           // while there is no network

#if !defined(ETHERNET_W5500) && !defined(ETHERNET_ENC28J60) && !defined(ETHERNET_LAN8720)
#include "wifi.h"
#elif defined(ESP8266)
#include "ethernet_esp8266.h"
#elif defined(ETHERNET_W5500)
#include "w5500_esp32.h"
#elif defined(ETHERNET_ENC28J60)
#include "enc28j60_esp32.h"
#else
#include "lan8720_esp32.h"
#endif

#if defined(SERVER_IN_LOCAL) && !defined(ESP8266)
#include "names_esp32.h"
#endif

#include "clock.h"

#include "trust.h"

#if !defined(ESP8266)
#include "trial_esp32.h"
#endif

// A pause of about this length.
unsigned long about(unsigned long ms) {
  return ms - ms / 4 + random(ms / 2);
}

// Asks once, installs what is offered, and says in how many milliseconds to ask again.
unsigned long checkForUpdate() {
  static unsigned long retry = FIRST_RETRY_MS;
  setClock();
  SecureClient client;
  trust(client);

#if defined(WITH_SECRET)
  // In the core for ESP32 since 2023, late in 2.0.
  httpUpdate.setAuthorization("device", UPDATE_SECRET);
#endif
  httpUpdate.rebootOnUpdate(false);  // it restarts below, when the result has been printed
#if !defined(ESP8266)
  httpUpdate.onStart(keepFirmware);  // what comes now is written over the firmware before
#endif
  Serial.println("Update start now!");
  switch (httpUpdate.update(client, UPDATE_URL, FIRMWARE_VERSION)) {
    case HTTP_UPDATE_FAILED: {
      // -1 is all that the library says of a server that is off, a name that is wrong or a
      // certificate that is not trusted. The server's log says which it was.
      Serial.printf("HTTP_UPDATE_FAILD Error (%d): %s\n", httpUpdate.getLastError(),
                    httpUpdate.getLastErrorString().c_str());
      unsigned long pause = about(retry);
      retry = retry < LAST_RETRY_MS / 2 ? 2 * retry : LAST_RETRY_MS;
      Serial.printf("Retry in %lusecs!\n", pause / 1000);
      return pause;
    }

    case HTTP_UPDATE_NO_UPDATES:
      Serial.println("HTTP_UPDATE_NO_UPDATES");
#if !defined(ESP8266)
      keepFirmware();
#endif
      break;

    case HTTP_UPDATE_OK:
      Serial.println("HTTP_UPDATE_OK");
      delay(1000);
      ESP.restart();
      break;
  }
  retry = FIRST_RETRY_MS;
  return about(POLL_MS);
}

unsigned long nextCheck = 0;

void setup() {
  Serial.begin(115200);
#if !defined(ESP8266)
  startTrial();
#endif
  Serial.print("\n\n\n");
  for (int t = 4; t > 0; t--) {
    Serial.printf("[SETUP] WAIT %d...\n", t);
    Serial.flush();
    delay(1000);
  }
  Serial.print("Firmware version ");
  Serial.println(FIRMWARE_VERSION);
  startNetwork();
#if defined(SERVER_IN_LOCAL) && !defined(ESP8266)
  startNames();
#endif

  // Your own setup goes here.
}

void loop() {
  // Your own program goes here. It must come back soon: nothing is updated while it runs.

  if (long(millis() - nextCheck) >= 0) {
    unsigned long pause = isOnline() ? checkForUpdate() : OFFLINE_MS;
    nextCheck = millis() + pause;
  }
}
