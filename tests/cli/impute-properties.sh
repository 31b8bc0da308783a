# Random tables, judged by parsers that are not Lacuna's; see impute-properties.py.
. "$(dirname "$0")/common.sh"

command -v python3 > /dev/null || skip "no python3"
expect 0 python3 "$here/impute-properties.py" 60
prints "60 tables hold"
