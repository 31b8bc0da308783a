# What R's mice (through mitml) says of several coefficients at once, on the completed tables stored
# beside this script.
#   Rscript wald.R     (mice 3.15.0, mitml 0.4-4, R 4.2.2; writes wald.csv)
suppressMessages({library(mice); library(mitml)})

read <- function(file) {
  d <- read.csv(file, check.names = FALSE, stringsAsFactors = TRUE)
  split(d, d$.imp)
}
tables <- list(nhanes2 = read("nhanes2.csv"), mixed = read("mixed.csv"))
cases <- list(
  list("nhanes2", "gaussian", "bmi ~ age + hyp + chl", "bmi ~ chl"),
  list("nhanes2", "gaussian", "bmi ~ age + hyp + chl", "bmi ~ age + hyp"),
  list("nhanes2", "gaussian", "chl ~ age * bmi", "chl ~ age + bmi"),
  list("nhanes2", "gaussian", "chl ~ 0 + age + bmi", "chl ~ 0 + bmi"),
  list("mixed", "gaussian", "x ~ z + g * s + y", "x ~ z + y"),
  list("mixed", "gaussian", "x ~ z + g + k", "x ~ 1"),
  list("mixed", "binomial", "y ~ x + z + g", "y ~ x + z"),
  list("mixed", "binomial", "s ~ g + x * z + y", "s ~ y"))

out <- do.call(rbind, lapply(cases, function(case) {
  fit <- function(f) as.mira(lapply(tables[[case[[1]]]], function(d) {
    f <- as.formula(f)
    if (case[[2]] == "gaussian") return(lm(f, d))
    fit <- glm(f, binomial, d, control = list(epsilon = 1e-14, maxit = 50))
    # glm's covariance belongs to where its last step began: begin that one at the maximum
    eval(bquote(glm(f, binomial, d, start = .(coef(fit)), control = list(epsilon = 1e-14))))
  }))
  # D3() fits again with update(), which a given start would disturb
  plain <- function(f) as.mira(lapply(tables[[case[[1]]]], function(d)
    if (case[[2]] == "gaussian") eval(bquote(lm(.(as.formula(f)), d)))
    else eval(bquote(glm(.(as.formula(f)), binomial, d, control = list(epsilon = 1e-14, maxit = 50))))))
  tests <- list(D1 = D1(fit(case[[3]]), fit(case[[4]])), D2 = D2(fit(case[[3]]), fit(case[[4]])),
                D3 = D3(plain(case[[3]]), plain(case[[4]])))
  do.call(rbind, lapply(names(tests), function(name) {
    r <- tests[[name]]$result
    data.frame(table = case[[1]], family = case[[2]], formula = case[[3]], against = case[[4]],
               test = name, statistic = r[1], df1 = r[2], df2 = r[3], p.value = r[4], riv = r[5])
  }))
}))
num <- sapply(out, is.numeric)
out[num] <- lapply(out[num], function(v) formatC(v, digits = 17, format = "g"))
write.table(out, "wald.csv", sep = ",", row.names = FALSE, quote = FALSE)
