"""Training steps of lacuna-bench nn beside those of torch_steps.py, taken in turns.

Each side runs with one thread and with all, three times; the best window of each network counts, so that
both are met at their own best number of threads and when the machine was least busy. On a machine
that is never free, clock="cpu" compares processor seconds of one thread.
"""
import os
import subprocess
import sys
import tempfile

# network, precision of ours, how many times as fast as PyTorch in float32 we must be
GOALS = [
    ("tab-ae", "", 3.0),
    ("tab-flow", "", 5.0),
    ("tab-gan", "", 4.0),
    ("img-vae", "", 3.0),
    ("img-iwae", "", 3.0),
    ("img-cnn", "", 2.0),
    ("img-vae", " bf16", 4.0),
    ("img-iwae", " bf16", 4.0),
    ("img-cnn", " bf16", 5.0),
]
ROUNDS = 3


def torch_python():
    """A Python that has PyTorch: this one, or the system's; None when there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", "import torch"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return python
    return None


def our_rates(bench, threads, clock, net):
    """network -> steps per second of the best window; of @net alone unless that is None"""
    env = dict(os.environ, LACUNA_BENCH_CLOCK=clock)
    if net is not None:
        env["LACUNA_BENCH_NN"] = net
    with tempfile.TemporaryDirectory(prefix="lacuna-peers-") as folder:
        tsv = os.path.join(folder, "nn.tsv")
        subprocess.run([bench, "--threads", str(threads), "--tsv", tsv, "nn"], check=True,
                       stdout=subprocess.DEVNULL, env=env)
        with open(tsv, encoding="utf-8") as lines:
            fields = [line.split("\t") for line in lines]
    return {f[0]: 1.0 / float(f[2]) for f in fields}


def torch_rates(python, threads, clock, net):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_steps.py")
    command = [python, script, "--threads", str(threads), "--clock", clock]
    done = subprocess.run(command + ([net] if net is not None else []), check=True,
                          capture_output=True, text=True)
    return {f[0]: float(f[2]) for f in map(str.split, done.stdout.splitlines())}


def keep_best(best, rates):
    for name, rate in rates.items():
        best[name] = max(rate, best.get(name, 0.0))


def compare(bench, clock="wall", net=None):
    """Prints the table, of network @net or of all; returns a sentence when there is none."""
    python = torch_python()
    if python is None:
        return "nn: skipped, PyTorch is not installed"
    ours, theirs = {}, {}
    for _ in range(ROUNDS):
        for threads in sorted({1, os.cpu_count() or 1} if clock == "wall" else {1}):
            keep_best(ours, our_rates(bench, threads, clock, net))
            keep_best(theirs, torch_rates(python, threads, clock, net))
    print("%-14s %14s %14s %9s %6s %s" % (
        "network", "Lacuna, 1/s", "PyTorch, 1/s", "faster", "goal", "reached"))
    for name, precision, goal in GOALS:
        if net is not None and name != net:
            continue
        if name + precision not in ours:
            print(f"{name + precision:14s} not on this processor")
            continue
        ratio = ours[name + precision] / theirs[name]
        print("%-14s %14.1f %14.1f %9s %6.1f %s" % (
            name + precision, ours[name + precision], theirs[name], "x %.2f" % ratio, goal,
            "yes" if ratio >= goal else "no"))
    return None
