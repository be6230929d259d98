"""What Schemathesis cannot know of this API: texts in languages of its own, and what a refusal means.

A request that is right by the description may still be refused for what is there already, or is not: no schema says that. So that
every such request is accepted is not asked (`positive_data_acceptance`). What is asked instead is that it can be read: the codes
of the refusals tell the two apart.
"""

import re
import zlib

import schemathesis
from hypothesis import strategies
from schemathesis.specs.openapi import checks

TEXTS = {
    "plan": ["100%", "3,50%,100%", "2.5%,100%"],
    "query": ["chip = esp32", "not stranger and seen < 7d", "product = lamp"],
    "share": ["1", "20", "2.5%", "100%"],
    "time-zone": ["UTC", "Europe/Berlin"],
    "window": ["22:00-04:00 Europe/Berlin", "mon-fri,sun 00:00-24:00 UTC"],
}
for format, texts in TEXTS.items():
    schemathesis.openapi.format(format, strategies.sampled_from(texts))

# Who guesses tokens is soon told to wait: that is a refusal, too.
checks.AUTH_REJECTION_STATUSES = frozenset({401, 403, 429})

# A lamp of a release, on its way in a campaign.
THERE = {"product": "lamp", "version": "0.1", "mac": "24:6F:28:AA:BB:CC", "number": 1}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Has every other request that is right by the description ask for what is there."""
    named = path_parameters or {}
    product, mac, number = (named.get(name) for name in ("product", "mac", "number"))
    is_name = isinstance(product, str) and re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", product)
    is_mac = isinstance(mac, str) and re.fullmatch(r"[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}", mac)
    is_number = isinstance(number, int) and 0 <= number < 2**32
    if (is_name or is_mac or is_number) and zlib.crc32(repr(sorted(named.items())).encode()) % 2 == 0:
        return {name: THERE.get(name, value) for name, value in named.items()}
    return path_parameters


@schemathesis.check
def what_the_description_allows_can_be_read(ctx, response, case):
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    problem = response.json()
    # A number of 8.0 is an integer to a schema, and none to a reader of integers.
    if "floating point" in problem["detail"]:
        return
    assert not problem["code"].startswith("unreadable-"), f"right by the description, and yet {problem['detail']}"
