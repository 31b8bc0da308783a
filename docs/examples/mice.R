# R's mice for Lacuna's model `external`; needs the packages mice and jsonlite. Register it in
# imputers.yaml as [Rscript, --vanilla, /path/to/mice.R] and use it with `kinds: true, draws: true`.
# Options become arguments of mice(): {method: pmm, maxit: 10}.
suppressMessages({library(mice); library(jsonlite)})

input <- file("stdin", "rb")
output <- pipe("cat", "wb") # R has no binary standard output of its own

read_line <- function() {
  bytes <- raw(0)
  repeat {
    byte <- readBin(input, "raw", 1)
    if (length(byte) == 0) return(NULL)
    if (byte == as.raw(10)) return(rawToChar(bytes))
    bytes <- c(bytes, byte)
  }
}

read_table <- function(question) {
  head <- question$bytes - 8 * question$rows * question$cols
  readBin(input, "raw", head) # what NumPy says in front; rows and columns are known already
  x <- readBin(input, "double", question$rows * question$cols, size = 8, endian = "little")
  matrix(x, question$rows, question$cols, byrow = TRUE)
}

npy_head <- function(rows, cols) {
  text <- sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }", rows, cols)
  text <- paste0(text, strrep(" ", (64 - (10 + nchar(text) + 1) %% 64) %% 64), "\n")
  c(as.raw(c(0x93)), charToRaw("NUMPY"), as.raw(c(1, 0, nchar(text) %% 256, nchar(text) %/% 256)),
    charToRaw(text))
}

answer <- function(line, table = NULL) {
  array <- raw(0)
  if (!is.null(table)) {
    array <- c(npy_head(nrow(table), ncol(table)),
               writeBin(as.vector(t(table)), raw(), size = 8, endian = "little"))
    line$bytes <- length(array)
  }
  writeBin(c(charToRaw(toJSON(line, auto_unbox = TRUE)), as.raw(10), array), output)
  flush(output)
}

# Codes become factors, so that mice chooses its methods by kind.
as_frame <- function(table, columns) {
  frame <- as.data.frame(table)
  for (j in seq_along(columns)) {
    column <- columns[[j]]
    frame[[j]][is.nan(frame[[j]])] <- NA
    if (column$kind %in% c("binary", "nominal", "ordinal"))
      frame[[j]] <- factor(frame[[j]], levels = seq_len(column$levels) - 1,
                           ordered = column$kind == "ordinal")
  }
  names(frame) <- paste0("x", seq_along(columns))
  frame
}

as_codes <- function(frame)
  sapply(frame, function(x) if (is.factor(x)) as.integer(x) - 1 else as.double(x))

# One chain for each draw, from its own seed: draw 3 is the same however many are asked for. Rows
# that were not fitted on are completed by the models of those that were (`ignore`).
complete_once <- function(train, frame, seed, options) {
  same <- identical(train, frame)
  all <- if (same) train else rbind(train, frame)
  ignore <- c(rep(FALSE, nrow(train)), rep(TRUE, nrow(all) - nrow(train)))
  fit <- do.call(mice, c(list(all, m = 1, seed = seed, printFlag = FALSE, ignore = ignore), options))
  done <- complete(fit, 1)
  if (same) done else done[ignore, , drop = FALSE]
}

# The point completion: means of `points` draws; the most frequent level.
complete_point <- function(train, frame, seed, options, points = 5) {
  draws <- lapply(seq_len(points), function(k)
    as_codes(complete_once(train, frame, (seed + k) %% .Machine$integer.max, options)))
  stacked <- simplify2array(lapply(draws, function(d) matrix(d, nrow(frame))))
  mode <- function(x) as.double(names(which.max(table(x))))
  sapply(seq_along(frame), function(j) {
    column <- matrix(stacked[, j, ], nrow(frame))
    apply(column, 1, if (is.factor(frame[[j]])) mode else mean)
  })
}

train <- NULL
fitted <- NULL
repeat {
  line <- read_line()
  if (is.null(line)) break
  question <- fromJSON(line, simplifyVector = FALSE)
  table <- read_table(question)
  withCallingHandlers(
    tryCatch({
      if (question$ask == "fit") {
        fitted <- question
        options <- lapply(question$options, type.convert, as.is = TRUE)
        train <- as_frame(table, question$columns)
        answer(list(ready = TRUE))
      } else {
        frame <- as_frame(table, fitted$columns)
        done <- if (question$ask == "fill") complete_point(train, frame, question$seed, options)
                else as_codes(complete_once(train, frame, question$seed, options))
        answer(list(completed = TRUE), matrix(done, nrow(frame)))
      }
    }, error = function(e) answer(list(error = conditionMessage(e)))),
    warning = function(w) {
      answer(list(warning = conditionMessage(w)))
      invokeRestart("muffleWarning")
    })
}
close(output)
