#!/usr/bin/env bash
# What `make demo` does once gan-zoo is installed: train, score, and say how to use the result.
set -euo pipefail
cd "$(dirname "$0")/.."
zoo=.venv/bin/gan-zoo

number=1
while [ -e "runs/demo-$number" ]; do number=$((number + 1)); done
run=runs/demo-$number

"$zoo" run recipes/quickstart.yaml --out "$run"

echo
echo "Scores on the test split, beside the median picture of the training split:"
"$zoo" evaluate "$run" --baseline median

echo
echo "Translate pictures with it; these are the test inputs, yours can take their place:"
echo "  $zoo translate $run plugins/gan_zoo_data/emoji/A/test $run/translated"
