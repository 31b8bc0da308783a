#include "survey.h"

#include <string.h>

static const struct {
    const char *suffix;
    FileFormat format;
} suffixes[] = {
    {".sav", FORMAT_SAV}, {".zsav", FORMAT_SAV},          {".por", FORMAT_POR},
    {".dta", FORMAT_DTA}, {".sas7bdat", FORMAT_SAS7BDAT}, {".xpt", FORMAT_XPORT},
};

static gboolean
starts_with(const uint8_t *bytes, size_t n, const char *text)
{
    return n >= strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

static FileFormat
format_of_bytes(const uint8_t *bytes, size_t n)
{
    static const uint8_t sas[] = {0xc2, 0xea, 0x81, 0x60, 0xb3, 0x14, 0x11, 0xcf};

    if (starts_with(bytes, n, "$FL2") || starts_with(bytes, n, "$FL3"))
        return FORMAT_SAV;
    if (starts_with(bytes, n, "<stata_dta>"))
        return FORMAT_DTA;
    if (starts_with(bytes, n, "HEADER RECORD*******LIB"))
        return FORMAT_XPORT;
    if (n >= 20 && memcmp(bytes + 12, sas, sizeof sas) == 0)
        return FORMAT_SAS7BDAT;
    if (n >= 4 && bytes[0] >= 104 && bytes[0] <= 115 && (bytes[1] == 1 || bytes[1] == 2) &&
        bytes[2] == 1)
        return FORMAT_DTA;
    return FORMAT_UNKNOWN;
}

FileFormat
survey_format(const char *path, const uint8_t *bytes, size_t n)
{
    g_autofree char *name = g_ascii_strdown(path, -1);

    if (g_str_has_suffix(name, ".gz"))
        name[strlen(name) - 3] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(name, suffixes[i].suffix))
            return suffixes[i].format;
    return format_of_bytes(bytes, n);
}

const char *
survey_format_name(FileFormat format)
{
    static const char *const names[] = {
        [FORMAT_UNKNOWN] = "unknown", [FORMAT_SAV] = "SPSS",     [FORMAT_POR] = "SPSS",
        [FORMAT_DTA] = "Stata",       [FORMAT_SAS7BDAT] = "SAS", [FORMAT_XPORT] = "SAS"};

    return names[format];
}

/* ---- a file in memory -------------------------------------------------------------------------
 */

typedef struct {
    const uint8_t *bytes;
    size_t n, at;
} Memory;

static int
memory_open(const char *path, void *io)
{
    return 0;
}

static int
memory_close(void *io)
{
    return 0;
}

static readstat_off_t
memory_seek(readstat_off_t offset, readstat_io_flags_t whence, void *io)
{
    Memory *memory = io;
    const size_t base = whence == READSTAT_SEEK_SET   ? 0
                        : whence == READSTAT_SEEK_CUR ? memory->at
                                                      : memory->n;

    if ((offset < 0 && (uint64_t)-offset > base) ||
        (offset > 0 && (uint64_t)offset > memory->n - MIN(base, memory->n)))
        return -1;
    memory->at = (size_t)((readstat_off_t)base + offset);
    return (readstat_off_t)memory->at;
}

static ssize_t
memory_read(void *to, size_t n, void *io)
{
    Memory *memory = io;
    const size_t left = memory->n - memory->at, take = MIN(n, left);

    if (take > 0)
        memcpy(to, memory->bytes + memory->at, take);
    memory->at += take;
    return (ssize_t)take;
}

static readstat_error_t
memory_update(long size, readstat_progress_handler progress, void *user, void *io)
{
    return READSTAT_OK;
}

static void
use_memory(readstat_parser_t *parser, Memory *memory)
{
    readstat_set_open_handler(parser, memory_open);
    readstat_set_close_handler(parser, memory_close);
    readstat_set_seek_handler(parser, memory_seek);
    readstat_set_read_handler(parser, memory_read);
    readstat_set_update_handler(parser, memory_update);
    readstat_set_io_ctx(parser, memory);
}

readstat_error_t
survey_parse_catalog(readstat_parser_t *parser, const uint8_t *bytes, size_t n, void *user)
{
    Memory memory = {bytes, n, 0};

    use_memory(parser, &memory);
    return readstat_parse_sas7bcat(parser, "", user);
}

readstat_error_t
survey_parse_bytes(readstat_parser_t *parser, FileFormat format, const uint8_t *bytes, size_t n,
                   void *user)
{
    Memory memory = {bytes, n, 0};

    use_memory(parser, &memory);
    switch (format) {
    case FORMAT_SAV:
        return readstat_parse_sav(parser, "", user);
    case FORMAT_POR:
        return readstat_parse_por(parser, "", user);
    case FORMAT_DTA:
        return readstat_parse_dta(parser, "", user);
    case FORMAT_SAS7BDAT:
        return readstat_parse_sas7bdat(parser, "", user);
    case FORMAT_XPORT:
        return readstat_parse_xport(parser, "", user);
    case FORMAT_UNKNOWN:
        break;
    }
    return READSTAT_ERROR_PARSE;
}
