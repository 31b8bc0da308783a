#include "resources.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double
cpu_now(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static double
wall_now(void)
{
    return 1e-6 * (double)g_get_monotonic_time();
}

/* A line "@key:  12345 kB" of /proc/self/status in MiB. */
static double
status_mib(const char *key)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL))
        return NAN;
    line = strstr(text, key);
    return line != NULL ? g_ascii_strtod(line + strlen(key), NULL) / 1024.0 : NAN;
}

/* proc(5): writing 5 sets the high-water mark to what is resident now. */
static void
reset_high_water(void)
{
    const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "5", 1) != 1)
        g_debug("/proc/self/clear_refs cannot be written");
    close(fd);
}

double
lac_resources_held_mib(void)
{
    return status_mib("\nVmRSS:");
}

void
lac_resources_start(LacResources *r)
{
    malloc_trim(0); /* what earlier cells freed would hide what this one takes */
    reset_high_water();
    r->rss_mib = status_mib("\nVmRSS:");
    r->cpu = cpu_now();
    r->wall = wall_now();
}

double
lac_resources_lap(LacResources *r)
{
    const double before = r->wall;

    r->wall = wall_now();
    return r->wall - before;
}

double
lac_resources_cpu(const LacResources *r)
{
    return cpu_now() - r->cpu;
}

double
lac_resources_peak_mib(const LacResources *r)
{
    return fmax(0.0, status_mib("\nVmHWM:") - r->rss_mib);
}

gboolean
lac_resources_contended(void)
{
    double load;

    return getloadavg(&load, 1) == 1 && load > (double)g_get_num_processors();
}
