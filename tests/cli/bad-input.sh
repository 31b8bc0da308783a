# Experiment files that cannot be: file:line:column, what was found, what was expected.
. "$(dirname "$0")/common.sh"

table data.csv
good() {
    cat <<'END'
lacuna: 1
name: good
data:
  - csv: {path: data.csv}
mask:
  - mcar: {rate: 0.2}
model: [mean]
metrics: [rmse]
END
}
good > good.yaml
expect 0 lacuna validate good.yaml
prints "good.yaml: 1 cells"

# refuse NAME SCRIPT WORDS...: good.yaml changed by the sed SCRIPT is refused, saying all WORDS
refuse() {
    good | sed "$2" > "$1.yaml"
    expect 2 lacuna validate "$1.yaml"
    name=$1
    shift 2
    for words in "$@"; do
        says "$words"
    done
    expect 2 lacuna run "$name.yaml" -o never
    [ ! -e never ] || fail "$name: a refused experiment left a folder"
}
refuse key 's/^model:/mehtod:/' "key.yaml:7:1" "unknown key 'mehtod'"
refuse near 's/^metrics:/metrcs:/' "near.yaml:8:1" "did you mean 'metrics'?"
refuse plugin 's/\[mean\]/[men]/' "plugin.yaml:7:9" "'men'" "mean"
refuse range 's/rate: 0.2/rate: 1.7/' "range.yaml:6:18" "1.7"
refuse type 's/rate: 0.2/rate: many/' "type.yaml:6:18" "many"
refuse param 's/rate: 0.2/raet: 0.2/' "param.yaml:6:12" "raet" "rate"
refuse version 's/^lacuna: 1/lacuna: 7/' "version.yaml:1:9" "schema version"
refuse noversion '/^lacuna/d' "noversion.yaml:1:1" "starts with \`lacuna: 1\`"
refuse missing '/^mask/,/mcar/d' "the key 'mask' is missing"
refuse file 's/data.csv/nothing.csv/' "file.yaml:4:17" "nothing.csv"
refuse twice 's/\[mean\]/[mean, mean]/' "'mean' is listed twice"
refuse shape 's/\[mean\]/{mean: {}, knn: {}}/' "shape.yaml:7:8" "is not a component"
refuse repeats '2a repeats: 0' "repeats.yaml:3:10" "outside [1,"
refuse split '2a split: {kfold: 1}' "kfold = 1 is outside"
refuse scale '2a scale: maxmin' "expected minmax, standard or none"
refuse limits '2a limits: {time: -1}' "not a positive number"
refuse downstream '2a downstream: {train_on: original}' "the key 'model' is missing"
refuse unsplit '2a downstream: {model: mlp}' "would be tested on the rows it learnt from"
refuse filler '2a downstream: {model: knn}' "predicts no labels"
refuse classifier 's/\[mean\]/[mlp]/' "classifier.yaml:7:9" "stands in the \`downstream:\` block"
refuse primary '2a report: {primary: mae}' "is not among the metrics"
refuse sweep 's/rate: 0.2/rate: !sweep 3/' "sweep.yaml:6:18" "!sweep wants a list"
refuse tag 's/rate: 0.2/rate: !swep [1]/' "tag.yaml:6:18"
refuse variable 's/data.csv/"${LACUNA_NO_SUCH}\/data.csv"/' "LACUNA_NO_SUCH, which is not set"
good | sed 's/rate: 0.2/rate: !range {from: 0, to: 1, step: 1e-9}/' > bomb.yaml
expect 2 lacuna validate bomb.yaml
says "at most"

# more than YAML can take
{
    echo 'a: &a [x, x, x, x, x, x, x, x, x]'
    previous=a
    for name in b c d e f g h i; do
        echo "$name: &$name [*$previous, *$previous, *$previous, *$previous, *$previous, *$previous]"
        previous=$name
    done
} > laughs.yaml
expect 2 lacuna validate laughs.yaml
says "laughs.yaml:"
echo 'a: &a [*a]' > cycle.yaml
expect 2 lacuna validate cycle.yaml
says "cycle.yaml:1:"
head -c 100000 /dev/zero | tr '\0' '[' > deep.yaml
expect 2 lacuna validate deep.yaml
head -c 4096 /dev/urandom > noise.yaml
expect 2 lacuna validate noise.yaml
: > empty.yaml
expect 2 lacuna validate empty.yaml
expect 2 lacuna validate nowhere.yaml
says "nowhere.yaml"

# the command line
expect 2 lacuna run
expect 2 lacuna run good.yaml good.yaml
expect 2 lacuna run good.yaml -j 0x
expect 2 lacuna run good.yaml --set mask
says "expected path=value"
expect 2 lacuna run good.yaml --set mask[7].mcar.rate=1
expect 2 lacuna run good.yaml --force --resume
expect 2 lacuna results good.yaml --format xml
says "expected table, csv or json"
expect 0 lacuna run good.yaml --dry-run
prints "data, mcar 0.2, mean"
