#!/usr/bin/env bash
# Checks the sources of the pages' scripts, and bundles them: build.sh FOLDER writes FOLDER/page.js,
# of the report, and FOLDER/ask.js, of the page that asks for labels.
# The tools go to FOLDER/node_modules in the versions of package-lock.json.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"
rm -rf "$folder/src"
cp -r src package.json package-lock.json build.mjs tsconfig.json eslint.config.js "$folder"
cd "$folder"
npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
npm run --silent check
npm run --silent build
