# What R's mice pools from glm() with poly(), scale(), offset(), I() and factor(), of the completed
# tables stored beside this script.
#   Rscript functions.R     (mice 3.15.0, R 4.2.2; reads nhanes2.csv, mixed.csv; writes functions.csv)
suppressMessages({library(mice); library(broom)})

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

out <- do.call(rbind, lapply(cases, function(case) {
  f <- as.formula(case[[3]])
  fits <- lapply(get(case[[1]]), function(d) {
    if (case[[2]] == "gaussian") return(glm(f, gaussian, d))
    fit <- glm(f, binomial, d, control = list(epsilon = 1e-14, maxit = 50))
    # glm's covariance belongs to where its last step began: begin that one at the maximum
    eval(bquote(glm(f, binomial, d, start = .(coef(fit)), control = list(epsilon = 1e-14))))
  })
  p <- pool(as.mira(fits))
  s <- summary(p, type = "all", conf.int = TRUE)
  data.frame(table = case[[1]], family = case[[2]], formula = case[[3]],
             s[c("term", "estimate", "std.error", "statistic", "df", "p.value")],
             low = s[["2.5 %"]], high = s[["97.5 %"]],
             s[c("fmi", "lambda", "riv", "ubar", "b", "t", "dfcom")])
}))
num <- sapply(out, is.numeric)
out[num] <- lapply(out[num], function(v) formatC(v, digits = 17, format = "g"))
text <- c("formula", "term")
out[text] <- lapply(out[text], function(v) paste0('"', v, '"'))
write.table(out, "functions.csv", sep = ",", row.names = FALSE, quote = FALSE)
