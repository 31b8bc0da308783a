"""What pandas 1.5.3, whose SAS readers share no code with libreadstat, finds in survey.xpt and
survey.sas7bdat. libreadstat's own writer made these files (30 rows of tests/unit/readstat), as no other
program at hand writes them. pandas leaves dates as days since 1960-01-01, reads a zero of an .xpt file
as 5e-79, and knows the last column of the .sas7bdat file by the first four letters of its name.
Run: /usr/bin/python3 read-survey.py"""
import pandas as pd

for suffix in ("xpt", "sas7bdat"):
    d = pd.read_sas("survey." + suffix, encoding="utf-8").rename(columns={"INCO": "INCOME"})
    d["SEX"] = d["SEX"].round(12).astype(int)
    d["GRADE"] = d["GRADE"].astype(int)
    d["VISIT"] = d["VISIT"].astype(int) - 3653
    d.to_csv("survey-" + suffix + ".csv", index=False)
