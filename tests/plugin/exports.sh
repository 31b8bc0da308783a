#!/bin/sh
# Each plugin shows the world one symbol, lac_plugin. Asked of nm, not of ourselves.
# usage: exports.sh BUILD-FOLDER
set -u
status=0
number=0
for file in "$1"/plugins/*/*.so; do
    [ -f "$file" ] || continue
    number=$((number + 1))
    # names that start with an underscore are the compiler's and its sanitizers'
    names=$(nm -D --defined-only "$file" | awk '$3 !~ /^_/ {print $3}' | tr '\n' ' ')
    if [ "$names" != "lac_plugin " ]; then
        echo "$file exports: $names"
        status=1
    fi
done
echo "$number plugins"
[ "$number" -gt 0 ] || status=1
exit $status
