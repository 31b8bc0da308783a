#!/usr/bin/python3
"""Writes special_golden.h, the expected numbers of special_test.c:

    tests/unit/math/special_golden.py > tests/unit/math/special_golden.h

Made with scipy 1.10.1 (Debian 12: python3-scipy) and, for Student's t, R 4.2.2 (r-base-core):
scipy's t has but nine to twelve correct digits (12.706204736432 for tan(0.475 pi) =
12.706204736174...)."""
import subprocess

import numpy as np
import scipy.special as sp
import scipy.stats as st


def table(name, columns, rows):
    print(f"static const double {name}[][{columns}] = {{")
    for row in rows:
        assert len(row) == columns and all(np.isfinite(row)), row
        print("    {" + ", ".join(repr(float(x)) for x in row) + "},")
    print("};")


def r(function, rows):
    """Values of an R function of two arguments, and FALSE for the upper tail, all digits."""
    first, second = (",".join(map(repr, column)) for column in zip(*rows))
    code = f"cat(sprintf('%.17g', {function.format(f'c({first})', f'c({second})')}))"
    out = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    return [(*row, float(x)) for row, x in zip(rows, out.stdout.split())]


print("/* Made by special_golden.py; see there. */")
table("normal_cdf", 2, [(x, sp.ndtr(x)) for x in
      (-37.5, -30.0, -20.3, -10.1, -5.0, -2.5, -1.0, -0.1, -1e-10, 0.0, 0.3, 1.7, 4.4, 9.0)])
table("normal_quantile", 2, [(p, sp.ndtri(p)) for p in
      (1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.02, 0.074, 0.0751, 0.3, 0.499, 0.5, 0.6, 0.93, 0.975,
       0.99999)])
table("gamma_inc", 4, [(a, x, sp.gammainc(a, x), sp.gammaincc(a, x)) for a, x in
      ((0.5, 0.01), (0.5, 2.0), (0.5, 40.0), (1.0, 1.0), (1.0, 300.0), (2.5, 0.1), (2.5, 3.4),
       (2.5, 3.6), (10.0, 3.0), (10.0, 30.0), (100.0, 60.0), (100.0, 99.0), (100.0, 160.0),
       (5000.0, 4800.0), (5000.0, 5300.0), (1e5, 1e5), (0.01, 3.0), (16.0, 15.0))])
table("beta_inc", 4, [(x, a, b, sp.betainc(a, b, x)) for x, a, b in
      ((0.5, 0.5, 0.5), (0.01, 0.5, 0.5), (0.99, 0.5, 0.5), (0.3, 2.0, 5.0), (0.05, 2.0, 5.0),
       (0.9, 2.0, 5.0), (0.001, 30.0, 2.0), (0.7, 30.0, 2.0), (0.5, 300.0, 310.0),
       (0.4, 300.0, 310.0), (0.1, 0.1, 20.0), (0.25, 1.0, 1.0), (0.8, 1e4, 2.6e3))])
table("t_tail", 3, r("pt({}, {}, lower.tail = FALSE)",
      ((0.5, 1.0), (12.706204736, 1.0), (1000.0, 1.0), (2.0, 2.5), (2.57, 5.0), (30.0, 5.0),
       (1.96, 37.66), (8.0, 100.0), (1.96, 1e6), (0.7, 0.3))))
table("t_quantile", 3, r("qt({}, {})",
      ((0.975, 1.0), (0.975, 10.9858875659), (0.975, 37.66255251), (0.995, 3.0), (0.9, 0.5),
       (0.6, 4.0), (0.51, 4.0), (0.0001, 2.2), (1e-12, 7.0), (0.25, 30.0), (0.975, 1e8))))
table("f_cdf", 5, [(x, a, b, st.f.cdf(x, a, b), st.f.sf(x, a, b)) for x, a, b in
      ((1.0, 3.0, 12.0), (0.2, 3.0, 12.0), (5.5, 3.0, 12.0), (60.0, 3.0, 12.0), (2.5, 1.0, 1.0),
       (259.399636887, 2.0, 206.143063635), (1.2, 500.0, 400.0), (0.01, 2.0, 8.0))])
table("chi2_tail", 3, [(x, df, st.chi2.sf(x, df)) for x, df in
      ((3.841458820694124, 1.0), (6.9, 5.0), (100.0, 3.0), (0.5, 8.0), (1200.0, 1000.0))])
