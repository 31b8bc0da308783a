#!/usr/bin/env python3
"""scikit-learn's imputers for Lacuna's model `external`: sklearn_imputers.py knn|iterative.

Register it in imputers.yaml (docs/external-imputers.md); options of the experiment become arguments
of KNNImputer or IterativeImputer. `iterative` draws: a second imputer, with sample_posterior, is fitted
when the first draw is asked for.
"""
import ast
import io
import json
import sys
import warnings

import numpy as np


def ask():
    """The next question and its table; None when there is none any more."""
    line = sys.stdin.buffer.readline()
    if not line:
        return None, None
    question = json.loads(line)
    array = sys.stdin.buffer.read(question["bytes"])
    return question, np.load(io.BytesIO(array), allow_pickle=False)


def answer(line, table=None):
    array = io.BytesIO()
    if table is not None:
        np.save(array, np.ascontiguousarray(table, dtype="<f8"))
        line["bytes"] = array.getbuffer().nbytes
    answers.write(json.dumps(line).encode() + b"\n" + array.getvalue())
    answers.flush()


def warn(message, category, *_, **__):
    answer({"warning": f"{category.__name__}: {message}"})


def value(text):
    """An option's text as the Python value it looks like."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def imputer(method, question, **more):
    options = {name: value(text) for name, text in question["options"].items()}
    if method == "knn":
        from sklearn.impute import KNNImputer

        return KNNImputer(**options)
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    return IterativeImputer(random_state=question["seed"], **{**options, **more})


def main(method):
    fit = train = model = sampler = None
    while True:
        question, table = ask()
        if question is None:
            return
        try:
            if question["ask"] == "fit":
                fit, train = question, table
                for column, empty in zip(fit["columns"], np.isnan(train).all(axis=0)):
                    if empty:  # scikit-learn would drop the column
                        raise ValueError(f"nothing is seen in column '{column['name']}'")
                model = imputer(method, fit).fit(train)
                answer({"ready": True})
            elif question["ask"] == "fill":
                answer({"completed": True}, model.transform(table))
            elif method == "knn":
                raise ValueError("KNNImputer does not draw; leave the parameter draws away")
            else:
                if sampler is None:
                    sampler = imputer(method, fit, sample_posterior=True).fit(train)
                sampler.random_state_ = np.random.RandomState(question["seed"])
                answer({"completed": True}, sampler.transform(table))
        except Exception as problem:  # whatever it is, the other side should hear it
            answer({"error": f"{type(problem).__name__}: {problem}"})


if __name__ == "__main__":
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but answers there
    warnings.showwarning = warn
    if len(sys.argv) != 2 or sys.argv[1] not in ("knn", "iterative"):
        sys.exit("usage: sklearn_imputers.py knn|iterative")
    main(sys.argv[1])
