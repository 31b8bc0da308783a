/* npz: an array out of NumPy's zip archive. The central directory at the end of the file says where
 * each array lies; only stored and deflated entries exist. All offsets are checked against the file
 * before they are used.
 * Source: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, version 6.3. */
#include <lacuna/npy.h>
#include <lacuna/reader.h>

#include <string.h>
#include <zlib.h>

typedef struct {
    LacReader base;
    char *name, *labels;
} NpzPlugin;

static const LacParam params[] = {
    LAC_PARAM_STRING(NpzPlugin, name, NULL,
                     "Array to read; not needed when there is no other besides the labels"),
    LAC_PARAM_STRING(NpzPlugin, labels, NULL, "Array with the class of each row, as numbers"),
    LAC_PARAM_END,
};

typedef struct {
    const char *path;
    const uint8_t *bytes;
    uint64_t size;
} NpzArchive;

/* An array of the archive; @name is lent from the directory and not terminated. */
typedef struct {
    const char *name;
    size_t name_length;
    unsigned method;
    uint32_t crc;
    uint64_t packed, unpacked, header;
} NpzEntry;

enum {
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    DEFLATE_MOST = 1032, /* no deflate stream grows more when it is unpacked */
};

/* The little-endian number of @n bytes at @offset, which is known to lie inside. */
static uint64_t
npz_number(const NpzArchive *zip, uint64_t offset, unsigned n)
{
    uint64_t value = 0;

    while (n-- > 0)
        value = value << 8 | zip->bytes[offset + n];
    return value;
}

static gboolean
npz_has(const NpzArchive *zip, uint64_t offset, uint64_t n)
{
    return offset <= zip->size && n <= zip->size - offset;
}

static gboolean
npz_is(const NpzArchive *zip, uint64_t offset, uint64_t n, const char *magic)
{
    return npz_has(zip, offset, n) && memcmp(zip->bytes + offset, magic, 4) == 0;
}

static gboolean
npz_fail(const NpzArchive *zip, uint64_t offset, const char *what, GError **error)
{
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: byte %" G_GUINT64_FORMAT ": %s; the file is damaged, cut off or no npz "
                    "archive",
                    zip->path, offset, what);
}

/* Where the central directory starts and how many entries it has. */
static gboolean
npz_find_directory(const NpzArchive *zip, uint64_t *offset, uint64_t *entries, GError **error)
{
    uint64_t end, end64;

    if (zip->size < END_SIZE)
        return npz_fail(zip, zip->size, "too short for a zip archive", error);
    for (end = zip->size - END_SIZE;; end--) { /* a comment of up to 65535 bytes may follow */
        if (npz_is(zip, end, END_SIZE, "PK\5\6"))
            break;
        if (end == 0 || zip->size - end > END_SIZE + 65535)
            return npz_fail(zip, zip->size, "no zip directory found", error);
    }
    *entries = npz_number(zip, end + 10, 2);
    *offset = npz_number(zip, end + 16, 4);
    if (end < LOCATOR_SIZE || !npz_is(zip, end - LOCATOR_SIZE, LOCATOR_SIZE, "PK\6\7"))
        return TRUE;
    end64 = npz_number(zip, end - LOCATOR_SIZE + 8, 8);
    if (!npz_is(zip, end64, END64_SIZE, "PK\6\6"))
        return npz_fail(zip, end64, "no zip64 directory where one is announced", error);
    *entries = npz_number(zip, end64 + 32, 8);
    *offset = npz_number(zip, end64 + 48, 8);
    return TRUE;
}

/* Replaces sizes and offsets that did not fit into 32 bits by those of the zip64 extra field. */
static void
npz_read_extra(const NpzArchive *zip, uint64_t at, uint64_t length, NpzEntry *entry)
{
    const uint64_t end = at + length;

    while (end - at >= 4) {
        const uint64_t id = npz_number(zip, at, 2), size = npz_number(zip, at + 2, 2);
        uint64_t *const wide[] = {&entry->unpacked, &entry->packed, &entry->header};
        uint64_t p = at += 4;

        if (size > end - at)
            return;
        at += size;
        for (size_t k = 0; id == 1 && k < G_N_ELEMENTS(wide); k++) {
            if (*wide[k] == 0xFFFFFFFFu && at - p >= 8) {
                *wide[k] = npz_number(zip, p, 8);
                p += 8;
            }
        }
    }
}

