/* From the k donors of one hole to one value. */
#ifndef KNN_COMBINE_H
#define KNN_COMBINE_H

#include <lacuna/donors.h>

/** KnnVote: a donor's value in the hole's column, its weight, and its place, nearest first. */
typedef struct {
    double value, weight;
    size_t place;
} KnnVote;

/** knn_weigh: sets places and weights: 1, or 1 / distance; in the latter case donors at distance 0,
 * when there are any, have all of it. */
void knn_weigh(size_t n, const LacNeighbour *donors, gboolean by_distance, KnnVote *votes);

/** knn_mean, knn_median, knn_mode: weighted; n >= 1, some weight > 0. The median of two equally
 * heavy halves is the middle between them, or the lower one when @code. Of modes that tie
 * the one with the nearest donor wins. median and mode reorder @votes. */
double knn_mean(size_t n, const KnnVote *votes);
double knn_median(size_t n, KnnVote *votes, gboolean code);
double knn_mode(size_t n, KnnVote *votes);

/** knn_pick: the value of the donor at @u in [0, 1) of the cumulative weight. */
double knn_pick(size_t n, const KnnVote *votes, double u);

#endif
