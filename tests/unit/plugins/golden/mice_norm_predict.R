suppressMessages(library(mice))
set.seed(20261121)
n <- 60; p <- 5
common <- rnorm(n)
x <- sapply(1:p, function(j) round(sqrt(.6)*common + sqrt(.4)*rnorm(n), 3) * 10^(j-3) + j)
x <- round(x, 6)
m <- matrix(runif(n*p) < .25, n, p); m[rowSums(m) == p, 1] <- FALSE
h <- x; h[m] <- NA
d <- as.data.frame(h)
means <- d; for (j in 1:p) means[[j]][is.na(d[[j]])] <- mean(d[[j]], na.rm=TRUE)
imp <- mice(d, m=1, maxit=5, method="norm.predict", data.init=means, eps=0, remove.collinear=FALSE, printFlag=FALSE)
out <- as.matrix(complete(imp))
cat("/* mice", as.character(packageVersion("mice")), ": Rscript mice_norm_predict.R > mice_norm_predict.h */\n")
cat("enum { NP_ROWS =", n, ", NP_COLS =", p, "};\n")
pr <- function(name, a) { cat("static const double ", name, "[] = {\n", sep=""); v <- as.vector(t(a)); s <- ifelse(is.na(v), "NAN", sprintf("%.17g", v)); cat(paste0("    ", sapply(split(s, (seq_along(s)-1) %/% p), paste, collapse=", "), ",\n"), sep=""); cat("};\n") }
pr("np_in", h); pr("np_out", out)
