/* A results.sqlite made by hand, by the schema of the store: six data sets, masks at three rates
 * and one without a rate, seven methods, three repeats; names as nasty as data can be, failures,
 * a metric that not every method offers, traces, events, images. */
#ifndef LAC_REPORT_FIXTURE_H
#define LAC_REPORT_FIXTURE_H

#include "store-private.h"
#include <glib/gstdio.h>
#include <lacuna/rng.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#define FIXTURE_EVIL "<script>alert(1)</script>"
#define FIXTURE_QUOTES "O'Brien \"&\" sons"

typedef struct {
    size_t data, repeats;
    gboolean images;
    double seed;
} FixtureSize;

static const char *const fixture_data[] = {"concrete",   "letter",       "spambase",
                                           FIXTURE_EVIL, FIXTURE_QUOTES, "nä_ïve^2\nπ`date`"};
static const char *const fixture_models[][2] = {
    {"mean", "mean"}, {"knn", "knn k=1"},   {"knn", "knn k=10"},     {"mice", "mice"},
    {"em", "em"},     {"median", "median"}, {"forest", "forest <b>"}};
/* how good each is: the mean of its loss, and its seconds */
static const double fixture_level[] = {.25, .19, .145, .15, .165, .26, .13};
static const double fixture_time[] = {.0004, .12, .15, .9, .2, .0005, 14.0};

static G_GNUC_UNUSED void
fixture_sql(sqlite3 *db, const char *format, ...)
{
    char *sql, *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        g_error("fixture: %s: %s", sql, message);
    sqlite3_free(sql);
}

/* .npy, version 1.0, little endian */
static G_GNUC_UNUSED void
fixture_npy(GString *out, const char *type, const char *shape, const void *bytes, size_t n)
{
    g_autofree char *head =
        g_strdup_printf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    const size_t used = strlen(head) + 1, total = (10 + used + 63) / 64 * 64 - 10;

    g_string_append_len(out, "\x93NUMPY\x01\x00", 8);
    g_string_append_c(out, (char)(total & 0xff));
    g_string_append_c(out, (char)(total >> 8));
    g_string_append(out, head);
    for (size_t i = used; i < total; i++)
        g_string_append_c(out, ' ');
    g_string_append_c(out, '\n');
    g_string_append_len(out, bytes, (gssize)n);
}

static G_GNUC_UNUSED void
fixture_u(GString *out, guint64 value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        g_string_append_c(out, (char)(value >> (8 * i) & 0xff));
}

/* one stored member of a zip file and its entry in the directory */
static G_GNUC_UNUSED void
fixture_zip_add(GString *zip, GString *directory, const char *name, const GString *bytes)
{
    const guint64 at = zip->len;

    for (int central = 0; central < 2; central++) {
        GString *out = central ? directory : zip;
        fixture_u(out, central ? 0x02014b50 : 0x04034b50, 4);
        if (central)
            fixture_u(out, 20, 2);
        fixture_u(out, 20, 2);
        fixture_u(out, 0, 2); /* flags */
        fixture_u(out, 0, 2); /* stored */
        fixture_u(out, 0, 4); /* time */
        fixture_u(out, 0, 4); /* crc: not looked at */
        fixture_u(out, bytes->len, 4);
        fixture_u(out, bytes->len, 4);
        fixture_u(out, strlen(name), 2);
        fixture_u(out, 0, 2);
        if (central) {
            fixture_u(out, 0, 2);
            fixture_u(out, 0, 2);
            fixture_u(out, 0, 2);
            fixture_u(out, 0, 4);
            fixture_u(out, at, 4);
        }
        g_string_append(out, name);
    }
    g_string_append_len(zip, bytes->str, (gssize)bytes->len);
}

static G_GNUC_UNUSED void
fixture_npz_member(GString *zip, GString *directory, const char *name, const char *type,
                   const char *shape, const void *bytes, size_t n)
{
    g_autoptr(GString) npy = g_string_new(NULL);

    fixture_npy(npy, type, shape, bytes, n);
    fixture_zip_add(zip, directory, name, npy);
}

