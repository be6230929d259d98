"""Makes and verifies signed objects with pycose, an implementation of RFC 9052 that knows nothing of ours.

Reads one line a question: `verify AAD KEY[,KEY] OBJECT` or `make AAD TAG SEED[,SEED] PAYLOAD`, all but TAG in hex.
Answers one line: the payload of a verified object, or the object that was made, in hex; or `no`.
"""

import hashlib
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pycose.algorithms import EdDSA
from pycose.headers import KID, Algorithm
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import CoseMessage, Sign1Message, SignMessage
from pycose.messages.signer import CoseSignature


def name(public):
    return hashlib.sha256(public).digest()[:8]


def pair(seed):
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return OKPKey(crv=Ed25519, x=public, d=seed)


def verify(aad, keys, signed):
    """The payload, if every signature is by the key that it names."""
    message = CoseMessage.decode(signed)
    keys = {name(key): OKPKey(crv=Ed25519, x=key) for key in keys}
    parts = message.signers if isinstance(message, SignMessage) else [message]
    for part in parts:
        part.external_aad = aad
        part.key = keys[part.uhdr[KID]]
        if not part.verify_signature():
            return None
    canonical = cbor2.dumps(cbor2.loads(message.payload), canonical=True)
    assert canonical == message.payload, "the payload is not in its shortest form"
    return message.payload


def make(aad, tag, seeds, payload):
    headers = [
        {"phdr": {Algorithm: EdDSA}, "uhdr": {KID: name(pair(seed).x)}, "external_aad": aad, "key": pair(seed)}
        for seed in seeds
    ]
    if tag == 98:
        return SignMessage(payload=payload, signers=[CoseSignature(**header) for header in headers]).encode()
    return Sign1Message(payload=payload, **headers[0]).encode()


for line in sys.stdin:
    what, aad, *rest = line.split()
    *middle, several, last = rest
    several = [bytes.fromhex(part) for part in several.split(",")]
    aad, last = bytes.fromhex(aad), bytes.fromhex(last)
    answer = verify(aad, several, last) if what == "verify" else make(aad, int(middle[0]), several, last)
    print(answer.hex() if answer else "no")
