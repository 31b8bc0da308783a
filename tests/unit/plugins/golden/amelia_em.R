# Conditional means under Amelia's maximum likelihood estimate, for the table of
# mice_norm_predict.h. Amelia reports mean and covariance of columns standardised by the mean and
# sd of their observed cells.
suppressMessages(library(Amelia))
lines <- readLines("mice_norm_predict.h")
from <- grep("np_in", lines); to <- grep("^};", lines); to <- to[to > from][1]
h <- as.matrix(read.csv(text = gsub("NAN", "NA", sub(",$", "", trimws(lines[(from + 1):(to - 1)]))),
                        header = FALSE, strip.white = TRUE))
a <- amelia(h, m = 1, boot.type = "none", tolerance = 1e-13, incheck = FALSE, p2s = 0)
perm <- order(colSums(is.na(h))) # Amelia's own order: fewest holes first
mu <- numeric(ncol(h)); S <- matrix(0, ncol(h), ncol(h))
mu[perm] <- as.vector(a$mu); S[perm, perm] <- a$covMatrices[, , 1]
centre <- colMeans(h, na.rm = TRUE); s <- apply(h, 2, sd, na.rm = TRUE)
z <- sweep(sweep(h, 2, centre), 2, s, "/")
for (i in seq_len(nrow(z))) {
  m <- is.na(z[i, ])
  if (any(m))
    z[i, m] <- mu[m] + S[m, !m, drop = FALSE] %*% solve(S[!m, !m], z[i, !m] - mu[!m])
}
out <- sweep(sweep(z, 2, s, "*"), 2, centre, "+")
out[!is.na(h)] <- h[!is.na(h)]
cat("/* Amelia", as.character(packageVersion("Amelia")), ": Rscript amelia_em.R > amelia_em.h */\n")
cat("static const double amelia_out[] = {\n")
cat(paste0("    ", apply(out, 1, function(r) paste(sprintf("%.17g", r), collapse = ", ")), ",\n"), sep = "")
cat("};\n")
