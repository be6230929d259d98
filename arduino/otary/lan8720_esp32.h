// The network: Ethernet by a LAN8720 on the RMII of a classic ESP32. The core, 2 as well as 3,
// makes it a network interface like Wi-Fi, so TLS and HTTPUpdate go over it. Boards that have it
// built in (WT32-ETH01, Olimex) are known to the core; for others, this is the usual wiring.
#ifndef ETH_PHY_MDC
#ifndef CONFIG_IDF_TARGET_ESP32
#error "Only a classic ESP32 is wired like this. A chip without RMII takes a W5500."
#endif
#define ETH_PHY_TYPE ETH_PHY_LAN8720
#define ETH_PHY_ADDR 0
#define ETH_PHY_MDC 23
#define ETH_PHY_MDIO 18
#define ETH_PHY_POWER -1  // not wired
#define ETH_CLK_MODE ETH_CLOCK_GPIO0_IN
#endif
#include <ETH.h>

void startNetwork() {
  if (!ETH.begin()) {
    Serial.println("No LAN8720 answers: is it wired as the definitions say?");
  }
}

bool isOnline() {
  if (ETH.linkUp() && uint32_t(ETH.localIP()) != 0) {
    return true;
  }
  Serial.println(ETH.linkUp() ? "Waiting for DHCP" : "Is the Ethernet cable in?");
  return false;
}
