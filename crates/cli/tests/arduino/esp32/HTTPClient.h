// HTTP; nothing of it is used but by HTTPUpdate.
#pragma once

class HTTPClient;
