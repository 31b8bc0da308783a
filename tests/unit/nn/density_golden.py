"""Expected values of tests/unit/nn/density_test.c: python3 density_golden.py (scipy 1.10.1)."""
import numpy as np
from scipy import stats, special

x = np.array([0.5, -1.25, 3.0, 0.0])
mu = np.array([0.25, 0.5, -1.0, 2.0])
s = np.array([0.5, 1.5, 0.75, 2.0])
nu = np.array([3.0, 0.7, 45.0, 5000.0])
logit = np.array([-30.0, 0.4, 3.0, 95.0])
grey = np.array([0.0, 0.3, 1.0, 0.75])
level = np.array([0.0, 1.0, 3.0, 2.0])
log_s = np.array([-1.5, 0.0, 1.0, -3.0])


def show(name, v):
    print(name, ", ".join(f"{t:.10g}" for t in v), " sum", f"{np.sum(v):.10g}")


show("gaussian", stats.norm.logpdf(x, mu, s))
show("normal", stats.norm.logpdf(x))
show("student", stats.t.logpdf(x, nu, mu, s))
show("bernoulli", grey * special.log_expit(logit) + (1 - grey) * special.log_expit(-logit))
# levels 0, 1, 2, 3: half a level is 0.5, the ends hold the tails
cdf = stats.logistic(loc=mu, scale=np.exp(log_s))
upper = np.where(level == 3, np.inf, level + 0.5)
lower = np.where(level == 0, -np.inf, level - 0.5)
show("logistic", np.log(cdf.cdf(upper) - cdf.cdf(lower)))
show("categorical", special.log_softmax(logit))
print("logsumexp", f"{special.logsumexp(logit):.10g}")
w = np.array([[-800.0, -801.5, -799.25], [-3.0, -90.0, -4.0]])
print("iwae", f"{np.mean(special.logsumexp(w, axis=1) - np.log(3)):.10g}")
