// The clock, set by SNTP so that TLS can tell whether a certificate is out of date. The core for
// ESP32 does not look at dates; an ESP8266 trusts nobody whose certificate is not valid at the
// time that it takes for now.

// The eve of the day on which this was built ("Nov 28 2026"). No true clock is before it.
time_t buildTime() {
  const char *date = __DATE__;
  const char *months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const char month[] = {date[0], date[1], date[2], '\0'};
  struct tm day = {};
  day.tm_mon = int(strstr(months, month) - months) / 3;
  day.tm_mday = atoi(date + 4) - 1;  // it may be a later day where it was built
  day.tm_year = atoi(date + 7) - 1900;
  return mktime(&day);
}

// A clock that nobody set counts from 1970; one that is before the build is not believed either.
bool isClockSet() {
  return time(nullptr) >= buildTime();
}

// Waits for a time server, for ten seconds at most.
void setClock() {
  Serial.print("Waiting for NTP time sync: ");
  if (!isClockSet()) {
#if defined(SERVER_TELLS_TIME)
    // The update server tells the time too, also in a network without Internet.
    configTime(0, 0, "<YOUR-SERVER>", "pool.ntp.org", "time.nist.gov");  // UTC
#else
    // A network without Internet needs its own time server here.
    configTime(0, 0, "pool.ntp.org", "time.nist.gov");  // UTC
#endif
  }
  for (int tries = 0; tries < 20 && !isClockSet(); tries++) {
    delay(500);
    Serial.print(".");
  }
  Serial.println();
  if (!isClockSet()) {
    Serial.println("No time server answers: trying without the time");
    return;
  }
  time_t now = time(nullptr);
  Serial.print("Current time: ");
  Serial.print(asctime(gmtime(&now)));
}
