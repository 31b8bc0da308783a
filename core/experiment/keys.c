#include "keys.h"

#define SPLIT_ONE                                                                                  \
    "{\"anyOf\":[{\"const\":\"none\"},{\"type\":\"null\"},"                                        \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                         \
    "\"kfold\":{\"type\":\"integer\",\"minimum\":2},"                                              \
    "\"holdout\":{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1},"             \
    "\"test\":{\"$ref\":\"#/$defs/data\"},"                                                        \
    "\"stratify\":{\"type\":\"boolean\"}}}]}"
#define SCALE_ONE "{\"enum\":[\"minmax\",\"standard\",\"none\"]}"
#define ONE_OR_MORE(one)                                                                           \
    "{\"anyOf\":[" one ",{\"type\":\"array\",\"minItems\":1,\"items\":" one "}]}"
#define TABLE "{\"enum\":[\"original\",\"imputed\",\"reconstructed\"]}"
#define COUNT "{\"type\":\"integer\",\"minimum\":1}"
/* clang-format off */
#define DOWNSTREAM                                                                                 \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"model\"],\"properties\":{"    \
    "\"model\":" ONE_OR_MORE("{\"$ref\":\"#/$defs/classifier\"}")                                    \
    ",\"optimizer\":" ONE_OR_MORE("{\"$ref\":\"#/$defs/optimizer\"}")                                \
    ",\"train_on\":" TABLE ",\"test_on\":" TABLE ",\"imputations\":" ONE_OR_MORE(COUNT)              \
    ",\"train_imputations\":" COUNT ",\"rotate\":{\"type\":\"boolean\"}}}"
/* clang-format on */
#define QUANTITY "{\"anyOf\":[{\"type\":\"number\",\"exclusiveMinimum\":0},{\"type\":\"string\"}]}"

const LacKey lac_experiment_keys[] = {
    {"lacuna", 0, FALSE, "{\"const\":1}", NULL, "Version of this file format: 1"},
    {"name", 0, FALSE, "{\"type\":\"string\"}", "the file's name",
     "What the run is called; also its folder under results/"},
    {"profile", 0, FALSE, "{\"type\":\"string\"}", "the first of `profiles`",
     "Which of the profiles holds; `--set profile=full` chooses another"},
    {"profiles", 0, FALSE,
     "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":{\"type\":"
     "[\"object\",\"null\"]}}",
     "",
     "The same experiment in several sizes: a map from names to values by path, as --set takes "
     "them, "
     "such as {desk: {}, full: {repeats: 10, 'data.csv.rows': 0}}. Values of the profile in force "
     "replace those in the file, those of --set replace both"},
    {"seed", 0, FALSE, "{\"type\":\"integer\",\"minimum\":0}", "1",
     "Where all randomness comes from; the same seed gives the same masks on every machine"},
    {"repeats", 0, FALSE, "{\"type\":\"integer\",\"minimum\":1}", "1",
     "How often everything is done, each time with new masks and splits"},
    {"data", LAC_PLUGIN_READER, TRUE, NULL, NULL,
     "Data sets, by the reader that brings them in; a list means alternatives"},
    {"scale", 0, FALSE, ONE_OR_MORE(SCALE_ONE), "minmax",
     "minmax, standard or none: how numeric columns are scaled before a model sees them, learnt on "
     "the observed cells of the training rows only; scores are in these units"},
    {"split", 0, FALSE, ONE_OR_MORE(SPLIT_ONE), "none",
     "{kfold: 5}, {holdout: 0.2} (share tested), {test: {csv: {path: test.csv}}} (rows of a data "
     "set "
     "of its own are tested), or none: fit and complete the same rows; `stratify: true` keeps the "
     "shares of labels"},
    {"mask", LAC_PLUGIN_MASK, TRUE, NULL, NULL,
     "Mask generators: which cells are hidden. Masks depend on seed, repeat, data and the "
     "generator's parameters only, so every model meets the same holes"},
    {"initial", LAC_PLUGIN_INITIAL, TRUE, NULL, "mean",
     "Initial imputers: what iterative models start from"},
    {"model", LAC_PLUGIN_MODEL, TRUE, NULL, NULL, "Models: the methods compared"},
    {"optimizer", LAC_PLUGIN_OPTIMIZER, TRUE, NULL, LAC_OPTIMIZER_DEFAULT,
     "Optimizers; used by gradient-trained models only"},
    {"metrics", LAC_PLUGIN_METRIC, TRUE, NULL, "rmse",
     "Metrics: all of them are computed on every cell. What a model cannot offer is recorded as "
     "not applicable"},
    {"draws", 0, FALSE, "{\"type\":\"integer\",\"minimum\":1}", "20 when a metric needs draws",
     "Completions drawn from models that can sample"},
    {"exclude", 0, FALSE, "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}", "",
     "Cells to leave out: a list of maps such as {data: letter, model.knn.k: 10}; a cell that "
     "matches every entry of one map is dropped"},
    {"limits", 0, FALSE,
     "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"time\":" QUANTITY
     ",\"memory\":" QUANTITY ",\"threads\":{\"type\":\"integer\",\"minimum\":1}}}",
     "",
     "Of each cell: time (seconds, or \"10 min\"), memory of its worker process (MiB, or "
     "\"2 GiB\"), threads"},
    {"downstream", 0, FALSE, DOWNSTREAM, "",
     "A classifier after imputation: {model: mlp, train_on: imputed, imputations: 1}. It learns "
     "the "
     "labels from imputed training rows (`train_on: original`: from the rows before masking) and "
     "predicts the imputed test rows (`test_on: original`: those before masking), so a split is "
     "needed. `reconstructed` takes the model's output for observed cells, too (models that have "
     "none give their completions). With `imputations: m` above 1 it learns from m drawn "
     "completions of the training "
     "rows "
     "at once and its class probabilities are averaged over m of the test rows; a list means "
     "alternatives. `train_imputations` is the number to learn from where that is another one; "
     "with "
     "`rotate: true` each epoch sees the next of them instead of all at once. `model` (one that "
     "predicts labels) and `optimizer` are components as above"},
    {"search", 0, FALSE,
     "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"draws\"],"
     "\"properties\":{\"draws\":{\"type\":\"integer\",\"minimum\":1},"
     "\"validation\":{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1},"
     "\"stratify\":{\"type\":\"boolean\"},"
     "\"metric\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\","
     "\"additionalProperties\":false,\"properties\":{\"model\":{\"type\":\"string\"},"
     "\"downstream\":{\"type\":\"string\"}}}]}}}",
     "",
     "Random search: {draws: 20, validation: 0.2, metric: rmse}. `draws` configurations of the "
     "!random parameters of a model (with its optimizer) or downstream classifier learn from a "
     "part "
     "of the training rows and are judged on the rest of them, a share of `validation` (0.2; "
     "`stratify: true` keeps the shares of labels, as the split's does) by one of the metrics (the "
     "first). The best learns from all training rows and is scored on the test rows. When model "
     "and "
     "classifier are both drawn, `metric: {model: rmse, downstream: accuracy}` chooses the model "
     "first, then the classifier behind it"},
    {"report", 0, FALSE,
     "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
     "\"title\":{\"type\":\"string\"},\"primary\":{\"type\":\"string\"},"
     "\"compare\":{\"type\":\"object\"}}}",
     "",
     "Handed to `lacuna report`: primary metric, and compare: {test, alpha, zeros, ties, failures, "
     "unit, rope, family}"},
    {NULL, 0, FALSE, NULL, NULL, NULL},
};
