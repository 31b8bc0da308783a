#!/bin/sh
# Runs the conformance suite on every plugin that was built; a link beside a file of several
# components names one of them, and the suite goes through all of a file.
# usage: check_plugins.sh BUILD-FOLDER
set -u
status=0
number=0
for file in "$1"/plugins/*/*.so; do
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    number=$((number + 1))
    # readers also meet a file of theirs, cut short
    seed=
    case $file in
        */readers/csv.so) seed=experiments/data/penguins.csv ;;
        */readers/idx.so) seed=tests/fuzz/corpus/idx/images.idx ;;
        */readers/npy.so) seed=tests/fuzz/corpus/npy/f8.npy ;;
        */readers/npz.so) seed=tests/fuzz/corpus/npz/one.npz ;;
    esac
    "$1/bin/lacuna" check -q ${seed:+--sample "$seed"} "$file" > "$1/check.log" 2>&1 || {
        echo "$file"
        cat "$1/check.log"
        status=1
    }
done
echo "$number plugins"
[ "$number" -gt 0 ] || status=1
exit $status
