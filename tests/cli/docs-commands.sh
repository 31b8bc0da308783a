#!/bin/sh
# Every command of README.md and docs/*.md runs: the ```sh blocks of each page, in order, in a scratch
# folder that holds a copy of experiments/. Commands of cmake/bootstrap.sh are what CI itself types
# (.ci/run); here only their being there is checked.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() { echo "docs-commands: $*" >&2; exit 1; }

# the shell code of page $1
commands_of() {
    awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$1"
}

run_page() {
    page=$1
    work=$scratch/$(basename "$page" .md)
    mkdir -p "$work"
    cp -r "$root/experiments" "$work/"
    { echo 'set -eux'; commands_of "$page" | grep -v '^sh cmake/bootstrap.sh' || true; } > "$work/commands.sh"
    (cd "$work" && sh commands.sh > log 2>&1) || { cat "$work/log" >&2; fail "a command of $page failed"; }
    echo "$(basename "$page"): $(commands_of "$page" | grep -c .) lines ran"
}

for page in "$root"/README.md "$root"/docs/*.md; do
    # the plugin guide's project is built by its own test, against an installed Lacuna
    [ "$(basename "$page")" = plugin-guide.md ] || run_page "$page"
done

commands_of "$root/README.md" | grep '^sh cmake/bootstrap.sh' | while read -r line; do
    grep -qF "$line" "$root/.ci/run" || fail "README says '$line', which .ci/run does not type"
done

# the README's YAML is the file its commands run
awk '/^```yaml$/ { on = 1; next } /^```$/ { on = 0 } on' "$root/README.md" > "$scratch/readme.yaml"
cmp "$scratch/readme.yaml" "$root/experiments/five-lines.yaml" ||
    fail "README's YAML differs from experiments/five-lines.yaml"
