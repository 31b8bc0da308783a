# What R's foreign 0.8-84, which shares no code with libreadstat, finds in survey.sav (written by
# libreadstat, 30 rows of tests/unit/readstat); dates are seconds since 1582-10-14 there.
# Run: Rscript read-survey.R
d <- foreign::read.spss("survey.sav", to.data.frame = TRUE)
d$TOWN <- trimws(d$TOWN)
d$VISIT <- (d$VISIT - 12219379200) / 86400
write.csv(d, "survey-sav.csv", row.names = FALSE, quote = FALSE, na = "")
