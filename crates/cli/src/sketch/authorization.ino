  // In the core for ESP32 since 2023, late in 2.0.
  httpUpdate.setAuthorization("device", UPDATE_SECRET);
