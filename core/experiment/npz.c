/* NPZ is a zip archive, its members stored as they are, of NPY files: NumPy's format 1.0
 * (numpy.lib.format) and PKWARE's APPNOTE 4.3, sections 4.3.7, 4.3.12 and 4.3.16. */
#include "npz.h"

#include <lacuna/npy.h>

#include <string.h>
#include <zlib.h>

enum {
    ZIP_VERSION = 20,  /* 2.0, what a plain stored member needs */
    DOS_DATE = 0x0021, /* 1980-01-01: the same bytes whenever it is written */
};

struct LacNpz {
    GByteArray *file, *directory;
    guint16 members;
};

static void
put16(GByteArray *to, guint value)
{
    const guint8 bytes[] = {(guint8)(value & 0xFF), (guint8)(value >> 8 & 0xFF)};

    g_byte_array_append(to, bytes, sizeof bytes);
}

static void
put32(GByteArray *to, guint32 value)
{
    put16(to, value & 0xFFFF);
    put16(to, value >> 16);
}

LacNpz *
lac_npz_new(void)
{
    LacNpz *npz = g_new0(LacNpz, 1);

    npz->file = g_byte_array_new();
    npz->directory = g_byte_array_new();
    return npz;
}

/* The fields a member's own header and its entry in the directory share. */
static void
put_member_fields(GByteArray *to, guint32 crc, guint32 size, const char *name)
{
    put16(to, 0); /* flags */
    put16(to, 0); /* method: stored */
    put16(to, 0); /* time */
    put16(to, DOS_DATE);
    put32(to, crc);
    put32(to, size);
    put32(to, size);
    put16(to, (guint)strlen(name));
    put16(to, 0); /* extra */
}

void
lac_npz_add(LacNpz *npz, const char *name, const char *dtype, size_t dims, const size_t *shape,
            gconstpointer bytes, gsize n)
{
    g_autoptr(GByteArray) npy = lac_npy_head(dtype, dims, shape);
    g_autofree char *member = g_strconcat(name, ".npy", NULL);
    const guint32 offset = npz->file->len;
    guint32 crc;

    g_byte_array_append(npy, bytes, (guint)n);
    crc = (guint32)crc32(0, npy->data, npy->len);
    put32(npz->file, 0x04034B50);
    put16(npz->file, ZIP_VERSION);
    put_member_fields(npz->file, crc, npy->len, member);
    g_byte_array_append(npz->file, (const guint8 *)member, (guint)strlen(member));
    g_byte_array_append(npz->file, npy->data, npy->len);

    put32(npz->directory, 0x02014B50);
    put16(npz->directory, ZIP_VERSION);
    put16(npz->directory, ZIP_VERSION);
    put_member_fields(npz->directory, crc, npy->len, member);
    put16(npz->directory, 0); /* comment */
    put16(npz->directory, 0); /* disk */
    put16(npz->directory, 0); /* internal attributes */
    put32(npz->directory, 0); /* external attributes */
    put32(npz->directory, offset);
    g_byte_array_append(npz->directory, (const guint8 *)member, (guint)strlen(member));
    npz->members++;
}

GBytes *
lac_npz_finish(LacNpz *npz)
{
    GByteArray *file = npz->file;
    const guint32 offset = file->len;

    g_byte_array_append(file, npz->directory->data, npz->directory->len);
    put32(file, 0x06054B50);
    put16(file, 0);
    put16(file, 0);
    put16(file, npz->members);
    put16(file, npz->members);
    put32(file, npz->directory->len);
    put32(file, offset);
    put16(file, 0);
    g_byte_array_unref(npz->directory);
    g_free(npz);
    return g_byte_array_free_to_bytes(file);
}
