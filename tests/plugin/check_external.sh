#!/bin/sh
# The conformance suite on the model `external`: in full on a program registered as `check`, and a
# sentence where there is none. Limits of a run end the program and what it started.
# usage: check_external.sh BUILD-FOLDER
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lacuna=$1/bin/lacuna
worker=$(cd "$1" && pwd)/tests/external/external_worker
export LACUNA_IMPUTERS="$work/imputers.yaml" LACUNA_PLUGIN_PATH="$1/plugins"

fail() { echo "check_external: $*" >&2; cat "$work/log" >&2; exit 1; }

printf 'other: [%s]\n' "$worker" > "$LACUNA_IMPUTERS"
"$lacuna" check "$1/plugins/models/external.so" > "$work/log" 2>&1 || fail "fails without a program"
grep -q "0 failed" "$work/log" || fail "does not say that nothing failed"
"$lacuna" check -v "$1/plugins/models/external.so" > "$work/log" 2>&1
grep -q "not asked: external: no program is registered as 'check'" "$work/log" ||
    fail "does not say why it judges nothing"

# the user's own file, where the environment names no other
mkdir -p "$work/config/lacuna"
printf 'check: [%s, mean]\n' "$worker" > "$work/config/lacuna/imputers.yaml"
env -u LACUNA_IMPUTERS XDG_CONFIG_HOME="$work/config" "$lacuna" check -v \
    "$1/plugins/models/external.so" > "$work/log" 2>&1 || fail "the worker in imputers.yaml fails"
! grep -q "not asked: external" "$work/log" || fail "does not find the user's own imputers.yaml"

printf 'check: [%s, mean]\n' "$worker" > "$LACUNA_IMPUTERS"
"$lacuna" check -v "$1/plugins/models/external.so" > "$work/log" 2>&1 || fail "the worker fails"
! grep -q "not asked: external" "$work/log" || fail "judges nothing with a program registered"

# a program that breaks the rules is found out
printf 'check: [%s, nan]\n' "$worker" > "$LACUNA_IMPUTERS"
if "$lacuna" check "$1/plugins/models/external.so" > "$work/log" 2>&1; then fail "NaN passes"; fi
grep -q "it is not finite" "$work/log" || fail "does not say what is wrong"

# the whole program of the protocol's page
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' docs/external-imputers.md > "$work/page.py"
    printf 'page: [/usr/bin/python3, %s]\n' "$work/page.py" > "$LACUNA_IMPUTERS"
    "$lacuna" impute experiments/data/penguins.csv --model external --set command=page \
        -o "$work/penguins.csv" > "$work/log" 2>&1 || fail "the page's program fails"
    # column medians, by awk's own sorting of what is seen
    median=$(awk -F, 'NR > 1 && $3 != "NA" { print $3 }' experiments/data/penguins.csv | sort -n |
             awk '{ x[NR] = $1 } END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }')
    awk -F, -v m="$median" 'NR == 5 && $3 != m { exit 1 }' "$work/penguins.csv" ||
        fail "the page's program filled something else than the median $median"
else
    echo "passed over: the page's program needs numpy"
fi

# a run's time limit: Lacuna's own worker is killed, and the program with it
printf 'slow: [%s, hang, %s]\n' "$worker" "$work/pids" > "$LACUNA_IMPUTERS"
cat > "$work/slow.yaml" <<EOF
lacuna: 1
name: slow
seed: 1
data: [csv: {path: $(pwd)/experiments/data/penguins.csv}]
mask: {mcar: {rate: 0.2}}
model: [mean, external: {command: slow}]
metrics: [rmse]
limits: {time: 1 s}
EOF
status=0
"$lacuna" run "$work/slow.yaml" -o "$work/run" > "$work/log" 2>&1 || status=$?
[ "$status" -eq 1 ] || fail "status $status, expected 1: one cell failed"
[ -s "$work/pids" ] || fail "the program never came to hang"
read -r program helper < "$work/pids"
for pid in "$program" "$helper"; do
    tries=0
    while [ -d "/proc/$pid" ] && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ ! -d "/proc/$pid" ] || fail "process $pid outlives the run"
done
echo "conformance, faults and limits: as they should be"
