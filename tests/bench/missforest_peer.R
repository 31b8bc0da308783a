# missForest (Stekhoven and Buehlmann 2012) over ranger's forests, as the R package missForest does it
# since version 1.6, for tables of numbers:
#
#   Rscript missforest_peer.R TRUTH.csv HOLES.csv [most rounds = 10] [trees = 100] [seeds = 1] [threads]
#
# Columns by increasing number of holes; mtry = floor(sqrt(columns)); min.node.size = 5; ends when
# the relative change grows and takes the round before; forests are grown by as many threads as
# ranger takes by itself (all cores) unless the last argument says how many. missForest keeps each
# forest's out-of-bag error, which ranger computes unless told not to. Runs once with each of the
# seeds 1 .. seeds and prints one line of JSON, means of these: name, seconds of the imputing alone,
# root mean squared error over the holes, rounds run (one more than count in the end where the change
# grew).
suppressMessages(library(ranger))

impute <- function(x, rounds, trees, seed, threads) {
  holes <- is.na(x)
  order <- order(colSums(holes))
  order <- order[colSums(holes)[order] > 0]
  for (j in order) x[holes[, j], j] <- mean(x[, j], na.rm = TRUE)
  change <- Inf
  for (round in seq_len(rounds)) {
    before <- x
    for (j in order) {
      seen <- !holes[, j]
      forest <- ranger(x = x[seen, -j, drop = FALSE], y = x[seen, j], num.trees = trees,
                       mtry = floor(sqrt(ncol(x))), min.node.size = 5, seed = seed * 1000 + round,
                       num.threads = threads)
      x[!seen, j] <- predict(forest, x[!seen, -j, drop = FALSE],
                             num.threads = threads)$predictions
    }
    now <- sum((as.matrix(x) - as.matrix(before))^2) / sum(as.matrix(x)^2)
    if (now >= change) return(list(x = before, rounds = round))
    change <- now
  }
  list(x = x, rounds = rounds)
}

arguments <- commandArgs(trailingOnly = TRUE)
option <- function(at, default) if (length(arguments) >= at) as.numeric(arguments[at]) else default
truth <- as.matrix(read.csv(arguments[1]))
holey <- read.csv(arguments[2])
threads <- if (length(arguments) >= 6) as.numeric(arguments[6]) else NULL
runs <- sapply(seq_len(option(5, 1)), function(seed) {
  seconds <- system.time(
    done <- impute(holey, option(3, 10), option(4, 100), seed, threads))[["elapsed"]]
  c(seconds, sqrt(mean((as.matrix(done$x) - truth)[is.na(holey)]^2)), done$rounds)
})
mean_of <- rowMeans(runs)
cat(sprintf('{"name": "missForest over ranger %s, %.3g rounds run", "seconds": %.4f, "rmse": %.6f, "rounds": %g}\n',
            packageVersion("ranger"), mean_of[3], mean_of[1], mean_of[2], mean_of[3]))
