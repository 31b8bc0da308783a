#!/usr/bin/env python3
"""Sets Lacuna beside the programs people use today: same file, same holes, same minute.

    tests/bench/peers.py [--bench build/bin/lacuna-bench] [--only knn,em,...,nn] [--clock wall|cpu]
                         [--net NAME]

lacuna-bench writes the Letter table (20000 x 16, min-max scaled) and the same table with 20 % of
its cells hidden, and Concrete (1030 x 9) alike, and times Lacuna on them; every peer that is
installed then reads the same two files. Works marked long run only when --only names them.
Times are those of the imputing call alone, without start-up and reading. Peers that are not
installed are listed with the reason. Needs nothing but Python; scikit-learn and numpy, and R with
mice, Amelia and ranger, are the peers.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import peers_nn

# work, peer, seconds Lacuna must reach (None: no goal stated)
WORKS = [
    ("knn", "sklearn-knn", 0.9),
    ("mice-norm-predict", "mice-norm-predict", 0.10),
    ("mice-norm-predict", "sklearn-iterative", 0.10),
    ("mice-pmm", "mice-pmm", 1.0),
    ("em", "amelia", 0.25),
    ("missforest-concrete", "ranger-concrete", 0.61),
    ("missforest-letter", "ranger-letter", 30.5),
    ("impute-150", None, 0.040),
]
LONG = {"missforest-letter"}  # the peer alone takes five minutes of two cores

PYTHON_PEER = """
import json, sys, time
import numpy as np
import sklearn
truth = np.loadtxt(sys.argv[1], delimiter=',', skiprows=1)
holey = np.genfromtxt(sys.argv[2], delimiter=',', skip_header=1)
{setup}
begin = time.perf_counter()
filled = imputer.fit_transform(holey)
seconds = time.perf_counter() - begin
holes = np.isnan(holey)
rmse = float(np.sqrt(np.mean((filled - truth)[holes] ** 2)))
print(json.dumps(dict(name='scikit-learn ' + sklearn.__version__ + ' ' + {what!r},
                      seconds=seconds, rmse=rmse)))
"""

R_PEER = """
suppressMessages(library({package}))
paths <- commandArgs(trailingOnly = TRUE)
truth <- as.matrix(read.csv(paths[1])); holey <- read.csv(paths[2]); holes <- is.na(holey)
rmse <- function(filled) sqrt(mean((as.matrix(filled) - truth)[holes]^2))
set.seed(1)
seconds <- system.time({{ {call} }})[["elapsed"]]
cat(sprintf('{{"name": "%s %s %s", "seconds": %.4f, "rmse": %.6f}}\\n', "{package}",
            packageVersion("{package}"), "{what}", seconds, {rmse}))
