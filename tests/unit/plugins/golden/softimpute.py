# Writes softimpute.h: SoftImpute as in Mazumder, Hastie and Tibshirani (2010), algorithm 1, in its
# plainest form (a full dense SVD of the filled table each iteration), on a simulated table of rank 3
# plus noise with 30 % of its cells missing.
# Command: /usr/bin/python3 softimpute.py > softimpute.h
# (Python 3.11, numpy 1.24.2)
import numpy as np

N, P, RANK, LAMBDA = 60, 15, 3, 4.0
rng = np.random.default_rng(20150601)
truth = rng.standard_normal((N, RANK)) @ rng.standard_normal((RANK, P)) + 0.3 * rng.standard_normal((N, P))
truth = np.round(truth, 6)
holes = rng.random((N, P)) < 0.3
x = np.where(holes, 0.0, truth)


def step(m):
    u, d, v = np.linalg.svd(np.where(holes, m, x), full_matrices=False)
    s = np.maximum(d - LAMBDA, 0.0)
    m = (u * s) @ v
    return m, 0.5 * np.sum((x - m)[~holes] ** 2) + LAMBDA * np.sum(s), s


m = np.zeros_like(x)
objectives = []
for t in range(20000):
    m, objective, s = step(m)
    objectives.append(objective)
completed = np.where(holes, m, truth)


def array(name, values, f="%.17g"):
    print("static const double %s[%d] = {" % (name, len(values)))
    for k in range(0, len(values), 8):
        print("    " + ", ".join(f % v if np.isfinite(v) else "NAN" for v in values[k:k + 8]) + ",")
    print("};")


print("/* Made by softimpute.py: its command is there. */")
print("#include <math.h>\n")
print("enum { SI_ROWS = %d, SI_COLS = %d, SI_FIRST = 8, SI_RANK = %d };" % (N, P, int(np.sum(s > 0))))
print("#define SI_LAMBDA %g" % LAMBDA)
print("#define SI_LAMBDA_SHARE %.17g /* of the largest singular value, holes 0 */" % (LAMBDA / np.linalg.norm(x, 2)))
print("#define SI_OBJECTIVE %.17g /* at the minimum */" % objectives[-1])
array("si_objectives", objectives[:8])
array("si_in", np.where(holes, np.nan, truth).ravel(), "%.6f")
array("si_out", completed.ravel())
