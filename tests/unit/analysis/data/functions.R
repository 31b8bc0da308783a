# What R's mice pools from glm() with poly(), scale(), offset(), I() and factor(), of the completed
# tables stored beside this script.
#   Rscript functions.R     (mice 3.15.0, R 4.2.2; reads nhanes2.csv, mixed.csv; writes functions.csv)
suppressMessages({library(mice); library(broom)})
source("pooled.R")

long <- function(file) {
  d <- read.csv(file, check.names = FALSE, stringsAsFactors = TRUE)
  split(d, d$.imp)
}
nhanes2 <- long("nhanes2.csv")
mixed <- long("mixed.csv")

cases <- list(
  list("nhanes2", "gaussian", "chl ~ poly(bmi, 2) + age"),
  list("nhanes2", "gaussian", "chl ~ poly(log(bmi), 3)"),
  list("nhanes2", "gaussian", "chl ~ poly(bmi, 2, raw = TRUE) + hyp"),
  list("nhanes2", "gaussian", "scale(chl) ~ scale(bmi) * age"),
  list("nhanes2", "gaussian", "chl ~ scale(bmi, scale = FALSE) + offset(2 * bmi)"),
  list("nhanes2", "gaussian", "chl ~ offset(bmi) + offset(I(bmi^2) / 10)"),
  list("nhanes2", "binomial", "hyp ~ scale(chl) + offset(bmi / 20)"),
  list("mixed", "gaussian", "x ~ poly(z, 2) * g + factor(k)"),
  list("mixed", "gaussian", "z ~ poly(x, 1) + I(x^2) - 1"),
  list("mixed", "gaussian", "z ~ 0 + poly(x, 3):s + g"),
  list("mixed", "binomial", "y ~ poly(x, 2) + scale(z) + g + offset(0.5 * k)"),
  list("mixed", "binomial", "s ~ x + offset(z) - 1"))

out <- pooled(cases, function(f, d) glm(f, gaussian, d))
text <- c("formula", "term")
out[text] <- lapply(out[text], function(v) paste0('"', v, '"'))
write.table(out, "functions.csv", sep = ",", row.names = FALSE, quote = FALSE)
