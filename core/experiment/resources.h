/* What a piece of work cost: wall clock, processor, memory. */
#ifndef LACUNA_RESOURCES_H
#define LACUNA_RESOURCES_H

#include <glib.h>

typedef struct {
    double wall, cpu; /* s at the last lap, at the start */
    double rss_mib;   /* resident at the start */
} LacResources;

/** lac_resources_start: also resets the kernel's high-water mark of this process's memory. */
void lac_resources_start(LacResources *r);
/** lac_resources_lap: seconds (CLOCK_MONOTONIC) since start or the last lap. */
double lac_resources_lap(LacResources *r);
/** lac_resources_cpu: user and system seconds of all threads since start. */
double lac_resources_cpu(const LacResources *r);
/** lac_resources_peak_mib: highest resident size since start above that at the start; NaN when the
 * kernel does not tell. */
double lac_resources_peak_mib(const LacResources *r);
/** lac_resources_held_mib: resident size now; NaN when the kernel does not tell. */
double lac_resources_held_mib(void);
/** lac_resources_contended: whether more wants to run on this machine than it has cores. */
gboolean lac_resources_contended(void);

#endif
