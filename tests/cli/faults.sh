# Whatever a model does, the cell is recorded with the reason and the sweep goes on.
. "$(dirname "$0")/common.sh"

table data.csv
cat > faults.yaml <<'END'
lacuna: 1
name: faults
data: {csv: {path: data.csv}}
mask: {mcar: {rate: 0.2}}
model:
  - fault: {how: !sweep [segv, abort, exit, kill, hog, nan, touch, fail, silent, chatter, none]}
  - mean
metrics: rmse
limits: {time: 500, memory: 400 MiB}  # time enough for all of this on a busy machine
END
expect 1 lacuna run faults.yaml -o out -j 2
says "9 failed"
lacuna results out --format json > rows

# state MODEL-LABEL STATUS WORDS
state() {
    grep -F "\"model_label\":\"$1\"" rows > row || fail "no row of '$1'"
    grep -qF "\"status\":\"$2\"" row || fail "'$1' is not '$2': $(cat row)"
    grep -qF -- "$3" row || fail "'$1' does not say '$3': $(cat row)"
}
state "fault how=segv" crash "signal 11"
state "fault how=abort" crash "the model lost its mind"
state "fault how=exit" crash "status 5"
state "fault how=kill" crash "signal 9"
state "fault how=hog" memory "more than 400 MiB"
state "fault how=nan" not-finite "which is not finite"
state "fault how=touch" failed "changed the observed cell"
state "fault how=fail" failed "asked to fail on 60 rows"
state "fault how=silent" failed "without saying why"
state "fault how=chatter" ok '"metric":"rmse"'
state "fault how=none" ok '"metric":"rmse"'
state "mean" ok '"metric":"rmse"'

# resumed: crashes are tried again, the other failures are left alone
expect 1 lacuna run faults.yaml -o out --resume
says "4 cells done (8 were there), 4 failed"
expect 1 lacuna run faults.yaml -o out --retry-failed
says "9 cells done (3 were there), 9 failed"

# what hangs is ended at the limit
sed 's/how: .*\]/how: hang/; s/time: 500/time: 2/; /^  - mean/d' faults.yaml > hang.yaml
expect 1 lacuna run hang.yaml -o hang
lacuna results hang --format json > rows
state fault timeout "longer than 2 s"
state fault timeout '"fit_s":2,'

# --fail-fast starts nothing more
cat > many.yaml <<'END'
lacuna: 1
data: {csv: {path: data.csv}}
mask: {mcar: {rate: 0.2}}
model: {fault: {how: fail, which: !range {from: 1, to: 50, step: 1}}}
END
expect 1 lacuna run many.yaml -o fast --fail-fast
says "1 failed, 49 left"

# what would not fit is refused before it starts, in the words of the limit
cat > large.yaml <<'END'
lacuna: 1
data: {csv: {path: data.csv}}
mask: {mcar: {rate: 0.2}}
model: [mean, mice: {imputations: 100000}]
metrics: rmse
END
expect 1 lacuna run large.yaml -o large --max-memory '400 MiB'
lacuna results large --format json > rows
state "mice" memory "mice needs about"
state "mice" memory "more than 400 MiB, the limit (limits.memory, --max-memory)"
state "mean" ok '"metric":"rmse"'
expect 2 lacuna run large.yaml -o never --max-memory lots
says "memory: 'lots' is not a positive number of MiB"

# a training that blows up: its reason names the step, and the model of its last good epoch is an artifact
cat > steep.yaml <<'END'
lacuna: 1
data: {csv: {path: data.csv}}
mask: {mcar: {rate: 0.2}}
model: {missiwae: {epochs: 40, batch: 60, likelihood: gaussian, activation: none, train_samples: 5}}
optimizer: {sgd: {rate: 0.3}}
metrics: rmse
END
expect 1 lacuna run steep.yaml -o steep
says "10 times in a row"
says "the last good one, is in artifacts/"
expect 0 lacuna impute data.csv --load steep/artifacts/*/last-good.safetensors -o filled.csv
