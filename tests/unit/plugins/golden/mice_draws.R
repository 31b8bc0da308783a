# Distributions of what R's mice imputes, over 200 chains: expected values of models_mice_draws_test.c.
#   Rscript mice_draws.R     (mice 3.15.0, ranger 0.14.1, rpart 4.1.19, R 4.2.2)
# Writes mice_<table>.csv (holes are NA), mice_mixed_truth.csv and mice_draws.csv: for every column with
# holes, mean and sd over the draws of a statistic of the imputed values; for pairs of numeric columns
# that of their correlation in the completed table; for the mixed table the share of holes whose true
# value lies within the 2.5 and 97.5 % quantiles of its draws.
suppressMessages(library(mice))
M <- 200

set.seed(1)
boys <- boys[sample(nrow(boys), 120), c("age", "hgt", "wgt", "gen", "reg")]
n <- 120
z <- rnorm(n)
truth <- data.frame(x = z + 0.6 * rnorm(n), y = exp(0.5 * z + 0.3 * rnorm(n)),
  k = rpois(n, exp(0.6 + 0.3 * z)), b = factor(ifelse(z + rlogis(n) > 0, "yes", "no")),
  g = factor(c("u", "v", "w")[1 + (z + rnorm(n) > -0.4) + (z + rnorm(n) > 0.6)]),
  o = factor(findInterval(1.2 * z + rlogis(n), c(-1.5, 0, 1.5)), labels = c("1", "2", "3", "4"), ordered = TRUE))
mixed <- truth
for (v in names(mixed)[-1]) mixed[[v]][runif(n) < plogis(-1.6 + 0.8 * truth$x)] <- NA
set.seed(2)
boysn <- mice::boys[sample(nrow(mice::boys), 120), c("age", "hgt", "wgt", "hc")]
z <- rnorm(n)
truth_n <- data.frame(x = z + 0.6 * rnorm(n), y = 2 * z + rnorm(n), v = exp(0.5 * z + 0.3 * rnorm(n)), w = z^2 + 0.5 * rnorm(n))
simn <- truth_n
for (v in names(simn)[-1]) simn[[v]][runif(n) < plogis(-1.6 + 0.8 * truth_n$x)] <- NA
set.seed(4)
n <- 160
z <- rnorm(n)
levels_truth <- data.frame(x = z + 0.6 * rnorm(n), w = rnorm(n), y = 0.8 * z + 0.7 * rnorm(n),
  b = factor(ifelse(z + rlogis(n) > 0, "yes", "no")), c = factor(ifelse(abs(z) + 0.5 * rnorm(n) > 0.8, "far", "near")),
  g = factor(c("u", "v", "w")[1 + (z + 0.7 * rnorm(n) > -0.4) + (abs(z) > 0.9)]),
  o = factor(findInterval(1.2 * z + rlogis(n), c(-1.5, 0, 1.5)), labels = c("1", "2", "3", "4"), ordered = TRUE))
levels_ <- levels_truth
for (v in names(levels_)[-(1:2)]) levels_[[v]][runif(n) < plogis(-1.4 + 0.8 * levels_truth$x)] <- NA
tables <- list(levels = levels_, nhanes = nhanes, nhanes_z = as.data.frame(scale(nhanes)), nhanes2 = nhanes2, boys = boys, mixed = mixed,
  boysn = boysn, simn = simn)
for (t in names(tables)) write.csv(tables[[t]], sprintf("mice_%s.csv", t), row.names = FALSE, quote = FALSE)
truths <- list(mixed = truth, simn = truth_n)
for (t in names(truths)) write.csv(truths[[t]], sprintf("mice_%s_truth.csv", t), row.names = FALSE, quote = FALSE)

