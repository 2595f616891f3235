#!/usr/bin/env bash
# Brings the browser that the tests of pages drive: Debian's own Chromium, and letters for right-to-left languages.
# Without it those tests are skipped and say why; nothing else needs it.
set -euo pipefail
exec </dev/null 1>&2

say() { printf 'setup: %s\n' "$*"; }

for name in "${RETOUR_CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && exit 0
done
packages=(chromium fonts-noto-core)
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing ${packages[*]} for the tests of pages"
    apt-get update -qq || true
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; then
        exit 0
    fi
    say "they could not be installed: the tests of pages will be skipped"
else
    say "no Chromium here: the tests of pages will be skipped. On Debian: sudo apt-get install ${packages[*]}"
fi
