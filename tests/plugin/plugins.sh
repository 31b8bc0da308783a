#!/bin/sh
# lacuna plugins, describe, check: what they print and how they end.
# usage: plugins.sh BUILD-FOLDER
set -eu
build=$(cd "$1" && pwd)
lacuna=$build/bin/lacuna
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export XDG_CACHE_HOME="$work/cache" LACUNA_PLUGIN_PATH="$build/plugins" LACUNA_PLUGIN_TIMEOUT=2
cd "$work"

fail() {
    echo "FAILED: $*"
    exit 1
}
# ends STATUS COMMAND...
ends() {
    want=$1
    shift
    got=0
    "$@" > out 2> err || got=$?
    [ "$got" -eq "$want" ] || { cat out err; fail "exit $got, expected $want: $*"; }
}

ends 0 "$lacuna" plugins
grep -q '^models$' out || fail 'no heading models'
grep -q '^  mean  *Column means of the seen cells$' out || fail 'mean is not listed'
ends 0 "$lacuna" plugins models --format tsv
grep -q '^models	mean	ok	Column means' out || fail 'tsv'
ends 0 "$lacuna" plugins --format json
python3 -m json.tool out > /dev/null || fail 'plugins: no JSON'
ends 2 "$lacuna" plugins things
grep -q "'things' is no kind of plugin" err || fail 'kind'

ends 0 "$lacuna" describe mean --kind models
grep -q 'trim: number \[0, 0.5\], in share, default 0' out || fail 'describe text'
ends 0 "$lacuna" describe mean --kind model --format json
python3 - <<'PY' || fail 'describe json'
import json
(mean,) = json.load(open("out"))
(trim,) = mean["parameters"]
assert mean["name"] == "mean" and mean["kind"] == "models", mean
assert trim["lower"] == 0 and trim["upper"] == 0.5 and trim["default"] == "0", trim
PY
ends 0 "$lacuna" describe mean --kind models --format markdown
grep -q '^| `trim` | number | `0` | \[0, 0.5\] | share |' out || fail 'describe markdown'
ends 2 "$lacuna" describe meam
grep -q "did you mean 'mean'?" err || fail 'suggestion'
ends 2 "$lacuna" describe
ends 2 "$lacuna" describe mean --format xml

# files that crash, hang or lie do not stop the list; they are named, and the exit status tells
export LACUNA_PLUGIN_PATH="$build/tests/bad"
ends 1 "$lacuna" plugins models
grep -q '^  good ' out || fail 'good is not listed'
grep -q 'crashing.so: crashed: Segmentation fault' err || fail 'crash is not told'
grep -q 'looping.so: did not come to an end within 2 s' err || fail 'loop is not told'
ends 1 "$lacuna" check "$build/tests/bad/models/two-symbols.so"
grep -q 'FAILED.*exports lac_plugin and nothing else' out || fail 'check'
ends 0 "$lacuna" check "$build/tests/bad/models/good.so"
ends 1 "$lacuna" check "$work/nowhere.so"
ends 2 "$lacuna" check
echo done