"""

PEERS = {
    "sklearn-knn": (
        "python",
        dict(
            setup="from sklearn.impute import KNNImputer\nimputer = KNNImputer(n_neighbors=5)",
            what="KNNImputer(5)",
        ),
    ),
    "sklearn-iterative": (
        "python",
        dict(
            setup="from sklearn.experimental import enable_iterative_imputer\n"
            "from sklearn.impute import IterativeImputer\n"
            "imputer = IterativeImputer(max_iter=10, random_state=0)",
            what="IterativeImputer, 10 rounds",
        ),
    ),
    "mice-norm-predict": (
        "R",
        dict(
            package="mice",
            what="norm.predict, 5 rounds",
            call='imp <- mice(holey, m = 1, maxit = 5, method = "norm.predict", printFlag = FALSE)',
            rmse="rmse(complete(imp, 1))",
        ),
    ),
    "mice-pmm": (
        "R",
        dict(
            package="mice",
            what="pmm, m = 5, 5 rounds",
            call='imp <- mice(holey, m = 5, maxit = 5, method = "pmm", printFlag = FALSE)',
            rmse="mean(sapply(1:5, function(i) rmse(complete(imp, i))))",
        ),
    ),
    "amelia": (
        "R",
        dict(
            package="Amelia",
            what="m = 1, tolerance 1e-4",
            call="imp <- amelia(holey, m = 1, p2s = 0)",
            rmse="rmse(imp$imputations[[1]])",
        ),
    ),
    "ranger-concrete": (
        "script",
        dict(package="ranger", script="missforest_peer.R", table="concrete", arguments=["10", "100", "5"]),
    ),
    "ranger-letter": (
        "script",
        dict(package="ranger", script="missforest_peer.R", table="letter", arguments=["3"]),
    ),
}


def installed(language, package):
    """None when the peer can run, else the reason why not."""
    if language == "python":
        command = [sys.executable, "-c", "import sklearn, numpy"]
        missing = f"scikit-learn or numpy is not installed for {sys.executable}"
    elif shutil.which("Rscript") is None:
        return "Rscript is not installed"
    else:
        command = ["Rscript", "-e", f"suppressMessages(library({package}))"]
        missing = f"the R package {package} is not installed"
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return None if done.returncode == 0 else missing


def run_peer(name, folder):
    """The peer's own account as a dict, or a sentence why there is none."""
    language, fields = PEERS[name]
    reason = installed(language, fields.get("package"))
    if reason is not None:
        return reason
    if language == "script":
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), fields["script"])
    else:
        template = PYTHON_PEER if language == "python" else R_PEER
        path = os.path.join(folder, f"{name}.{'py' if language == 'python' else 'R'}")
        with open(path, "w", encoding="utf-8") as out:
            out.write(template.format(**fields))
    table = fields.get("table", "letter")
    done = subprocess.run(
        [sys.executable if language == "python" else "Rscript", path]
        + [os.path.join(folder, f"{table}_{f}.csv") for f in ("truth", "holes")]
        + fields.get("arguments", []),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"failed: {last}"
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_lacuna(bench, folder):
    """label -> (seconds, rmse or None, rounds or None), from lacuna-bench goals."""
    subprocess.run([bench, "--export", folder], check=True)
    tsv = os.path.join(folder, "goals.tsv")
    subprocess.run([bench, "--tsv", tsv, "goals"], check=True)
    figures = {}
    with open(tsv, encoding="utf-8") as lines:
        for line in lines:
            label, median, _, _, _, text = line.rstrip("\n").split("\t")
            words = text.split()
            rmse = float(words[1]) if text.startswith("RMSE ") else None
            rounds = float(words[2]) if text.endswith("rounds run") else None
            figures[label] = (float(median), rmse, rounds)
    return figures


def number(value, form):
    return "-" if value is None else form % value


def row(work, goal, ours, peer):
    """One line of the table, and what there is to say when a side is missing."""
    name, seconds, rmse, ratio = "-", None, None, None
    if isinstance(peer, dict):
        name, seconds, rmse = peer["name"], peer["seconds"], peer["rmse"]
    if ours is not None and seconds is not None:
        ratio = seconds / ours[0]
    reached = "-" if ours is None else "yes" if ours[0] <= goal else "no"
    return "%-18s %10s %8s   %-52s %9s %8s %8s   %6.2f %s" % (
        work,
        number(ours and ours[0], "%.4f s"),
        number(ours and ours[1], "%.4f"),
        name,
        number(seconds, "%.2f s"),
        number(rmse, "%.4f"),
        number(ratio, "x %.0f"),
        goal,
        reached,
    )


def a_round(work, ours, peer):
    """How much faster a round is, where both sides tell how many they ran; or None."""
    if ours is None or not isinstance(peer, dict) or not ours[2] or not peer.get("rounds"):
        return None
    faster = peer["seconds"] / peer["rounds"] / (ours[0] / ours[2])
    return "%s: %.3g rounds run here, %.3g there; a round is x %.1f faster, with RMSE x %.3f" % (
        work, ours[2], peer["rounds"], faster, ours[1] / peer["rmse"])


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = os.path.join(here, "..", "..", "build", "bin", "lacuna-bench")
    parser.add_argument("--bench", default=os.path.normpath(default), help="lacuna-bench to run")
    parser.add_argument("--only", help="works to compare, separated by commas")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall",
                        help="of the networks: cpu compares one thread's processor seconds")
    parser.add_argument("--net", choices=sorted({goal[0] for goal in peers_nn.GOALS}),
                        help="of the networks: this one alone")
    args = parser.parse_args()
    only = args.only.split(",") if args.only else None
    if not os.path.exists(args.bench):
        parser.error(f"{args.bench} does not exist; build it or name it with --bench")
    lines, remarks = [], []
    works = [work for work in WORKS if (work[0] not in LONG if only is None else work[0] in only)]
    busy = os.getloadavg()[0]
    if busy > 0.5:
        remarks.append(f"the machine was busy (load {busy:.1f}) before the first run: "
                       "times are too long, peers with several threads suffer most")
    with tempfile.TemporaryDirectory(prefix="lacuna-peers-") as folder:
        figures = run_lacuna(args.bench, folder) if works else {}
        for work, name, goal in works:
            peer = None if name is None else run_peer(name, folder)
            if isinstance(peer, str):
                remarks.append(f"{name}: skipped, {peer}")
            if work not in figures:
                remarks.append(f"{work}: lacuna-bench gave no figure (see above)")
            remarks.append(a_round(work, figures.get(work), peer))
            lines.append(row(work, goal, figures.get(work), peer))
            print(lines[-1], file=sys.stderr)
    print()
    if only is None or "nn" in only:
        remarks.append(peers_nn.compare(args.bench, args.clock, args.net) or "")
    if not works:
        print("\n".join(filter(None, remarks)))
        return
    print("%-18s %10s %8s   %-52s %9s %8s %8s   %6s %s" % (
        "work", "Lacuna", "RMSE", "peer", "peer", "RMSE", "faster", "goal", "reached"))
    print("\n".join(lines + sorted(filter(None, set(remarks)))))


if __name__ == "__main__":
    main()
