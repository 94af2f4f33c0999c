#!/bin/sh
# Puts Microsoft's SARIF Multitool, which `cargo xtask sarif` runs, into .oracle/sarif at the root of the workspace, and
# nothing anywhere else. It is a program for Linux on x86-64 of about 95 MB, which npm carries; it needs no .NET. Does
# nothing a second time.
set -eu
version=5.7.0
target=$(cd "$(dirname "$0")/../../.." && pwd)/.oracle/sarif
package=$target/node_modules/@microsoft/sarif-multitool-linux

if ! grep -qs "\"version\": \"$version\"" "$package/package.json"; then
    command -v npm >/dev/null || {
        echo "install.sh: npm is missing: it installs the SARIF Multitool" >&2
        exit 1
    }
    mkdir -p "$target"
    npm install --prefix "$target" --no-save --no-audit --no-fund --ignore-scripts \
        "@microsoft/sarif-multitool-linux@$version"
fi
# What the script of the package would do.
chmod u+x "$package/Sarif.Multitool"
