# Random search: the best of known configurations is found, failed trials are passed over and counted,
# nothing depends on how the run went, and everything is told.
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$(dirname "$0")/common.sh"
command -v python3 > /dev/null || skip "no python3"
table data.csv

# the further off the fill, the worse: the best trial is the one drawn nearest to 0
cat > search.yaml <<END
lacuna: 1
name: search
data: {csv: {path: data.csv}}
split: {kfold: 2}
mask: {mcar: {rate: 0.2}}
model:
  - mean
  - fault:
      seconds: 0.3
      off: !random {from: 1.0, to: 5.0}
      how: !random {of: [none, none, none, fail, nan, abort]}
metrics: [rmse, mae]
search: {draws: 12}
END
expect 0 lacuna validate search.yaml
prints "4 cells"
prints "24 trials of searches before them"
expect 0 lacuna run search.yaml --dry-run
prints "fault draw 12, fold 2 (trial)"
says "4 cells, 24 trials of searches before them"

# trials that fail are passed over: the run has not failed
expect 0 lacuna run search.yaml -o whole -j 2
says "trials failed and were passed over"
prints "fault"
python3 - whole/results.sqlite <<'END' || fail "what is stored of the search is not what it should be"
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("SELECT count(*) FROM cells").fetchone() == (4,)
assert db.execute("SELECT count(*) FROM trials").fetchone() == (24,)
assert db.execute("SELECT count(*) FROM trials JOIN cells USING (id)").fetchone() == (0,)
assert db.execute("SELECT count(*) FROM metrics WHERE cell NOT IN (SELECT id FROM cells)").fetchone() == (0,)
for cell, params, search in db.execute("SELECT id, model_params, search FROM cells WHERE model = 'fault'"):
    assert json.loads(search) == {"draws": 12, "validation": 0.2, "model": "rmse"}, search
    rows = db.execute("SELECT s.rank, s.chosen, t.score, t.status, t.reason, t.draw,"
                      " max(CASE parameter WHEN 'model.fault.off' THEN value END),"
                      " max(CASE parameter WHEN 'model.fault.how' THEN value END)"
                      " FROM search s JOIN trials t ON t.id = s.trial JOIN drawn d ON d.trial = t.id"
                      " WHERE s.cell = ? GROUP BY t.id", (cell,)).fetchall()
    assert sorted(r[5] for r in rows) == list(range(1, 13)), rows
    good = [r for r in rows if r[7] == "none"]
    bad = [r for r in rows if r[7] != "none"]
    assert 2 < len(good) < 12, rows
    for rank, chosen, score, status, reason, draw, off, how in bad:
        assert rank is None and not chosen and score is None and reason, (status, reason)
        assert status == {"fail": "failed", "nan": "not-finite", "abort": "crash"}[how]
    # ranks follow the distance, the nearest is chosen and stands in the cell
    good.sort(key=lambda r: float(r[6]))
    assert [r[0] for r in good] == list(range(1, len(good) + 1)), good
    assert [r[1] for r in good] == [1] + [0] * (len(good) - 1), good
    assert json.loads(params)["off"] == float(good[0][6]), params
END

# every way to look at it
expect 0 lacuna results whole --trials
prints "how=none"
prints "asked to fail"
expect 0 lacuna results whole --trials --format csv
prints "model.off"
lacuna results whole --trials --format json | python3 -c "
import json, sys
rows = json.load(sys.stdin)
assert len(rows) == 24 and sum(r['chosen'] for r in rows) == 2
assert {r['stage'] for r in rows} == {'model'}" || fail "trials as JSON"
expect 0 lacuna results whole --format csv
[ "$(grep -c ',fault,' stdout)" -gt 0 ] || fail "the chosen model has no scores"
expect 0 lacuna report whole
grep -q 'id="search"' whole/report.html || fail "the report has no search"
python3 - whole <<'END' || fail "the page's search is not the stored one"
import re, sqlite3, sys
page = open(sys.argv[1] + "/report.html").read()
part = page[page.index('id="search"'):]
part = part[:part.index("</section>")]
assert "All trials" in part and (part.count("<svg") == 0 or "rmse by off" in part), "no figures"
# one search of two folds: 12 configurations, each with its rank by the mean over both
rows = re.findall(r"<tr>(.*?)</tr>", part[part.index("All trials"):], re.S)
cells = [[re.sub("<[^>]*>", "", c).strip() for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r, re.S)] for r in rows]
cells = {int(c[0].split()[1]): c for c in cells if c and c[0].startswith("draw ")}
db = sqlite3.connect(sys.argv[1] + "/results.sqlite")
means = dict(db.execute("SELECT draw, avg(score) FROM trials GROUP BY draw HAVING avg(score) IS NOT NULL"))
order = sorted(means, key=means.get)
assert len(cells) == 12, cells
for draw, c in cells.items():
    assert c[1] == (str(order.index(draw) + 1) if draw in means else "\N{EN DASH}"), (draw, c)
assert "2 of 2" in cells[order[0]], cells[order[0]]
END
grep -q 'asked to fail' whole/report.html || fail "the report does not say why trials failed"

