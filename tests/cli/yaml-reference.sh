# docs/yaml-reference.md is what the plugins say of themselves; `ninja -C build yaml-reference`
# writes it again.
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/common.sh"

LACUNA_PLUGIN_PATH=${LACUNA_PLUGIN_PATH%%:*}
XDG_DATA_HOME=$scratch
export LACUNA_PLUGIN_PATH XDG_DATA_HOME
expect 0 lacuna schema --markdown

# a plugin that is built only where its library is may be missing here, with its section
for cmake in "$root"/plugins/*/*/CMakeLists.txt; do
    folder=$(dirname "$cmake")
    kind=$(basename "$(dirname "$folder")")
    if grep -q '_FOUND)' "$cmake" && [ ! -e "$LACUNA_PLUGIN_PATH/$kind/$(basename "$folder").so" ]; then
        basename "$folder"
    fi
done > absent
awk 'FILENAME == "absent" { absent["`" $1 "`"] = 1; next }
     /^##/ { name = $NF; skip = ("`" name in absent) }
     !skip' absent "$root/docs/yaml-reference.md" > reference
cmp "$scratch/stdout" reference ||
    fail "docs/yaml-reference.md is out of date: ninja -C build yaml-reference"
expect 0 lacuna schema
prints '"$schema"'
prints 'json-schema.org/draft/2020-12/schema'
