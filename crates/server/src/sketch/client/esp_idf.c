/* ESP-IDF: call update_from_otary() now and then, from a task with 8 KiB of stack, once the network is up. */
#include <stdio.h>

#include "esp_app_desc.h"
#include "esp_https_ota.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_system.h"

static const char OTARY_ROOTS[] =
<ROOTS-IN-C>;

static const char OTARY_URL[] = "<BASE>/idf/<PRODUCT>";

void update_from_otary(void)
{
    uint8_t mac[6], sha256[32];
    ESP_ERROR_CHECK(esp_read_mac(mac, ESP_MAC_WIFI_STA));
    ESP_ERROR_CHECK(esp_partition_get_sha256(esp_ota_get_running_partition(), sha256));

    char url[384];
    int n = snprintf(url, sizeof url, "%s?chip=%s&version=%s&device=%02x%02x%02x%02x%02x%02x&sha256=", OTARY_URL,
                     CONFIG_IDF_TARGET, esp_app_get_description()->version, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    for (int i = 0; i < 32; i++) {
        n += snprintf(url + n, sizeof url - n, "%02x", sha256[i]);
    }

    const esp_http_client_config_t http = {
        .url = url,
        .cert_pem = OTARY_ROOTS,
        .timeout_ms = 30000,
        .buffer_size_tx = 1024,
        .keep_alive_enable = true,
    };
    const esp_https_ota_config_t ota = {.http_config = &http};
    esp_err_t result = esp_https_ota(&ota);
    if (result == ESP_OK) {
        esp_restart();
    } else if (result != ESP_ERR_HTTP_NOT_MODIFIED) {
        ESP_LOGW("otary", "no update: %s", esp_err_to_name(result));
    }
}
