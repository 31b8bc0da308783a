# A classifier after imputation: its metrics, what is stored, and what does not depend on what.
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/common.sh"
command -v python3 > /dev/null || skip "no python3"
LACUNA_DATA=$root/experiments
export LACUNA_DATA

cat > species.yaml <<END
lacuna: 1
name: species
data: {csv: {path: data/penguins.csv, label: species}}
split: {kfold: 3, stratify: true}
mask: {mcar: {rate: 0.3}}
model: [mean, em]
metrics: [rmse, accuracy, cross-entropy, class-distribution]
report: {primary: accuracy}
downstream:
  model: {mlp: {hidden: [16], epochs: 30}}
  optimizer: {adam: {rate: 0.01}}
  train_on: imputed
  imputations: 3
END
expect 0 lacuna run species.yaml --dry-run
prints "penguins, mcar 0.3, em, then mlp, fold 1"
expect 0 lacuna run species.yaml -o species
prints "accuracy (higher is better)"


# most penguins are told apart even with 30 % of the cells imputed; always saying Adelie gives 0.44
python3 - species/results.sqlite <<END || fail "the stored scores are not what they should be"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for model in ("mean", "em"):
    score = dict(db.execute("SELECT metric, avg(value) FROM metrics JOIN cells ON cells.id = cell"
                            " WHERE model = ? AND column_name IS NULL GROUP BY metric", (model,)))
    assert 0.85 < score["accuracy"] < 1, (model, score)
    assert 0 < score["cross-entropy"] < 0.6, (model, score)
    assert 0 <= score["class-distribution"] <= 1 - score["accuracy"] + 1e-12, (model, score)
import json
block = json.loads(db.execute("SELECT DISTINCT downstream FROM cells").fetchone()[0])
assert block["model"] == "mlp" and block["params"]["hidden"] == [16], block
assert block["optimizer_params"]["rate"] == 0.01 and block["imputations"] == 3, block
# a model that does not draw has one completion, and that is said
said = db.execute("SELECT model, count(*) FROM events JOIN cells ON cells.id = cell"
                  " WHERE code = 'single-completion' GROUP BY model").fetchall()
assert said == [("mean", 3)], said
END

# each row is predicted once, and the accuracy is that of the predictions kept
cat species/artifacts/*/predictions.csv | grep -v row | cut -d, -f1 | sort -n | uniq -c |
    awk '$1 != 2 { bad = 1 } END { exit bad || NR != 344 }' || fail "not every row was predicted once"

# the report compares the two row by row
expect 0 lacuna report species
python3 - species <<END || fail "the report's comparison of rows is not that of the predictions"
import csv, glob, os, re, sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/results.sqlite")
right = {"mean": {}, "em": {}}
for cell, model in db.execute("SELECT id, model FROM cells"):
    for row in csv.DictReader(open(f"{sys.argv[1]}/artifacts/{cell}/predictions.csv")):
        right[model][row["row"]] = row["label"] == row["predicted"]
em = sum(right["em"][r] and not right["mean"][r] for r in right["em"])
mean = sum(right["mean"][r] and not right["em"][r] for r in right["em"])
assert em + mean > 0
page = open(sys.argv[1] + "/report.html").read()
part = page[page.index("row for row</summary>"):]
cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", part[part.index("<tbody>"):part.index("</tbody>")])
words = [re.sub("<[^>]*>", "", c).strip() for c in cells]
counts = [em, mean] if "em" in words[0] else [mean, em]
assert words[2:4] == [str(n) for n in counts], (words, counts)
z = (counts[0] - counts[1]) / sum(counts) ** 0.5
assert abs(float(words[4].replace("\N{MINUS SIGN}", "-")) - z) < 0.006, (words, z)
END

# the same numbers whatever else is in the file; another classifier is another cell
expect 0 lacuna run species.yaml -o alone --set 'model=[em]' --set metrics='[accuracy]'
for dir in species alone; do
    for file in "$dir"/artifacts/*/predictions.csv; do cat "$file" | cksum; done | sort > "$dir.sums"
done
comm -13 species.sums alone.sums | grep -q . && fail "em's classifier depends on other models"
lacuna run species.yaml --dry-run | sort > here
lacuna run species.yaml --dry-run --set downstream.train_on=original | sort > there
comm -12 here there | grep -q . && fail "train_on is not part of a cell's identity"

# with the rows as they were, complete ones are wanted; these data have holes of their own
expect 1 lacuna run species.yaml -o original --set downstream.train_on=original
lacuna results original --format csv | grep -q "missing in the data themselves" ||
    fail "holes in the original rows are not explained"

# labels that are not there
expect 1 lacuna run species.yaml -o nolabels --set 'data={csv: {path: data/concrete.csv}}' \
    --set 'split={holdout: 0.3}'
lacuna results nolabels --format csv | grep -q "no row has a label" || fail "missing labels"

# metrics of predictions without a classifier
expect 0 lacuna run "$root/experiments/five-lines.yaml" -o none --set 'metrics=[rmse, accuracy]'
lacuna results none --format csv | grep -q "no .downstream:. classifier" || fail "not applicable"
exit 0