statistics <- function(mids) {
  out <- list()
  d <- mids$data
  for (v in names(d)) {
    holes <- which(is.na(d[[v]]))
    if (length(holes) == 0) next
    draws <- sapply(seq_len(M), function(i) mids$imp[[v]][[i]])
    if (is.matrix(draws)) draws <- draws else draws <- matrix(draws, 1)
    if (is.numeric(d[[v]])) {
      out[[paste(v, "mean")]] <- colMeans(draws)
      if (nrow(draws) > 1) out[[paste(v, "sd")]] <- apply(draws, 2, sd)
    } else for (l in levels(d[[v]])[-1]) out[[paste(v, l)]] <- colMeans(draws == l)
  }
  all <- lapply(seq_len(M), function(k) {
    x <- d
    for (v in names(x)) x[[v]][is.na(x[[v]])] <- mids$imp[[v]][[k]]
    x })
  num <- names(d)[sapply(d, is.numeric)]
  for (i in seq_along(num)) for (j in seq_len(i - 1)) if (anyNA(d[num[c(i, j)]]))
    out[[paste0("cor ", num[j], ":", num[i])]] <- sapply(seq_len(M), function(k)
      cor(all[[k]][[num[j]]], all[[k]][[num[i]]]))
  out
}
coverage <- function(mids, truth) {
  inside <- unlist(lapply(names(mids$data), function(v) {
    holes <- which(is.na(mids$data[[v]]))
    if (length(holes) == 0 || !is.numeric(truth[[v]])) return(NULL)
    sapply(seq_along(holes), function(h) {
      q <- quantile(as.numeric(mids$imp[[v]][h, ]), c(0.025, 0.975), type = 6)
      truth[[v]][holes[h]] >= q[1] && truth[[v]][holes[h]] <= q[2] })
  }))
  mean(inside)
}

runs <- rbind(
  data.frame(table = "nhanes", method = c("pmm", "norm", "norm.nob", "cart", "rf")),
  # midastouch caps its weights in the units of the column: here in standard deviations, as Lacuna does
  data.frame(table = "nhanes_z", method = "midastouch"),
  data.frame(table = "nhanes2", method = "auto"), data.frame(table = "boys", method = "auto"),
  data.frame(table = "mixed", method = c("auto", "cart")),
  # numbers alone, because R gives rf dummies of levels; norm.boot of 25 rows of nhanes is NA in R
  data.frame(table = "boysn", method = c("pmm", "norm", "norm.boot", "cart", "rf")),
  data.frame(table = "simn", method = c("pmm", "norm", "norm.boot", "cart", "rf")),
  # factors as targets of trees. R makes dummies of predictors, which for two levels is the factor
  # itself; those of more levels (g, o) predict nothing here, so that both grow trees on the same
  data.frame(table = "levels", method = c("cart", "rf")))
only <- commandArgs(TRUE) # "nhanes:norm" and the like: these runs only
if (length(only) > 0) runs <- runs[paste0(runs$table, ":", runs$method) %in% only, ]
result <- NULL
for (r in seq_len(nrow(runs))) {
  data <- tables[[runs$table[r]]]
  method <- runs$method[r]
  arguments <- list(data, m = M, maxit = 3, seed = 3, printFlag = FALSE, eps = 0, remove.collinear = FALSE)
  if (method != "auto") arguments$method <- method
  if (runs$table[r] == "levels") {
    arguments$predictorMatrix <- make.predictorMatrix(data)
    arguments$predictorMatrix[, c("g", "o")] <- 0
  }
  mids <- do.call(mice, arguments)
  s <- statistics(mids)
  result <- rbind(result, data.frame(table = runs$table[r], method = method, statistic = names(s),
    mean = sapply(s, mean), sd = sapply(s, sd)))
  if (runs$table[r] %in% names(truths))
    result <- rbind(result, data.frame(table = runs$table[r], method = method, statistic = "coverage",
      mean = coverage(mids, truths[[runs$table[r]]]), sd = 0))
  cat(format(Sys.time()), runs$table[r], method, "\n")
}
result$mean <- formatC(result$mean, digits = 8, format = "g")
result$sd <- formatC(result$sd, digits = 8, format = "g")
write.csv(result, if (length(only) > 0) "mice_draws_part.csv" else "mice_draws.csv", row.names = FALSE, quote = FALSE)
