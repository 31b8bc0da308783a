"""Writes truncated_golden.h: the standard normal on (a, b), by scipy 1.10 (truncnorm's ppf, which
works with logarithms in the tails) and by mpmath (moments, 60 digits). Run: python3 truncated_golden.py"""
import mpmath as mp
from scipy.stats import truncnorm

mp.mp.dps = 60
inf = float("inf")
intervals = [(-inf, inf), (-inf, 0.0), (-1.0, 2.0), (0.5, inf), (-inf, -3.0), (4.0, 4.5), (8.0, inf),
             (-inf, -20.0), (-25.0, -24.9), (29.0, inf), (31.0, inf), (-inf, -40.0), (40.0, 40.01),
             (60.0, inf), (-1e-5, 2e-5), (2.0, 2.00005)]
shares = [1e-6, 0.1, 0.5, 0.9, 0.999999]


def moments(a, b):
    pdf = lambda x: mp.exp(-x * x / 2)
    edges = [mp.mpf(a) if a > -inf else mp.mpf(min(b, 0)) - 20, mp.mpf(b) if b < inf else mp.mpf(max(a, 0)) + 20]
    points = [edges[0] + (edges[1] - edges[0]) * k / 200 for k in range(201)]
    near = edges[0] if a > 0 else edges[1] if b < 0 else mp.mpf(0)
    w = lambda x: pdf(x) * mp.exp(near * near / 2)
    mass = mp.quad(w, points)
    mean = mp.quad(lambda x: x * w(x), points) / mass
    return mean, mp.quad(lambda x: (x - mean) ** 2 * w(x), points) / mass


def number(x):
    return "INFINITY" if x == inf else "-INFINITY" if x == -inf else repr(float(x))


print("/* Written by truncated_golden.py. */")
print("static const double truncated_quantile[][4] = { /* a, b, share, quantile */")
for a, b in intervals:
    for u in shares:
        print("    {%s, %s, %r, %s}," % (number(a), number(b), u, number(truncnorm.ppf(u, a, b))))
print("};\n\nstatic const double truncated_moments[][4] = { /* a, b, mean, variance */")
for a, b in intervals:
    m, v = moments(a, b)
    print("    {%s, %s, %s, %s}," % (number(a), number(b), mp.nstr(m, 17), mp.nstr(v, 17)))
print("};")
