# Writes svt.h: singular value thresholding as in Cai, Candes and Shen (2010), algorithm 1, with a full
# dense SVD each iteration, on two tables of rank 3 that the test makes by the same formula: a tall one,
# and one with many columns.
# Command: /usr/bin/python3 svt.py > svt.h
# (Python 3.11, numpy 1.24.2)
import numpy as np

FIRST = 8


def table(n, p):
    i = np.arange(1, n + 1)[:, None]
    j = np.arange(1, p + 1)[None, :]
    truth = 3 * np.sin(0.7 * i) * np.cos(0.3 * j) + 2 * np.cos(1.3 * i) * np.sin(0.9 * j) + np.sin(2.9 * i * i) * np.cos(1.7 * j * j)
    holes = (np.arange(n)[:, None] * 37 + np.arange(p)[None, :] ** 2 * 101) % 13 < 3
    return truth, holes


def svt(truth, holes, tau, delta, steps):
    x = np.where(holes, 0.0, truth)
    k0 = np.ceil(tau / (delta * np.linalg.norm(x, 2)))
    y = k0 * delta * x
    shares, ranks = [], []
    for t in range(steps):
        u, d, v = np.linalg.svd(y, full_matrices=False)
        s = np.maximum(d - tau, 0.0)
        m = (u * s) @ v
        left = np.where(holes, 0.0, truth - m)
        shares.append(np.linalg.norm(left) / np.linalg.norm(x))
        ranks.append(int(np.sum(s > 0)))
        if shares[-1] ** 2 <= 1e-22:
            break
        y = y + delta * left
    return m, shares, ranks


def array(name, values):
    print("static const double %s[%d] = {" % (name, len(values)))
    for k in range(0, len(values), 4):
        print("    " + ", ".join("%.17g" % v for v in values[k:k + 4]) + ",")
    print("};")


print("/* Made by svt.py: its command is there. */\n")
print("enum { SVT_FIRST = %d };" % FIRST)
for name, n, p in (("tall", 60, 15), ("wide", 110, 80)):
    truth, holes = table(n, p)
    tau, delta = 5 * np.sqrt(n * p), 1.2 * n * p / np.sum(~holes)
    m, shares, ranks = svt(truth, holes, tau, delta, 20000)
    at = np.flatnonzero(holes.ravel())
    at = at[:: max(1, len(at) // 40)][:40]
    print("enum { SVT_%s_ROWS = %d, SVT_%s_COLS = %d, SVT_%s_RANK = %d, SVT_%s_STEPS = %d };" % (name.upper(), n, name.upper(), p, name.upper(), ranks[-1], name.upper(), len(shares)))
    array("svt_%s_residuals" % name, shares[:FIRST])
    print("static const int svt_%s_at[40] = {%s};" % (name, ", ".join(str(k) for k in at)))
    array("svt_%s_out" % name, m.ravel()[at])
