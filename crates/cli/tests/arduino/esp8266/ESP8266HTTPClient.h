// HTTP; nothing of it is used but by ESP8266httpUpdate.
#pragma once

class HTTPClient;
