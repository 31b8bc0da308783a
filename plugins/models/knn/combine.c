#include "combine.h"

#include <math.h>
#include <stdlib.h>

void
knn_weigh(size_t n, const LacNeighbour *donors, gboolean by_distance, KnnVote *votes)
{
    const gboolean twin = n > 0 && donors[0].distance == 0.0; /* sorted, so zeros come first */

    for (size_t i = 0; i < n; i++) {
        votes[i].place = i;
        if (!by_distance || isinf(donors[0].distance))
            votes[i].weight = 1.0;
        else if (twin)
            votes[i].weight = donors[i].distance == 0.0;
        else /* relative to the nearest, so that tiny distances cannot overflow */
            votes[i].weight = donors[0].distance / donors[i].distance;
    }
}

double
knn_mean(size_t n, const KnnVote *votes)
{
    double sum = 0.0, weight = 0.0;

    for (size_t i = 0; i < n; i++) {
        sum += votes[i].weight * votes[i].value;
        weight += votes[i].weight;
    }
    return sum / weight;
}

static int
knn_compare(const void *a, const void *b)
{
    const KnnVote *x = a, *y = b;

    if (x->value != y->value)
        return x->value > y->value ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

double
knn_median(size_t n, KnnVote *votes, gboolean code)
{
    double half = 0.0, below = 0.0;
    size_t i = 0, next;

    qsort(votes, n, sizeof *votes, knn_compare);
    for (size_t v = 0; v < n; v++)
        half += 0.5 * votes[v].weight;
    while (below + votes[i].weight < half)
        below += votes[i++].weight;
    if (code || below + votes[i].weight > half)
        return votes[i].value;
    for (next = i + 1; next < n && votes[next].weight == 0.0;)
        next++;
    return next < n ? 0.5 * votes[i].value + 0.5 * votes[next].value : votes[i].value;
}

double
knn_mode(size_t n, KnnVote *votes)
{
    KnnVote best = {0.0, -1.0, 0};

    qsort(votes, n, sizeof *votes, knn_compare);
    for (size_t i = 0, end; i < n; i = end) {
        KnnVote group = {votes[i].value, 0.0, votes[i].place};

        for (end = i; end < n && votes[end].value == group.value; end++)
            group.weight += votes[end].weight;
        if (group.weight > best.weight || (group.weight == best.weight && group.place < best.place))
            best = group;
    }
    return best.value;
}

double
knn_pick(size_t n, const KnnVote *votes, double u)
{
    double total = 0.0, sum = 0.0;
    size_t last = 0;

    for (size_t i = 0; i < n; i++)
        total += votes[i].weight;
    for (size_t i = 0; i < n; i++) {
        if (votes[i].weight == 0.0)
            continue;
        last = i;
        sum += votes[i].weight;
        if (u * total < sum)
            break;
    }
    return votes[last].value;
}
