# Mean of the pooled slope, coverage of its 95 % interval, and the standard error of the mean, of
# mice's pmm on 300 tables made like regression_table() of models_mice_test.c.
suppressMessages(library(mice))
set.seed(1)
tables <- 300
res <- sapply(1:tables, function(r) {
  n <- 120; x <- rnorm(n); y <- x + rnorm(n)
  y[runif(n) < 1 / (1 + exp(.5 - x))] <- NA
  imp <- mice(data.frame(x, y), m = 5, maxit = 1, method = "pmm", printFlag = FALSE)
  s <- summary(pool(with(imp, lm(y ~ x))), conf.int = TRUE)
  c(s$estimate[2], s$`2.5 %`[2] <= 1 && 1 <= s$`97.5 %`[2])
})
cat(rowMeans(res), sd(res[1, ]) / sqrt(tables), "\n") # 0.9037497 0.8033333 0.008297511
