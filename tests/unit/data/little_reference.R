# The numbers that missingness_test.c expects: Rscript little_reference.R (R 4.2.2, mice 3.15.0).
# Little's test from its definition, with an EM of its own, run until nothing moves.
suppressMessages(library(mice))
little <- function(x) {
  x <- as.matrix(x)
  x <- x[rowSums(!is.na(x)) > 0, , drop = FALSE]
  n <- nrow(x)
  p <- ncol(x)
  m <- colMeans(x, na.rm = TRUE)
  s <- diag(apply(x, 2, var, na.rm = TRUE))
  key <- apply(is.na(x), 1, function(r) paste(as.integer(r), collapse = ""))
  for (it in 1:20000) {
    t1 <- numeric(p)
    t2 <- matrix(0, p, p)
    for (k in unique(key)) {
      r <- which(key == k)
      o <- !is.na(x[r[1], ])
      h <- !o
      y <- x[r, , drop = FALSE]
      c0 <- matrix(0, p, p)
      if (any(h)) {
        b <- s[h, o, drop = FALSE] %*% solve(s[o, o])
        y[, h] <- t(m[h] + b %*% (t(y[, o, drop = FALSE]) - m[o]))
        c0[h, h] <- s[h, h] - b %*% s[o, h]
      }
      t1 <- t1 + colSums(y)
      t2 <- t2 + crossprod(y) + length(r) * c0
    }
    m1 <- t1 / n
    s1 <- t2 / n - tcrossprod(m1)
    change <- max(abs(m1 - m), abs(s1 - s) / sqrt(tcrossprod(diag(s))))
    m <- m1
    s <- s1
    if (change < 1e-13) break
  }
  d2 <- 0
  df <- -p
  for (k in unique(key)) {
    r <- which(key == k)
    o <- !is.na(x[r[1], ])
    e <- colMeans(x[r, o, drop = FALSE]) - m[o]
    d2 <- d2 + length(r) * drop(e %*% solve(s[o, o], e))
    df <- df + sum(o)
  }
  c(d2 = d2, df = df, p = pchisq(d2, df, lower.tail = FALSE))
}
options(digits = 12)
print(little(nhanes))
print(little(airquality))
print(flux(nhanes))
print(md.pattern(nhanes, plot = FALSE))
