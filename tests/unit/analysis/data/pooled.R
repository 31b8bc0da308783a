# What R's mice pools of the models in @cases, each list(table, family, formula), with every number to
# its last digit; read by pool.R and functions.R. @gaussian: what fits a gaussian model.
pooled <- function(cases, gaussian) {
  out <- do.call(rbind, lapply(cases, function(case) {
    f <- as.formula(case[[3]])
    fits <- lapply(get(case[[1]]), function(d) {
      if (case[[2]] == "gaussian") return(gaussian(f, d))
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
  out
}
