// A new firmware is on trial until the server has answered it: one that cannot ask could not be
// replaced over the air either. If it crashes, loses its power or has heard nothing by the end of
// the trial, the board restarts, and the bootloader goes back to the firmware before. That asks
// for the new one again; a server that sees it fail again and again holds it.
#include <Ticker.h>
#include <esp_ota_ops.h>

const float TRIAL_SECONDS = 15 * 60;

Ticker trial;  // it ends even if setup() or loop() hangs

// What the core asks before setup(). With no such function it keeps every firmware that starts.
extern "C" bool verifyRollbackLater() {
  return true;
}

bool isOnTrial() {
  esp_ota_img_states_t state;
  return esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK &&
         state == ESP_OTA_IMG_PENDING_VERIFY;
}

void endTrial() {
  Serial.println("No answer from the server: back to the firmware before");
  ESP.restart();
}

void startTrial() {
  if (isOnTrial()) {
    trial.once(TRIAL_SECONDS, endTrial);
  }
}

// The server has answered.
void keepFirmware() {
  if (trial.active()) {
    trial.detach();
    esp_ota_mark_app_valid_cancel_rollback();
    Serial.println("The server has answered: this firmware stays");
  }
}
