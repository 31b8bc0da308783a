"""Writes survey.dta by pandas' own Stata writer (1.5.3), which shares no code with libreadstat, and
survey.csv with what is in it; dates as days, times as seconds since 1970-01-01.
Run: /usr/bin/python3 make-survey.py"""
import numpy as np
import pandas as pd

n = 40
rng = np.random.default_rng(3)
d = pd.DataFrame({
    "age": rng.integers(18, 80, n).astype(float),
    "weight": rng.normal(70, 12, n).round(1),
    "sex": pd.Categorical(rng.choice(["woman", "man"], n)),
    "grade": pd.Categorical(rng.choice(["low", "mid", "high"], n), ["low", "mid", "high"], ordered=True),
    "town": rng.choice(["Ulm", "Köln", "Bonn"], n),
    "visit": pd.Timestamp("1990-03-01") + pd.to_timedelta(np.arange(n), "D"),
    "clock": pd.Timestamp("2001-02-03 04:05:06") + pd.to_timedelta(np.arange(n), "s"),
    "k": rng.integers(0, 5, n).astype(np.int8),
    "f": rng.normal(size=n).astype(np.float32)})
d.loc[3:7, "age"] = np.nan
d.loc[10, "weight"] = np.nan
d.loc[12, "sex"] = np.nan
d.loc[20, "visit"] = pd.NaT
d.to_stata("survey.dta", write_index=False, version=118, convert_dates={"visit": "td", "clock": "tc"})
epoch = pd.Timestamp("1970-01-01")
d["visit"] = (d["visit"] - epoch).dt.days
d["clock"] = ((d["clock"] - epoch).dt.total_seconds()).astype(int)
d["f"] = d["f"].astype(float)
d.to_csv("survey.csv", index=False)
