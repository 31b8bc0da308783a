#!/usr/bin/env python3
"""Writes knn_sklearn.txt: scikit-learn's KNNImputer on the table of models_knn_test.c.

For each row the sum over its holes of (imputed value * (column + 1)), first for n_neighbors=5,
weights='uniform', then for n_neighbors=7, weights='distance'. Made with scikit-learn 1.2.1.
"""
import os

import numpy as np
import sklearn
from sklearn.impute import KNNImputer

ROWS, COLS = 2000, 16
state = 42


def uniform():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 11) * 2.0**-53


values = np.empty(ROWS * COLS)
for i in range(ROWS * COLS):
    values[i] = 0.7 * (0.0 if i % COLS == 0 else values[i - 1]) + uniform()
for i in range(ROWS * COLS):
    if uniform() < 0.2:
        values[i] = np.nan
table = values.reshape(ROWS, COLS)
holes = np.isnan(table)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "knn_sklearn.txt"), "w") as out:
    out.write(f"# knn_sklearn.py, scikit-learn {sklearn.__version__}\n")
    for k, weights in ((5, "uniform"), (7, "distance")):
        filled = KNNImputer(n_neighbors=k, weights=weights).fit_transform(table)
        for row, hole in zip(filled, holes):
            out.write(f"{np.sum((row * np.arange(1, COLS + 1))[hole]):.12g}\n")
