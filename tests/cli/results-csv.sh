# The run as a tidy table: what pandas.read_csv and readr::read_csv take as it is. Checked without
# either: fields by a CSV reader in awk; and with them where they are installed.
. "$(dirname "$0")/common.sh"

mkdir data
printf 'x,"b ""q"", c",k\n1,10,a\n2,20,b\n3,30,a\n4,40,\n5,50,b\n6,60,a\n' > 'data/O"Brien, A.csv'
cat > e.yaml << 'END_YAML'
lacuna: 1
name: 'tidy, "quoted"'
data: {csv: {path: 'data/O"Brien, A.csv'}}
scale: none
mask: {mcar: {rate: 0.4}}
model: [mean, {fault: {how: exit}}, {knn: {k: !sweep [1, 2]}}]
metrics: [crps, rmse]
END_YAML
expect 1 lacuna run e.yaml -o run -q
expect 0 lacuna results run --format csv
cp stdout run.csv

# rows of fields, joined by "|": quotes taken off as RFC 4180 says
awk '{
    line = $0; n = 0; field = ""; quoted = 0; out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (quoted && c == "\"" && substr(line, i + 1, 1) == "\"") { field = field c; i++ }
        else if (c == "\"") quoted = !quoted
        else if (c == "," && !quoted) { out = out field "|"; field = ""; n++ }
        else field = field c
    }
    if (quoted) { print "open quote in row " NR; exit 1 }
    print out field
    if (NR == 1) fields = n
    if (n != fields) { print "row " NR " has " n + 1 " fields, the head " fields + 1; exit 1 }
}' run.csv > fields || fail "no rectangle: $(tail -1 fields)"

head -1 fields | tr '|' '\n' > head
cat > head.expected << 'END_HEAD'
run
cell
status
reason
data
family
data_sha256
n_rows
n_cols
split
fold
mask
mechanism
rate_asked
rate_realised
scale
initial
model
model_label
optimizer
repeat
seed
metric
part
column_name
value
value_status
value_reason
direction
target
unit
scope
needs
judges
valid
n_cells
draws
fit_s
apply_s
cpu_s
peak_rss_mib
threads
contended
host
version
started
finished
mask.rate
END_HEAD
head -48 head | cmp -s - head.expected || fail "other columns: $(head -48 head | diff - head.expected)"

# columns NAME...: of every row, by their names
columns() {
    awk -F'|' -v names="$*" '
        NR == 1 { n = split(names, want, " "); for (i = 1; i <= NF; i++) at[$i] = i; next }
        { for (i = 1; i <= n; i++) printf "%s%s", $at[want[i]], i < n ? "|" : "\n" }' fields
}

# The same holes on any machine. By hand: filled with means, x errs by 3 in its one hole, b by a sum of
# squares of 1300 in its three: 3, (1300 / 3)^(1/2) and (1309 / 4)^(1/2). A failed cell has one row.
columns run data scale mask.rate model_label status metric column_name value_status judges valid |
    LC_ALL=C sort > rows
cmp -s rows "$here/data/results-csv.expected" ||
    fail "other rows: $(diff rows "$here/data/results-csv.expected")"
columns model_label metric column_name value | grep '^mean|rmse' | cut -d'|' -f3- > rows
printf '%s\n' 'x|3' 'b "q", c|20.81665999466133' '|18.090052515125542' > wanted
cmp -s rows wanted || fail "other values: $(diff rows wanted)"

# one row a value
columns cell metric part column_name | sort | uniq -d > twice
[ ! -s twice ] || fail "more than one row a value: $(cat twice)"

# what is not known is empty, never a word; numbers are numbers
columns value n_cells draws fit_s apply_s threads contended repeat seed n_rows rate_asked |
    tr '|' '\n' | grep -vE '^(-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?)?$' > words || true
[ ! -s words ] || fail "not a number and not empty: $(head -3 words)"
grep -qE '(^|\|)(NULL|null|nan|NaN|NA|None)(\||$)' fields && fail "a word for what is not known"
LC_ALL=C grep -q "$(printf '\r')" run.csv && fail "carriage returns"
head -c 3 run.csv | grep -q '^run' || fail "a byte order mark"

if python3 -c 'import pandas' 2> /dev/null; then
    python3 - << 'END_PYTHON' || fail "pandas reads it otherwise"
import pandas
t = pandas.read_csv("run.csv")
assert t["run"].unique().tolist() == ['tidy, "quoted"'], t["run"].unique()
assert t["data"].unique().tolist() == ['O"Brien, A'], t["data"].unique()
for name in ("value", "fit_s", "apply_s", "cpu_s", "peak_rss_mib", "rate_asked", "rate_realised"):
    assert t[name].dtype == "float64", (name, t[name].dtype)
for name in ("repeat", "seed", "n_rows", "n_cols", "threads", "contended"):
    assert t[name].dtype.kind in "if", (name, t[name].dtype)
assert t.value.notna().sum() == (t.value_status == "ok").sum()
failed = t[t.status != "ok"]
assert len(failed) == 1 and failed.metric.isna().all() and failed.reason.notna().all()
assert set(t["model.k"].dropna()) == {1.0, 2.0}
wide = t[t.column_name.isna() & (t.metric == "rmse")].pivot(index="data", columns="model_label", values="value")
assert wide.shape == (1, 3), wide
END_PYTHON
fi
if Rscript -e 'library(readr)' > /dev/null 2>&1; then
    Rscript -e '
        t <- suppressMessages(readr::read_csv("run.csv", show_col_types = FALSE))
        stopifnot(nrow(readr::problems(t)) == 0, unique(t$run) == "tidy, \"quoted\"",
                  unique(t$data) == "O\"Brien, A", is.numeric(t$value), is.numeric(t$fit_s),
                  is.numeric(t$seed), is.character(t$metric), inherits(t$started, "POSIXct"),
                  sum(!is.na(t$value)) == sum(t$value_status == "ok", na.rm = TRUE))' \
        > stdout 2> stderr || fail "readr reads it otherwise"
fi
