# `pio run -t ota`: builds the firmware and pushes it to otary.
#
# In platformio.ini:
#
#   extra_scripts = platformio_ota.py
#   custom_otary_product = lamp
#   custom_otary_version = 0.3                  ; without: what `git describe` says
#   custom_otary_server = https://updates.lan:3444
#   custom_otary_ca = page-ca.pem
#   custom_otary_token_file = ci.token          ; or the token itself in OTARY_TOKEN
#
# Without a server, `otary push` works on the data directory of this machine (custom_otary_data, else its own default).
import subprocess

Import("env")  # noqa: F821, PlatformIO gives it


def option(name):
    return env.GetProjectOption("custom_otary_" + name, "")  # noqa: F821


def version():
    said = option("version")
    return said or subprocess.check_output(["git", "describe", "--tags", "--always", "--dirty"], text=True).strip()


def command(firmware):
    words = [option("binary") or "otary", "push", firmware, "--product", option("product"), "--version", version()]
    for name, flag in [("server", "--server"), ("ca", "--ca"), ("token_file", "--token-file"), ("data", "--data")]:
        if option(name):
            words += [flag, option(name)]
    return words


def push(source, target, env):
    # SCons fails the build for what is not zero.
    return subprocess.call(command(str(source[0])))


env.AddCustomTarget(  # noqa: F821
    name="ota",
    dependencies="$BUILD_DIR/${PROGNAME}.bin",
    actions=push,
    title="OTA",
    description="Push the firmware to otary",
)
