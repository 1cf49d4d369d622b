#!/usr/bin/env bash
# What `make demo` does once gan-zoo is installed: train, score, and say how to go on.
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

"$zoo" report "$run" > /dev/null  # with the scores of the test split

echo
echo "Look at it: open $PWD/$run/report.html in a browser."
echo
echo "What to type next: translate pictures (these are the test inputs, yours can take their place),"
echo "train it in another way, compare the two on one page:"
echo "  $zoo translate $run plugins/gan_zoo_data/emoji/A/test $run/translated"
echo "  $zoo run recipes/quickstart.yaml --set generator.upsampling=nearest --out $run-nearest"
echo "  $zoo report $run $run-nearest"
