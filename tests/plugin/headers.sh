#!/bin/sh
# Every public function is named in a comment of its header. What frees, shares or copies a thing
# (_free, _unref, _ref, _dup, _clear) keeps to the conventions that the plugin author's guide states.
# usage: headers.sh INCLUDE-FOLDER
set -eu
awk '
function leave(  k, n, names) {
    n = split(declared, names, " ")
    for (k = 1; k <= n; k++)
        if (names[k] !~ /_(free|unref|ref|dup|clear)$/ &&
            comments !~ (names[k] "[^a-z0-9_]")) {
            print file ": " names[k] " has no comment that says what it takes and gives"
            bad = 1
        }
    declared = comments = ""
}
FNR == 1 { leave(); file = FILENAME; inside = waits = 0 }
/\/\*/ { inside = 1 }
inside { comments = comments $0 "\n" }
/\*\// { inside = 0; next }
inside { next }
/^LAC_API/ { waits = 1 }
waits && match($0, /lac_[a-z0-9_]+ *\(/) {
    name = substr($0, RSTART, RLENGTH)
    sub(/ *\($/, "", name)
    declared = declared " " name
    count++
    waits = 0
}
END {
    leave()
    if (count < 100) { print "only " count " functions found: the test does not see them"; bad = 1 }
    exit bad
}' "$1"/lacuna/*.h
