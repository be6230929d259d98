"""Facts about firmware files from tools that otary did not write, as JSON.

Reads lines of "<oracle> <path>" and prints one object: the line -> its facts. The vendor's tools are run as commands, never
imported; the rules that they do not know (ESP8266) are computed here in a few lines of their own.
"""

import binascii
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import littlefs


def run(module, *args):
    command = [sys.executable, "-m", module, *args]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "500", "NO_COLOR": "1"})
    return done.returncode, done.stdout


def image_info(path):
    """What `esptool image-info` prints, line by line."""
    code, text = run("esptool", "image-info", path)
    if code != 0:
        return {"refused": True}
    facts = dict(re.findall(r"^([A-Z][\w -]+?): *(.*)$", text, re.M))
    rows = re.findall(r"^ +\d+ +(0x\w+) +(0x\w+) +(0x\w+) ", text, re.M)
    facts["segments"] = [[int(x, 16) for x in (address, offset, length)] for length, address, offset in rows]
    return facts


def carved(path):
    """The bootloader and the first app of a dump that begins at flash offset 0, cut out by the table at 0x8000."""
    data = open(path, "rb").read()
    rows = [struct.unpack("<2sBBII16sI", data[at : at + 32]) for at in range(0x8000, 0x8C00, 32)]
    offset, size = next((row[3], row[4]) for row in rows if row[0] == b"\xaa\x50" and row[1] == 0)
    parts = {"bootloader": data[0x1000:0x8000], "app": data[offset : offset + size]}
    return {name: on_file(image_info, part) for name, part in parts.items()} | {"offset": offset}


def rows(path):
    """The rows of a partition table, which esp-idf-part refuses when they have no MD5 row."""
    data = open(path, "rb").read()
    table = [struct.unpack("<2sBBII16sI", data[at : at + 32]) for at in range(0, len(data), 32)]
    return {"rows": [[row[5].rstrip(b"\0").decode(), row[3], row[4]] for row in table if row[0] == b"\xaa\x50"]}


def on_file(oracle, data):
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(data)
        file.flush()
        return oracle(file.name)


def signature_info(path):
    """The blocks that `espsecure signature-info-v2` calls valid: kind and key digest."""
    _, text = run("espsecure", "signature-info-v2", path)
    kinds = re.findall(r"^Signature block (\d) is valid \((\w+)\)", text, re.M)
    digests = re.findall(r"^Public key digest for block \d: ([0-9a-f ]+)$", text, re.M)
    return {"blocks": [[kind, digest.replace(" ", "")] for (_, kind), digest in zip(kinds, digests)]}


def trailer_v1(path):
    """A Secure Boot V1 trailer. espsecure can only verify it, with a key that is not here: the layout, by hand."""
    data = open(path, "rb").read()
    at = 24
    for _ in range(data[1]):
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    at = at // 16 * 16 + 16 + 32 * data[23]
    return {"offset": at, "version": struct.unpack_from("<I", data, at)[0], "left": len(data) - at}


def walk(data, at):
    """An ESP8266 image: segments, computed and stored checksum, end."""
    count, at, checksum, segments = data[at + 1], at + 8, 0xEF, []
    for _ in range(count):
        address, length = struct.unpack_from("<II", data, at)
        segments.append([address, at + 8, length])
        for byte in data[at + 8 : at + 8 + length]:
            checksum ^= byte
        at += 8 + length
    end = at // 16 * 16 + 16
    return segments, checksum, data[end - 1], end


def crc_mpeg2(data):
    """CRC-32 with its highest bit first: zlib's over mirrored bytes, mirrored back and not inverted."""
    mirror = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    return int(f"{binascii.crc32(data.translate(mirror)) ^ 0xFFFFFFFF:032b}"[::-1], 2)


def esp8266_facts(data):
    if data[:2] == b"\xea\x04":
        flash = struct.unpack_from("<II", data, 8)
        segments, computed, stored, end = walk(data, 16 + flash[1])
        crc = binascii.crc32(data[:end])
        crc = crc ^ 0xFFFFFFFF if crc & 0x80000000 else crc + 1
        right = computed == stored and crc == struct.unpack_from("<I", data, end)[0]
        return {"kind": "sdk", "segments": [[flash[0], 16, flash[1]], *segments], "right": right, "end": end + 4}
    segments, computed, stored, end = walk(data, 0)
    if len(data) <= 0x1000 or data[0x1000] != 0xE9:
        return {"kind": "rom", "segments": segments, "right": computed == stored, "end": end}
    right = computed == stored
    zeroed = bytearray(data)
    length, crc = struct.unpack_from("<II", data, 0x1010)
    has_words = length == len(data)
    if has_words:
        zeroed[0x1010:0x1018] = bytes(8)
        right = right and crc_mpeg2(bytes(zeroed)) == crc
    segments, computed, stored, end = walk(zeroed, 0x1000)
    right = right and computed == stored
    return {"kind": "arduino", "segments": segments, "right": right, "end": end, "length_and_crc": has_words}


def esp8266(path):
    return esp8266_facts(open(path, "rb").read())


def unzipped(path):
    """A gzip file: its name and what is inside, by Python's own reader."""
    with open(path, "rb") as file:
        reader = gzip.GzipFile(fileobj=file)
        data = reader.read()
        file.seek(10)
        name = file.read(256).split(b"\0")[0].decode()
    return esp8266_facts(data) | {"name": name, "len": len(data), "crc32": binascii.crc32(data)}


def little_fs(path):
    """The superblock, after littlefs itself has mounted the image."""
    data = open(path, "rb").read()
    filesystem = littlefs.LittleFS(block_size=4096, block_count=len(data) // 4096, mount=False)
    filesystem.context.buffer = bytearray(data)
    filesystem.mount()
    return filesystem.fs_stat()._asdict() | {"files": len(filesystem.listdir("/"))}



ORACLES = {
    "image-info": image_info,
    "carved": carved,
    "signature-info": signature_info,
    "trailer-v1": trailer_v1,
    "rows": rows,
    "esp8266": esp8266,
    "unzipped": unzipped,
    "littlefs": little_fs,
}

if __name__ == "__main__":
    answers = {}
    for line in sys.stdin.read().splitlines():
        oracle, path = line.split(" ", 1)
        answers[line] = ORACLES[oracle](path)
    json.dump(answers, sys.stdout)