/* The entry at *@offset of the directory; *@offset moves behind it. */
static gboolean
npz_read_entry(const NpzArchive *zip, uint64_t *offset, NpzEntry *entry, GError **error)
{
    const uint64_t at = *offset;
    uint64_t name, extra, comment;

    if (!npz_is(zip, at, CENTRAL_SIZE, "PK\1\2"))
        return npz_fail(zip, at, "no entry of the zip directory where one is due", error);
    name = npz_number(zip, at + 28, 2);
    extra = npz_number(zip, at + 30, 2);
    comment = npz_number(zip, at + 32, 2);
    if (!npz_has(zip, at + CENTRAL_SIZE, name + extra + comment))
        return npz_fail(zip, at, "an entry of the zip directory is cut off", error);
    *entry = (NpzEntry){.name = (const char *)zip->bytes + at + CENTRAL_SIZE,
                        .name_length = (size_t)name,
                        .method = (unsigned)npz_number(zip, at + 10, 2),
                        .crc = (uint32_t)npz_number(zip, at + 16, 4),
                        .packed = npz_number(zip, at + 20, 4),
                        .unpacked = npz_number(zip, at + 24, 4),
                        .header = npz_number(zip, at + 42, 4)};
    npz_read_extra(zip, at + CENTRAL_SIZE + name, extra, entry);
    if (entry->name_length >= 4 && memcmp(entry->name + entry->name_length - 4, ".npy", 4) == 0)
        entry->name_length -= 4;
    *offset = at + CENTRAL_SIZE + name + extra + comment;
    return TRUE;
}

static gboolean
npz_entry_is(const NpzEntry *entry, const char *name)
{
    return name != NULL && strlen(name) == entry->name_length &&
           memcmp(name, entry->name, entry->name_length) == 0;
}

/* The array called @name; with NULL the only one that is not called @other. */
static gboolean
npz_find(const NpzArchive *zip, const char *name, const char *other, NpzEntry *found,
         GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *shown = NULL;
    uint64_t offset = 0, entries = 0;
    size_t candidates = 0;

    if (!npz_find_directory(zip, &offset, &entries, error))
        return FALSE;
    for (uint64_t k = 0; k < entries; k++) {
        NpzEntry entry = {0};

        if (!npz_read_entry(zip, &offset, &entry, error))
            return FALSE;
        if (k < 20) {
            g_string_append(names, k > 0 ? ", " : "");
            g_string_append_len(names, entry.name, (gssize)entry.name_length);
        }
        if (name != NULL ? !npz_entry_is(&entry, name) : npz_entry_is(&entry, other))
            continue;
        *found = entry;
        candidates++;
    }
    if (candidates == 1)
        return TRUE;
    shown = g_utf8_make_valid(names->str, (gssize)names->len);
    return lac_fail(error, LAC_ERROR_PARAM, "%s: %s%s%s; the archive holds %s", zip->path,
                    name == NULL && candidates > 1 ? "say which array to read with `name`"
                                                   : "there is no array",
                    name != NULL ? " " : "", name != NULL ? name : "", shown);
}

/* Unpacks @entry, whose packed bytes start at @data. Owned. */
static uint8_t *
npz_inflate(const NpzArchive *zip, const NpzEntry *entry, uint64_t data, GError **error)
{
    z_stream stream = {0};
    g_autofree uint8_t *out = NULL;
    uint64_t used = 0, done = 0;
    int code = Z_OK;

    if (entry->unpacked / DEFLATE_MOST > entry->packed + 1) {
        npz_fail(zip, data, "an array that claims to unpack to more than it can", error);
        return NULL;
    }
    out = lac_try_alloc(entry->unpacked, 1, "unpacked array", error);
    if (out == NULL)
        return NULL;
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return lac_fail_null(error, LAC_ERROR_SHAPE, "%s: no memory to unpack", zip->path);
    while (code == Z_OK) { /* zlib counts in 32 bits */
        const uInt in = (uInt)MIN(entry->packed - used, 1u << 30);
        const uInt room = (uInt)MIN(entry->unpacked - done, 1u << 30);

        stream.next_in = (Bytef *)zip->bytes + data + used;
        stream.next_out = out + done;
        stream.avail_in = in;
        stream.avail_out = room;
        code = inflate(&stream, Z_NO_FLUSH);
        used += in - stream.avail_in;
        done += room - stream.avail_out;
    }
    inflateEnd(&stream);
    if (code != Z_STREAM_END || done != entry->unpacked) {
        npz_fail(zip, data + used, "the array cannot be unpacked", error);
        return NULL;
    }
    return g_steal_pointer(&out);
}

