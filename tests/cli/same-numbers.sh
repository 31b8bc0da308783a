# The numbers of real methods do not depend on how many workers there are, on what else is in the
# file, or on where the folder lies.
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/common.sh"

cat > real.yaml <<END
lacuna: 1
name: real
limits: {threads: 1}
data: {csv: {path: data/concrete.csv}}
split: {kfold: 2}
mask: [mcar, mar]
model: [mean, knn, em, mice]
metrics: [rmse, crps]
draws: 4
END
LACUNA_DATA=$root/experiments
export LACUNA_DATA
expect 0 lacuna run real.yaml -o one -j 1
expect 0 lacuna run real.yaml -o three -j 3
numbers one > one.csv
[ "$(wc -l < one.csv)" -gt 100 ] || fail "too few rows"
numbers three > three.csv
cmp one.csv three.csv || fail "three workers give other numbers than one"

mkdir elsewhere
cp -r "$root/experiments/data" elsewhere/
sed 's/\[mcar, mar\]/mar/; s/\[mean, .*/[mice]/' real.yaml > elsewhere/real.yaml
unset LACUNA_DATA
expect 0 lacuna run elsewhere/real.yaml -o few
numbers few | grep ',mice,' > few.csv
grep ',mar,' one.csv | grep ',mice,' | cmp - few.csv ||
    fail "mice gives other numbers when other methods are not there"