# kill -9 in the middle, then go on: the same trials, ranks, choice and scores
stored_trials() {
    python3 -c "
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM trials').fetchone()[0])" "$1/results.sqlite"
}
trials() { lacuna results "$1" --trials --format csv | cut -d, -f2-27 | sort; }
numbers whole > whole.csv
trials whole > whole.trials
lacuna run search.yaml -o killed -j 2 > stdout 2> stderr &
run=$!
some_trials() { [ "$(stored_trials killed)" -ge 5 ]; }
wait_for 20 some_trials
kill -9 $run
wait $run 2> /dev/null || true
[ "$(stored killed)" -lt 4 ] || fail "nothing was left to do"
expect 0 lacuna run search.yaml -o killed --resume
trials killed > killed.trials
numbers killed > killed.csv
cmp whole.trials killed.trials || fail "the trials of a resumed run differ"
cmp whole.csv killed.csv || fail "the scores of a resumed run differ"
# crashed trials are tried again, and with them what depends on them; nothing else is
expect 0 lacuna run search.yaml -o whole --resume
numbers whole > again.csv
cmp whole.csv again.csv || fail "a second resume changed the scores"

# when every trial fails there is nothing to choose from: that is a failed cell, with a reason
expect 1 lacuna run search.yaml -o none --set 'model=[fault: {off: !random {from: 0.0, to: 1.0}, how: fail}]'
lacuna results none --format csv | grep -q "search: all 12 trials failed; the first: fault: asked to fail" ||
    fail "a search without a good trial is not explained"
expect 0 lacuna report none

# a crash of a limit is a trial's own
expect 0 lacuna run search.yaml -o late --set limits.time=3 --set 'model=[fault: {seconds: !random {of: [0, 30]}}]' -j 2
[ "$(lacuna results late --trials --format csv | grep -c ',timeout,')" -eq 2 ] || fail "no trial ran out of time"

# no search without anything to search
expect 2 lacuna run search.yaml -o empty --set 'model=[mean]'
says "there is nothing to draw"

# classifiers: chosen behind the model by what they predict
LACUNA_DATA=$root/experiments
export LACUNA_DATA
cat > species.yaml <<END
lacuna: 1
name: species
data: {csv: {path: data/penguins.csv, label: species}}
split: {holdout: 0.3, stratify: true}
mask: {mcar: {rate: 0.3}}
model: {knn: {k: !random {from: 1, to: 60}}}
metrics: [rmse, accuracy]
search: {draws: 4, metric: {model: rmse, downstream: accuracy}}
downstream:
  model: {mlp: {hidden: [16], epochs: !random {of: [1, 40]}}}
  optimizer: {adam: {rate: 0.01}}
END
expect 0 lacuna run species.yaml -o species
python3 - species/results.sqlite <<'END' || fail "the classifier chosen is not the one that learnt"
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
block, = db.execute("SELECT downstream FROM cells").fetchone()
assert json.loads(block)["params"]["epochs"] == 40, block
stages = dict(db.execute("SELECT stage, count(*) FROM search GROUP BY stage"))
assert stages == {"model": 4, "downstream": 2}, stages
END

# a test set of its own: its rows are the tests, all of them
head -n 41 data.csv > train.csv
{ head -n 1 data.csv; tail -n 20 data.csv; } > test.csv
cat > tests.yaml <<END
lacuna: 1
name: tests
data: {csv: {path: train.csv}}
split: {test: {csv: {path: test.csv}}}
mask: {mcar: {rate: 0.2, how: exact}}
model: mean
END
expect 0 lacuna run tests.yaml -o tests
python3 - tests/results.sqlite <<'END' || fail "the rows tested are not those of the test file"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("SELECT n_rows, split FROM cells").fetchone() == (60, "test test"), db.execute("SELECT n_rows, split FROM cells").fetchone()
END
sed 's/^a,b/b,a/' test.csv > swapped.csv
expect 1 lacuna run tests.yaml -o swapped --set split.test.csv.path=swapped.csv
lacuna results swapped --format csv | grep -q "split.test: .*column 1 is 'b', in .* it is 'a'" ||
    fail "other columns in the test file are not explained"

# and the same in one size more
cat >> tests.yaml <<END
profiles:
  desk: {}
  full: {repeats: 3, mask.mcar.rate: 0.4}
END
expect 0 lacuna run tests.yaml --set profile=full --dry-run
[ "$(wc -l < stdout)" -eq 3 ] || fail "the profile has other cells"
expect 0 lacuna run tests.yaml --set profile=full
[ -f results/tests-full/results.sqlite ] || fail "a profile has no folder of its own"
grep -q 'profile: full' results/tests-full/experiment.yaml || fail "the profile is not kept"
lacuna report results/tests-full -o full.html > /dev/null
grep -q 'profile full' full.html || fail "the report does not say which profile it was"
cp results/tests-full/experiment.yaml as-run.yaml
expect 0 lacuna run as-run.yaml --dry-run
[ "$(wc -l < stdout)" -eq 3 ] || fail "the experiment as run has other cells"
expect 2 lacuna run tests.yaml --set profile=ful
says "'ful' is not one of the profiles: desk, full"
exit 0
