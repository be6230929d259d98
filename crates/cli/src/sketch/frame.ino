// A firmware that updates itself over the air from an otary server.
// Written by `otary sketch` for @BOARD@.
//
@WARNING@
// Fill in how it reaches the network, upload it once by cable, and watch it in the serial
// monitor at 115200 baud. From then on it asks the server every minute for something newer than
// FIRMWARE_VERSION, and installs it.
//
// Your own program goes into setup() and loop(). Keep the rest in every version that you
// publish: a firmware without it is the last one that the device takes over the air.
//
// Needs @NEEDS@.
@RESOLVES@
#include <Arduino.h>
#include <time.h>

@CLIENT@

// The server compares this with its releases: raise it with every version that you publish.
#define FIRMWARE_VERSION "@VERSION@"

// Where the server is asked. It cannot see which chip asks, so the sketch says it.
#define UPDATE_URL "@URL@?chip=" UPDATE_CHIP
@SECRET@

const unsigned long POLL_MS = 60000;    // a minute; with many devices, a quarter of an hour
const unsigned long RETRY_MS = 30000;   // after a failure
const unsigned long OFFLINE_MS = 5000;  // while there is no network

@NETWORK@
@NAMES@
@TRUST@

// Sets the clock, so that TLS can tell whether a certificate is out of date. An ESP8266 trusts
// nobody before it knows the time; the core for ESP32 does not look at dates. @TIME@
void setClock() {
  const time_t past = 1700000000;  // November 2023; a clock that nobody set counts from 1970
  Serial.print("Waiting for NTP time sync: ");
  if (time(nullptr) < past) {
    configTime(0, 0, @TIME_SERVERS@);  // UTC
  }
  for (int tries = 0; tries < 20 && time(nullptr) < past; tries++) {
    delay(500);
    Serial.print(".");
  }
  Serial.println();
  time_t now = time(nullptr);
  if (now < past) {
    Serial.println("No time server answers: trying without the time");
    return;
  }
  Serial.print("Current time: ");
  Serial.print(asctime(gmtime(&now)));
}

// Asks once, installs what is offered, and says in how many milliseconds to ask again.
unsigned long checkForUpdate() {
  setClock();
  SecureClient client;
  trust(client);

@AUTHORIZATION@
  httpUpdate.rebootOnUpdate(false);  // it restarts below, when the result has been printed
  Serial.println("Update start now!");
  switch (httpUpdate.update(client, UPDATE_URL, FIRMWARE_VERSION)) {
    case HTTP_UPDATE_FAILED:
      // -1 is all that the library says of a server that is off, a name that is wrong or a
      // certificate that is not trusted. The server's log says which it was.
      Serial.printf("HTTP_UPDATE_FAILD Error (%d): %s\n", httpUpdate.getLastError(),
                    httpUpdate.getLastErrorString().c_str());
      Serial.printf("Retry in %lusecs!\n", RETRY_MS / 1000);
      return RETRY_MS;

    case HTTP_UPDATE_NO_UPDATES:
      Serial.println("HTTP_UPDATE_NO_UPDATES");
      break;

    case HTTP_UPDATE_OK:
      Serial.println("HTTP_UPDATE_OK");
      delay(1000);
      ESP.restart();
      break;
  }
  return POLL_MS;
}

unsigned long nextCheck = 0;

void setup() {
  Serial.begin(115200);
  Serial.print("\n\n\n");
  for (int t = 4; t > 0; t--) {
    Serial.printf("[SETUP] WAIT %d...\n", t);
    Serial.flush();
    delay(1000);
  }
  Serial.print("Firmware version ");
  Serial.println(FIRMWARE_VERSION);
  startNetwork();
@START_NAMES@
  // Your own setup goes here.
}

void loop() {
  // Your own program goes here. It must come back soon: nothing is updated while it runs.

  if (long(millis() - nextCheck) >= 0) {
    unsigned long pause = isOnline() ? checkForUpdate() : OFFLINE_MS;
    nextCheck = millis() + pause;
  }
}
