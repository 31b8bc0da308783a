# What R's mice pools from the completed tables stored beside this script.
#   Rscript pool.R     (mice 3.15.0, R 4.2.2; writes nhanes2.csv, mixed.csv and expected.csv)
suppressMessages({library(mice); library(broom)})
source("pooled.R")

long <- function(mids, file) {
  d <- complete(mids, "long")
  d <- d[c(setdiff(names(d), c(".imp", ".id")), ".imp", ".id")]
  write.csv(format(d, digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  d <- read.csv(file, check.names = FALSE, stringsAsFactors = TRUE)
  split(d, d$.imp)
}

nhanes2 <- long(mice(nhanes2, m = 5, seed = 20, printFlag = FALSE), "nhanes2.csv")
set.seed(21)
n <- 200
x <- rnorm(n); z <- rnorm(n) + 0.5 * x
g <- factor(sample(c("a", "b", "c"), n, TRUE))
y <- rbinom(n, 1, plogis(-0.3 + 0.8 * x - 0.5 * z + 0.7 * (g == "c")))
s <- factor(ifelse(runif(n) < plogis(z), "yes", "no"))
k <- rpois(n, 2)
mixed <- data.frame(x = x, z = z, g = g, y = y, s = s, k = k)
for (v in c("x", "z", "g", "y", "s")) mixed[[v]][runif(n) < 0.2] <- NA
mixed <- long(mice(mixed, m = 4, seed = 22, printFlag = FALSE), "mixed.csv")

cases <- list(
  list("nhanes2", "gaussian", "bmi ~ age + hyp + chl"),
  list("nhanes2", "gaussian", "chl ~ age * bmi"),
  list("nhanes2", "gaussian", "log(chl) ~ bmi + I(bmi^2)"),
  list("nhanes2", "gaussian", "chl ~ 0 + age + bmi"),
  list("nhanes2", "gaussian", "chl ~ bmi:age"),
  list("nhanes2", "gaussian", "chl ~ (age + bmi + hyp)^2 - age:hyp"),
  list("nhanes2", "gaussian", "chl ~ 1"),
  list("nhanes2", "gaussian", "chl ~ bmi - 1"),
  list("nhanes2", "binomial", "hyp ~ chl"),
  list("mixed", "gaussian", "x ~ z + g*s + factor(k) + y"),
  list("mixed", "gaussian", "z ~ g:s:x + sqrt(k)"),
  list("mixed", "binomial", "y ~ x + z + g"),
  list("mixed", "binomial", "s ~ 0 + g + x*z + y"))

out <- pooled(cases, function(f, d) lm(f, d))
write.table(out, "expected.csv", sep = ",", row.names = FALSE, quote = FALSE)
