# Writes gcopula.h: the EM of Zhao and Udell (2020) in its plainest form, row by row with R_oo inverted
# for each, on a simulated mixed table: continuous, four ordered levels, two levels, cut off below,
# continuous. 20 % of the cells are missing.
# Command: /usr/bin/python3 gcopula.py > gcopula.h     (Python 3.11, numpy 1.24.2, scipy 1.10.1)
import numpy as np
from scipy.special import ndtr, ndtri

N, P = 90, 5
rng = np.random.default_rng(20200823)
R0 = np.array([[1, .6, -.5, .4, .3], [.6, 1, -.3, .5, .2], [-.5, -.3, 1, -.2, .1],
               [.4, .5, -.2, 1, .4], [.3, .2, .1, .4, 1]])
latent = rng.standard_normal((N, P)) @ np.linalg.cholesky(R0).T
x = np.empty_like(latent)
x[:, 0] = np.round(np.exp(latent[:, 0]), 5)
x[:, 1] = np.searchsorted([-1, 0, .8], latent[:, 1])
x[:, 2] = latent[:, 2] > .3
x[:, 3] = np.round(np.maximum(latent[:, 3], -.5), 5)
x[:, 4] = np.round(latent[:, 4], 5)
holes = rng.random((N, P)) < .2
INTERVALS = [1, 2]
SPIKE = [3]  # at the lower end

lower = np.full((N, P), np.nan)
upper = np.full((N, P), np.nan)
point = np.zeros((N, P))
for j in range(P):
    seen = np.sort(x[~holes[:, j], j])
    n = len(seen)
    for i in np.flatnonzero(~holes[:, j]):
        below, upto = np.sum(seen < x[i, j]), np.sum(seen <= x[i, j])
        if j in INTERVALS or (j in SPIKE and x[i, j] == seen[0]):
            lower[i, j] = ndtri(below / n) if below > 0 else -np.inf
            upper[i, j] = ndtri(upto / n) if upto < n else np.inf
        else:
            point[i, j] = ndtri(upto / (n + 1))
interval = ~np.isnan(lower)
seen = ~holes


def moments(a, b):
    mass = ndtr(b) - ndtr(a)
    pa, pb = np.exp(-a * a / 2) / np.sqrt(2 * np.pi), np.exp(-b * b / 2) / np.sqrt(2 * np.pi)
    mean = (pa - pb) / mass
    aa, bb = (0 if np.isinf(a) else a * pa), (0 if np.isinf(b) else b * pb)
    return mean, 1 + (aa - bb) / mass - mean ** 2


z = point.copy()
for i, j in zip(*np.nonzero(interval)):
    z[i, j] = moments(lower[i, j], upper[i, j])[0]
R = np.corrcoef(z, rowvar=False)
first = None
for t in range(5000):
    C = np.zeros((P, P))
    for i in range(N):
        o, m = np.flatnonzero(seen[i]), np.flatnonzero(holes[i])
        if len(o) == 0:
            continue
        Q = np.linalg.inv(R[np.ix_(o, o)])
        old, v = z[i, o].copy(), np.zeros(len(o))
        for k, j in enumerate(o):
            if interval[i, j]:
                s2 = 1 / Q[k, k]
                mu = old[k] - s2 * (Q[k] @ old)
                mean, var = moments((lower[i, j] - mu) / np.sqrt(s2), (upper[i, j] - mu) / np.sqrt(s2))
                z[i, j], v[k] = mu + np.sqrt(s2) * mean, s2 * var
        J = R[np.ix_(m, o)] @ Q
        z[i, m] = J @ z[i, o]
        C[np.ix_(o, o)] += np.diag(v)
        C[np.ix_(m, o)] += J * v
        C[np.ix_(o, m)] += (J * v).T
        C[np.ix_(m, m)] += R[np.ix_(m, m)] - J @ R[np.ix_(o, m)] + (J * v) @ J.T
    used = seen.any(axis=1)
    S = np.cov(z[used], rowvar=False) + C / used.sum()
    d = np.sqrt(np.diag(S))
    new = S / np.outer(d, d)
    change = np.linalg.norm(new - R) / np.linalg.norm(R)
    R = new
    if first is None:
        first = R.copy()
    if change < 1e-12:
        break

out = x.copy()
for i, j in zip(*np.nonzero(holes)):
    known = np.sort(x[~holes[:, j], j])
    n, p = len(known), ndtr(z[i, j])
    if j in INTERVALS:
        out[i, j] = known[int(np.clip(np.ceil(np.round((n + 1) * p - 1, 3)), 0, n - 1))]
    else:
        out[i, j] = np.quantile(known, p)


def array(name, values, f="%.17g"):
    print("static const double %s[%d] = {" % (name, len(values)))
    for k in range(0, len(values), P):
        print("    " + ", ".join(f % v if np.isfinite(v) else "NAN" for v in values[k:k + P]) + ",")
    print("};")


print("/* Made by gcopula.py: its command is there. */")
print("#include <math.h>\n")
print("enum { GC_ROWS = %d, GC_COLS = %d };" % (N, P))
print("#define GC_KINDS \"cobcc\"")
array("gc_in", np.where(holes, np.nan, x).ravel(), "%.5f")
array("gc_first", first.ravel())
array("gc_correlation", R.ravel())
array("gc_out", out.ravel(), "%.12g")
