# docs/yaml-reference.md is what the plugins say of themselves; `ninja -C build yaml-reference`
# writes it again.
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/common.sh"

LACUNA_PLUGIN_PATH=${LACUNA_PLUGIN_PATH%%:*}
XDG_DATA_HOME=$scratch
export LACUNA_PLUGIN_PATH XDG_DATA_HOME
expect 0 lacuna schema --markdown
cmp "$scratch/stdout" "$root/docs/yaml-reference.md" ||
    fail "docs/yaml-reference.md is out of date: ninja -C build yaml-reference"
expect 0 lacuna schema
prints '"$schema"'
prints 'json-schema.org/draft/2020-12/schema'
