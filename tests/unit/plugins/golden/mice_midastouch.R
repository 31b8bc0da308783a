# How often mice.impute.midastouch gives which donor to which recipient: expected shares of models_mice_midastouch_test.c.
#   Rscript mice_midastouch.R > mice_midastouch.h     (mice 3.15.0, R 4.2.2)
# Nine donors, of which the last lies far out and off the line, so that its own regression is another one.
suppressMessages(library(mice))
x <- c(-1.3, -0.9, -0.5, -0.2, 0.1, 0.4, 0.8, 1.1, 3.0, -0.7, 0.6, 2.2)
y <- c(-1.6, -0.5, -0.9, 0.2, -0.3, 0.9, 0.4, 1.5, 0.3, NA, NA, NA)
seen <- !is.na(y)
y <- (y - mean(y[seen])) / sd(y[seen]) # midastouch caps its weights in the unit of the column
N <- 40000
set.seed(1)
shares <- function(outout) {
  drawn <- replicate(N, match(mice.impute.midastouch(y, seen, matrix(x), outout = outout), y))
  t(apply(drawn, 1, tabulate, nbins = sum(seen))) / N
}
put <- function(name, v, width) cat(sprintf("static const double %s = {\n    %s};\n", name,
  paste(strwrap(paste(sprintf("%.10g", v), collapse = ", "), width), collapse = "\n    ")))
cat("/* Made by mice_midastouch.R. Shares of", N, "draws: [recipients][donors]. */\n")
put("midastouch_x[12]", x, 90)
put("midastouch_y[9]", y[seen], 90)
put("midastouch_left_out[27]", t(shares(TRUE)), 90)
put("midastouch_shared[27]", t(shares(FALSE)), 90)
