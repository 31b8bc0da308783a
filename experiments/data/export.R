# Writes concrete.csv, letter.csv, spambase.csv and penguins.csv beside this script:
#   Rscript experiments/data/export.R
# from Debian's r-cran-modeldata, r-cran-mlbench and r-cran-kernlab (README.md says which versions).
# Values are written with 15 significant digits, as the packages hold them; nothing is cleaned,
# scaled or shuffled.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source_table <- function(name, package) {
  space <- new.env()
  data(list = name, package = package, envir = space)
  as.data.frame(get(name, envir = space))
}
export <- function(table, file)
  write.csv(table, file.path(here, file), row.names = FALSE, quote = FALSE)

export(source_table("concrete", "modeldata"), "concrete.csv")
export(source_table("LetterRecognition", "mlbench"), "letter.csv")
export(source_table("spam", "kernlab"), "spambase.csv")
export(source_table("penguins", "modeldata"), "penguins.csv")
