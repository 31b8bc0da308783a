#!/bin/sh
# Each plugin shows the world one symbol, lac_plugin, and liblacuna.so only names with its own prefix.
# Asked of nm, not of ourselves.
# usage: exports.sh BUILD-FOLDER
set -u
status=0
number=0

# names that start with an underscore are the compiler's and its sanitizers'
shown() {
    nm -D --defined-only "$1" | awk '$3 !~ /^_/ {print $3}'
}

library=$1/lib/liblacuna.so
foreign=$(shown "$library" | grep -v '^lac_' | tr '\n' ' ')
if [ -n "$foreign" ]; then
    echo "$library exports names without its prefix: $foreign"
    status=1
fi
[ "$(shown "$library" | grep -c '^lac_')" -gt 100 ] || { echo "$library: nm does not see what it exports"; status=1; }
for file in "$1"/plugins/*/*.so; do
    [ -f "$file" ] || continue
    number=$((number + 1))
    names=$(shown "$file" | tr '\n' ' ')
    if [ "$names" != "lac_plugin " ]; then
        echo "$file exports: $names"
        status=1
    fi
done
echo "$number plugins"
[ "$number" -gt 0 ] || status=1
exit $status
