#!/bin/sh
# Runs the conformance suite on every plugin that was built.
# usage: check_plugins.sh BUILD-FOLDER
set -u
status=0
number=0
for file in "$1"/plugins/*/*.so; do
    [ -f "$file" ] || continue
    number=$((number + 1))
    "$1/bin/lacuna" check -q "$file" > "$1/check.log" 2>&1 || {
        echo "$file"
        cat "$1/check.log"
        status=1
    }
done
echo "$number plugins"
[ "$number" -gt 0 ] || status=1
exit $status
