// esp32FOTA: put this into the sketch, and raise FIRMWARE_VERSION with every release.
#include <WiFi.h>
#include <esp32FOTA.hpp>

#define FIRMWARE_VERSION "<VERSION>"

const char ROOTS[] = R"PEM(
<ROOTS>
)PEM";

esp32FOTA fota("<PRODUCT>", FIRMWARE_VERSION);
CryptoMemAsset roots("roots", ROOTS, sizeof ROOTS);

void setupUpdates() {
  fota.setRootCA(&roots);
  fota.setManifestURL("<BASE>/fota/<PRODUCT>.json?version=" FIRMWARE_VERSION);
  // Adds ?id=, by which otary knows the device.
  fota.useDeviceId(true);
}

void checkForUpdates() {
  if (fota.execHTTPcheck()) {
    fota.execOTA();
  }
}
