#!/bin/sh
# The experiments of experiments/papers: every profile of every file is a valid experiment, and the desk profile runs to
# its end on a handful of rows: 330 pictures made up here in MNIST's place, the heads of the small tables.
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/common.sh"
command -v python3 > /dev/null || skip "no python3"

mkdir -p experiments/data data/mnist
cp -r "$root/experiments/papers" experiments/
for file in "$root"/experiments/data/*.csv; do
    head -n 81 "$file" > "experiments/data/$(basename "$file")"
done
python3 - data/mnist <<'END'
import gzip, random, struct, sys
random.seed(1)
dots = [random.sample(range(28 * 28), 150) for digit in range(10)]  # each class has its own
for part, rows in (("train", 300), ("t10k", 30)):
    labels = [i % 10 for i in range(rows)]
    pixels = bytearray()
    for digit in labels:
        image = bytearray(28 * 28)
        for j in dots[digit]:
            image[j] = random.randint(120, 255)
        pixels += image
    with gzip.open(f"{sys.argv[1]}/{part}-images-idx3-ubyte.gz", "wb") as out:
        out.write(struct.pack(">BBBBIII", 0, 0, 8, 3, rows, 28, 28) + pixels)
    with gzip.open(f"{sys.argv[1]}/{part}-labels-idx1-ubyte.gz", "wb") as out:
        out.write(struct.pack(">BBBBI", 0, 0, 8, 1, rows) + bytes(labels))
END
LACUNA_DATA=$scratch/data
export LACUNA_DATA

# names under `profiles:`
profiles_of() {
    awk '/^profiles:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z-]+:/ { sub(":.*", "", $1); print $1 }' "$1"
}

# the same experiment with one epoch and few samples
shorten() {
    sed -E 's/epochs: [0-9]+/epochs: 1/g; s/(_samples: )[0-9]+/\12/g; s/(_samples: !sweep) \[[^]]*\]/\1 [1, 3]/
            s/repeats: [0-9]+/repeats: 1/; s/refit: [0-9]+/refit: 1/g; s/hidden: \[(200|512|128), \1\]/hidden: [8]/g
            s/imputations: \[1, 100\]/imputations: [1, 2]/
            s/rate: !sweep \[0.5, 0.7, 0.9\]/rate: 0.5/' "$1" > "$2"
}

for file in experiments/papers/*/*.yaml; do
    [ -n "$(profiles_of "$file")" ] || fail "$file has no profiles"
    for profile in $(profiles_of "$file"); do
        expect 0 lacuna run "$file" --dry-run --set "profile=$profile"
        says " cells"
    done
    short=${file%.yaml}-short.yaml
    shorten "$file" "$short"
    expect 0 lacuna run "$short" -o "out/$short" --set limits.threads=1
    says " done, in "
done