/* three pictures of 12 x 12 with a hidden square; @noise: how far the completion is off */
static G_GNUC_UNUSED void
fixture_images(const char *dir, const char *id, double noise)
{
    g_autofree char *folder = g_build_filename(dir, "artifacts", id, NULL);
    g_autofree char *path = g_build_filename(folder, "images.npz", NULL);
    g_autoptr(GString) zip = g_string_new(NULL), directory = g_string_new(NULL);
    float truth[3 * 144], mask[3 * 144], completed[3 * 144];
    const float range[] = {0.0f, 1.0f};
    const gint64 rows[] = {4, 17, 23};
    gsize start;
    LacRng rng = lac_rng_new(99);

    for (size_t i = 0; i < 3 * 144; i++) {
        const double x = (double)(i % 12) - 5.5, y = (double)(i / 12 % 12) - 5.5;
        const double r = sqrt(x * x + y * y);
        truth[i] = (float)(0.5 + 0.5 * cos(r * (0.6 + 0.2 * (double)(i / 144))));
        mask[i] = fabs(x) < 3.0 && y > -2.0 ? 1.0f : 0.0f;
        completed[i] = truth[i] + (mask[i] > 0.0f ? (float)(noise * lac_rng_normal(&rng)) : 0.0f);
    }
    fixture_npz_member(zip, directory, "truth.npy", "<f4", "3, 1, 12, 12", truth, sizeof truth);
    fixture_npz_member(zip, directory, "mask.npy", "<f4", "3, 1, 12, 12", mask, sizeof mask);
    fixture_npz_member(zip, directory, "completed.npy", "<f4", "3, 1, 12, 12", completed,
                       sizeof completed);
    fixture_npz_member(zip, directory, "range.npy", "<f4", "2,", range, sizeof range);
    fixture_npz_member(zip, directory, "rows.npy", "<i8", "3,", rows, sizeof rows);
    start = zip->len;
    g_string_append_len(zip, directory->str, (gssize)directory->len);
    fixture_u(zip, 0x06054b50, 4);
    fixture_u(zip, 0, 4);
    fixture_u(zip, 5, 2);
    fixture_u(zip, 5, 2);
    fixture_u(zip, directory->len, 4);
    fixture_u(zip, start, 4);
    fixture_u(zip, 0, 2);
    g_mkdir_with_parents(folder, 0755);
    g_file_set_contents(path, zip->str, (gssize)zip->len, NULL);
}

static G_GNUC_UNUSED void
fixture_traces(sqlite3 *db, const char *id, LacRng *rng)
{
    static const char *const columns[] = {"x1", "x<2>"};

    for (int c = 0; c < 2; c++)
        for (int chain = 0; chain < 4; chain++)
            for (int t = 0; t < 12; t++)
                fixture_sql(db, "INSERT INTO traces VALUES(%Q, 'mean', %Q, %d, %d, %.17g)", id,
                            columns[c], chain, t,
                            (c ? 0.4 * chain : 0.0) + 3.0 * exp(-0.6 * t) * (chain - 1.5) +
                                0.3 * lac_rng_normal(rng));
    for (int t = 0; t < 12; t++)
        fixture_sql(db, "INSERT INTO traces VALUES(%Q, 'log-likelihood', NULL, 0, %d, %.17g)", id,
                    t, -1000.0 - 400.0 * exp(-0.5 * t));
    fixture_sql(db, "INSERT INTO traces VALUES(%Q, 'ess-min', NULL, 0, 0, 37.25)", id);
}

typedef struct {
    sqlite3 *db;
    const char *dir;
    const FixtureSize *size;
    LacRng rng;
    int position;
} Fixture;

static G_GNUC_UNUSED void
fixture_values(Fixture *f, const char *id, size_t m, double loss)
{
    fixture_sql(f->db, "INSERT INTO metrics VALUES(%Q,'rmse',NULL,NULL,%.17g,'ok',NULL,500,5)", id,
                loss);
    fixture_sql(f->db, "INSERT INTO metrics VALUES(%Q,'rmse',NULL,'x1',%.17g,'ok',NULL,50,5)", id,
                2 * loss);
    fixture_sql(f->db, "INSERT INTO metrics VALUES(%Q,'r2',NULL,NULL,%.17g,'ok',NULL,500,5)", id,
                1.0 - 4.0 * loss * loss);
    if (m != 3 && m != 4) {
        /* as the store says it: once for all parts */
        fixture_sql(f->db,
                    "INSERT INTO metrics VALUES(%Q,'coverage',NULL,NULL,NULL,'not-applicable',"
                    "'no draws',0,0)",
                    id);
        return;
    }
    for (int level = 5; level <= 9; level += level == 5 ? 3 : 1)
        fixture_sql(f->db,
                    "INSERT INTO metrics VALUES(%Q,'coverage','0.%d',NULL,%.17g,'ok',NULL,500,5)",
                    id, level, 0.1 * level + (m == 3 ? -0.09 : 0.03) + loss / 10);
}