static gboolean
npz_check_crc(const NpzArchive *zip, const NpzEntry *entry, const uint8_t *bytes, GError **error)
{
    uLong crc = crc32(0, NULL, 0);

    for (uint64_t done = 0; done < entry->unpacked;) {
        const uInt part = (uInt)MIN(entry->unpacked - done, 1u << 30);

        crc = crc32(crc, bytes + done, part);
        done += part;
    }
    return crc == entry->crc ||
           npz_fail(zip, entry->header, "the array's checksum is wrong", error);
}

/* The npy file inside @entry: lent from the archive, or in *@unpacked. NULL with an error. */
static const uint8_t *
npz_open(const NpzArchive *zip, const NpzEntry *entry, uint8_t **unpacked, GError **error)
{
    const uint8_t *bytes;
    uint64_t data;

    if (!npz_is(zip, entry->header, LOCAL_SIZE, "PK\3\4")) {
        npz_fail(zip, entry->header, "no zip entry where the directory says", error);
        return NULL;
    }
    data = entry->header + LOCAL_SIZE + npz_number(zip, entry->header + 26, 2) +
           npz_number(zip, entry->header + 28, 2);
    if (!npz_has(zip, data, entry->packed) ||
        (entry->method == METHOD_STORED && entry->packed != entry->unpacked)) {
        npz_fail(zip, data, "the array reaches beyond the end of the file", error);
        return NULL;
    }
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: byte %" G_GUINT64_FORMAT ": zip method %u, expected stored (0) "
                             "or deflated (8); save it with numpy.savez or savez_compressed",
                             zip->path, entry->header, entry->method);
    if (entry->method == METHOD_DEFLATED)
        *unpacked = npz_inflate(zip, entry, data, error);
    bytes = entry->method == METHOD_DEFLATED ? *unpacked : zip->bytes + data;
    return bytes != NULL && npz_check_crc(zip, entry, bytes, error) ? bytes : NULL;
}

/* Reads array @name as a table, or as the labels of @data. */
static LacData *
npz_read_array(const NpzArchive *zip, const char *name, const char *other, LacData *data,
               GError **error)
{
    g_autofree uint8_t *unpacked = NULL;
    g_autofree char *origin = NULL;
    g_autoptr(LacFile) file = NULL;
    const uint8_t *bytes;
    NpzEntry entry = {0};

    if (!npz_find(zip, name, other, &entry, error))
        return NULL;
    bytes = npz_open(zip, &entry, &unpacked, error);
    if (bytes == NULL)
        return NULL;
    origin = g_strdup_printf("%s(%.*s)", zip->path, (int)entry.name_length, entry.name);
    file = lac_file_open_memory(bytes, entry.unpacked, origin);
    if (data == NULL)
        return lac_npy_read(file, error);
    return lac_npy_read_labels(file, data, error) ? data : NULL;
}

static LacData *
npz_read(const LacReader *reader, GError **error)
{
    const NpzPlugin *self = LAC_CAST(const NpzPlugin, reader);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(reader->path, FALSE, &problem);
    g_autoptr(LacData) data = NULL;
    NpzArchive zip = {.path = reader->path};

    if (mapped == NULL)
        return lac_fail_null(error, LAC_ERROR_IO, "%s: cannot open: %s", reader->path,
                             problem->message);
    zip.bytes = (const uint8_t *)g_mapped_file_get_contents(mapped);
    zip.size = g_mapped_file_get_length(mapped);
    data = npz_read_array(&zip, self->name, self->labels, NULL, error);
    if (data != NULL && self->labels != NULL &&
        npz_read_array(&zip, self->labels, NULL, data, error) == NULL)
        return NULL;
    return g_steal_pointer(&data);
}

static gboolean
npz_sniff(const uint8_t *head, size_t n)
{
    return n >= 4 && memcmp(head, "PK\3\4", 4) == 0;
}

static const char *const suffixes[] = {".npz", NULL};

LAC_PLUGIN_EXPORT const LacReaderPlugin lac_plugin = {
    LAC_READER("npz", "One array out of a NumPy archive", NpzPlugin, params),
    .suffixes = suffixes,
    .sniff = npz_sniff,
    .read = npz_read,
};
