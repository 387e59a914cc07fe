#!/bin/sh
# Takes out of an installed n8n what no server reads: maps, type declarations, pages about packages, libraries that are
# compiled into the editor already, binaries of other systems. Vendors' clients stay: n8n loads each at its start.
set -eu
cd "$1"
find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name 'CHANGELOG*' \
  -o -name 'README*' -o -name '*.tsbuildinfo' \) -delete
for package in element-plus reka-ui agent-browser playwright playwright-core; do
  find . -type d -path "*/node_modules/$package" -prune -exec rm -rf {} +
done
find . -type d -path '*/node_modules/@vueuse' -prune -exec rm -rf {} +
find . -type d \( -path '*/prebuilds/darwin-*' -o -path '*/prebuilds/win32-*' -o -path '*/prebuilds/android-*' \) \
  -prune -exec rm -rf {} +
find . -type d -path '*/node_modules/chromadb-js-bindings-*' -prune -exec rm -rf {} +
