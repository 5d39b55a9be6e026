#!/usr/bin/env bash
# Compares the constructs with hand-written resources, or with "trust" the reading of what they make with making it; BENCH_SAMPLES sets the samples of each figure.
set -euo pipefail
cd "$(dirname "$0")/.."
# What users run is compiled JavaScript: a TypeScript loader would double the cost of one arm more than of the other.
npx tsc --build
# Below the package's root, so that the benchmark finds the library by its own name and exports.
npx tsc -p bench/tsconfig.json
node "cdktf.out/bench/${1:-main}.js"
