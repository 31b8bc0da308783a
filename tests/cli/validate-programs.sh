# Programs that an experiment names: validate says whether they are registered and there; nothing runs.
. "$(dirname "$0")/common.sh"

table full.csv
cat > imputers.yaml <<END
sk-knn: [sh, $scratch/knn.sh]
gone: [/nowhere/at/all/python3, x.py]
lost: [no-such-program-anywhere]
END
LACUNA_IMPUTERS=$scratch/imputers.yaml
export LACUNA_IMPUTERS
experiment() {
    cat > e.yaml <<END
lacuna: 1
name: e
data: {csv: {path: full.csv}}
mask: {mcar: {rate: 0.1}}
model:
  - mean
  - external: {command: $1}
metrics: [rmse]
END
}

experiment sk-knn
expect 0 lacuna validate e.yaml
prints "2 models"
experiment sk-kn
expect 2 lacuna validate e.yaml
says "e.yaml:7:25: model.external.command: no program is registered as 'sk-kn'"
says "(did you mean 'sk-knn'?)"
experiment gone
expect 2 lacuna validate e.yaml
says "e.yaml:7:25: model.external.command: 'gone' runs /nowhere/at/all/python3"
says "there is no such file"
experiment lost
expect 2 lacuna validate e.yaml
says "no program of that name is on PATH"
sed -i 's/{command: lost}/{draws: true}/' e.yaml
expect 2 lacuna validate e.yaml
says "model.external: no program is named"
experiment sk-knn
LACUNA_IMPUTERS=$scratch/none.yaml expect 2 lacuna validate e.yaml
says "there is no file"