static G_GNUC_UNUSED void
fixture_cell(Fixture *f, size_t d, size_t mask, size_t m, size_t repeat)
{
    static const double rates[] = {0.2, 0.4, 0.6, NAN};
    const gboolean rated = mask < 3;
    const double rate = rated ? rates[mask] : 0.3;
    const double loss = fixture_level[m] * (0.7 + rate) * (0.6 + 0.15 * (double)d) +
                        0.004 * lac_rng_normal(&f->rng);
    const gboolean fails = m == 6 && d == 2 && mask == 1 && repeat == 2;
    const gboolean slow = m == 6 && d == 1 && mask == 2;
    g_autofree char *id = g_strdup_printf("c%05d", f->position);
    g_autofree char *asked = rated ? g_strdup_printf("%.1f", rate) : g_strdup("NULL");
    const double seconds = fixture_time[m] * (1.0 + (double)d) * (1 + 0.1 * (double)repeat);

    fixture_sql(f->db,
                "INSERT INTO cells VALUES(%Q,%d,%Q,'{}',NULL,'sha-%d',%d,%d,'none',NULL,"
                "%Q,%Q,%Q,%s,%.17g,'random-observed','{}',%Q,'{}',%Q,NULL,NULL,'minmax',%d,1,%Q,%Q,"
                "%.17g,%.17g,%.17g,%.17g,1,0,'box','0.1.0','2026-11-21T10:00:00Z','2026-11-21T10:"
                "00:01Z',NULL,NULL)",
                id, f->position, fixture_data[d], (int)d, 100 * (int)(d + 1), 5 + (int)d,
                rated ? "mcar" : "mar", rated ? "{}" : "{\"columns\":2}", rated ? "MCAR" : "MAR",
                asked, rate + 0.001, fixture_models[m][0], fixture_models[m][1], (int)repeat,
                fails  ? "failed"
                : slow ? "timeout"
                       : "ok",
                fails  ? "singular matrix: column '<img src=x onerror=alert(2)>' & co"
                : slow ? "stopped after 60 s"
                       : NULL,
                slow ? 60.0 : seconds, slow ? 0.0 : seconds / 10, seconds, 20.0 + 10.0 * (double)m);
    f->position++;
    if (fails || slow)
        return;
    fixture_values(f, id, m, loss);
    if (m == 3 && repeat == 1) {
        fixture_traces(f->db, id, &f->rng);
        fixture_sql(f->db,
                    "INSERT INTO events VALUES(%Q,'constant-column','x<2>',1,"
                    "'has one value only & was filled with it')",
                    id);
    }
    if (f->size->images && d == 0 && mask == 0 && repeat == 1)
        fixture_images(f->dir, id, fixture_level[m]);
}

/* writes @dir/results.sqlite */
static G_GNUC_UNUSED void
fixture_write(const char *dir, const FixtureSize *size)
{
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    Fixture f = {.dir = dir, .size = size, .rng = lac_rng_new(42)};

    g_mkdir_with_parents(dir, 0755);
    (void)g_unlink(path);
    if (sqlite3_open(path, &f.db) != SQLITE_OK)
        g_error("fixture: cannot create %s", path);
    fixture_sql(f.db, "PRAGMA synchronous = OFF");
    fixture_sql(f.db, "%s", lac_store_schema());
    fixture_sql(f.db, "BEGIN");
    fixture_sql(f.db,
                "INSERT INTO run VALUES('quickstart <1>',1,'2026-11-21T10:00:00Z',"
                "'2026-11-21T10:05:00Z',%Q,'lacuna run quickstart.yaml','0.1.0',1)",
                "lacuna: 1\nname: quickstart <1>\nseed: 1 # \"quoted\" & 'single'\n"
                "model: [mean, knn]\n");
    fixture_sql(f.db, "INSERT INTO environment VALUES('cpu','Imaginary <9000>'),('cores','2'),"
                      "('kernel','6.1'),('blas','OpenBLAS SkylakeX')");
    fixture_sql(f.db, "INSERT INTO metric_info VALUES"
                      "('rmse',NULL,'min',NULL,'column unit','scored cells','truth','point',"
                      "'MCAR,MAR,MNAR','conditional means win it'),"
                      "('r2',NULL,'max',NULL,'share','scored cells','truth','point','MCAR',NULL),"
                      "('coverage','0.5','target',0.5,'share','scored cells','truth,draws','draws',"
                      "'MCAR,MAR,MNAR',NULL),"
                      "('coverage','0.8','target',0.8,'share','scored cells','truth,draws','draws',"
                      "'MCAR,MAR,MNAR',NULL),"
                      "('coverage','0.9','target',0.9,'share','scored cells','truth,draws','draws',"
                      "'MCAR,MAR,MNAR',NULL)");
    for (size_t d = 0; d < size->data; d++)
        for (size_t mask = 0; mask < 4; mask++)
            for (size_t m = 0; m < G_N_ELEMENTS(fixture_models); m++)
                for (size_t repeat = 1; repeat <= size->repeats; repeat++)
                    fixture_cell(&f, d, mask, m, repeat);
    fixture_sql(f.db, "COMMIT");
    sqlite3_close(f.db);
}

/* a new folder that fixture_remove() takes away */
static G_GNUC_UNUSED char *
fixture_folder(void)
{
    return g_dir_make_tmp("lacuna-report-XXXXXX", NULL);
}

static G_GNUC_UNUSED void
fixture_remove(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            fixture_remove(child);
        else
            (void)g_unlink(child);
    }
    (void)g_rmdir(path);
}

#endif
