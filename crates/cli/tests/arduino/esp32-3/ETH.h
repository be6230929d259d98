// Ethernet: the chip's own MAC where it has one, and modules on SPI.
#pragma once

#include "Network.h"
#include "SPI.h"

#if CONFIG_ETH_USE_ESP32_EMAC
typedef enum {
  ETH_CLOCK_GPIO0_IN,
  ETH_CLOCK_GPIO0_OUT,
  ETH_CLOCK_GPIO16_OUT,
  ETH_CLOCK_GPIO17_OUT
} eth_clock_mode_t;
#endif

typedef enum {
#if CONFIG_ETH_USE_ESP32_EMAC
  ETH_PHY_LAN8720,
  ETH_PHY_TLK110,
  ETH_PHY_RTL8201,
  ETH_PHY_DP83848,
  ETH_PHY_KSZ8041,
  ETH_PHY_KSZ8081,
#endif
  ETH_PHY_DM9051,
  ETH_PHY_W5500,
  ETH_PHY_KSZ8851,
  ETH_PHY_MAX
} eth_phy_type_t;

typedef enum { SPI1_HOST = 0, SPI2_HOST = 1, SPI3_HOST = 2 } spi_host_device_t;

class ETHClass : public NetworkInterface {
 public:
  ETHClass(uint8_t eth_index = 0);
  ~ETHClass();

#if CONFIG_ETH_USE_ESP32_EMAC
  bool begin(eth_phy_type_t type, int32_t phy_addr, int mdc, int mdio, int power, eth_clock_mode_t clk_mode);
#endif
  bool begin(eth_phy_type_t type, int32_t phy_addr, int cs, int irq, int rst, SPIClass &spi,
             uint8_t spi_freq_mhz = 20);
  bool begin(eth_phy_type_t type, int32_t phy_addr, int cs, int irq, int rst, spi_host_device_t spi_host,
             int sck = -1, int miso = -1, int mosi = -1, uint8_t spi_freq_mhz = 20);

  // With these definitions before the header. Without them, the core's begin() only fails.
#if defined(ETH_PHY_TYPE) && defined(ETH_PHY_ADDR) && defined(ETH_PHY_MDC) && defined(ETH_PHY_MDIO) && \
    defined(ETH_PHY_POWER) && defined(ETH_CLK_MODE)
  bool begin() {
    return begin(ETH_PHY_TYPE, ETH_PHY_ADDR, ETH_PHY_MDC, ETH_PHY_MDIO, ETH_PHY_POWER, ETH_CLK_MODE);
  }
#endif
};

extern ETHClass ETH;
