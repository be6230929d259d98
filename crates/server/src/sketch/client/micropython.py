# MicroPython, with https://github.com/glenn20/micropython-esp32-ota: call update_from_otary() now and then.
# Keep VERSION in the firmware (a frozen module), so that it changes with it.
import network
import ota.update
import requests

VERSION = "<VERSION>"
URL = "<BASE>/micropython/<PRODUCT>.json"


def update_from_otary():
    mac = network.WLAN(network.STA_IF).config("mac").hex()
    # The module wants a URL that ends in .json.
    url = URL + "?device=" + mac + "&version=" + VERSION + "&.json"
    if requests.get(url).json()["version"] != VERSION:
        ota.update.from_json(url)
