#!/bin/sh
# Rewrites the parameter tables of plugin READMEs from the plugins themselves: what stands between
# the lines "<!-- parameters -->" and "<!-- /parameters -->" of plugins/<kind>/<name>/README.md.
# usage: cmake/update-readmes.sh [--check] [BUILD-FOLDER]      (default: build)
# With --check nothing is written; exit 1 names the READMEs that differ from the code.
set -eu
check=
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
source=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$source/build}" && pwd)
export LACUNA_PLUGIN_PATH="$build/plugins"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
status=0

for readme in "$source"/plugins/*/*/README.md; do
    [ -f "$readme" ] || continue
    folder=$(dirname "$readme")
    name=$(basename "$folder")
    kind=$(basename "$(dirname "$folder")")
    if grep -q '_FOUND)' "$folder/CMakeLists.txt" && [ ! -e "$build/plugins/$kind/$name.so" ]; then
        continue # its library is not installed here
    fi
    if ! grep -q '^<!-- parameters -->$' "$readme" || ! grep -q '^<!-- /parameters -->$' "$readme"; then
        echo "$kind/$name/README.md: lacks the lines <!-- parameters --> and <!-- /parameters -->"
        status=1
        continue
    fi
    "$build/bin/lacuna" describe "$name" --kind "$kind" --format markdown > "$work/table"
    awk -v table="$work/table" '
        /^<!-- \/parameters -->$/ { inside = 0 }
        !inside { print }
        /^<!-- parameters -->$/ {
            inside = 1
            while ((getline line < table) > 0) print line
        }' "$readme" > "$work/readme"
    if cmp -s "$work/readme" "$readme"; then
        continue
    fi
    if [ -n "$check" ]; then
        echo "$kind/$name/README.md: its parameters differ from the code; run cmake/update-readmes.sh"
        status=1
    else
        cat "$work/readme" > "$readme"
        echo "$kind/$name/README.md: rewritten"
    fi
done
exit $status
