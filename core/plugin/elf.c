/* Looks at a file before the dynamic linker does: mapping a truncated library kills the process
 * that does it, and "invalid ELF header" helps nobody. */
#include "plugin-private.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#define NATIVE_MACHINE EM_NONE
#endif

#define NATIVE_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

static gboolean
fail_not_elf(const char *path, const char *bytes, gsize size, GError **error)
{
    g_autofree char *head = g_strndup(bytes, MIN(size, 16));

    for (char *c = head; *c != '\0'; c++)
        if (!g_ascii_isprint(*c))
            *c = '.';
    return lac_fail(error, LAC_ERROR_PLUGIN,
                    "%s: is not a shared library: it begins with '%s', not with an ELF header; "
                    "build the plugin with lacuna_plugin() or cc -shared",
                    path, head);
}

static gboolean
fail_truncated(const char *path, uint64_t wanted, gsize size, GError **error)
{
    return lac_fail(error, LAC_ERROR_PLUGIN,
                    "%s: is truncated: it should have %" G_GUINT64_FORMAT
                    " bytes and has %zu; build or copy it again",
                    path, wanted, size);
}

static gboolean
check_header(const char *path, const ElfW(Ehdr) * header, GError **error)
{
    if (header->e_ident[EI_CLASS] != NATIVE_CLASS)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: is built for %s-bit programs, this is a %s-bit one; build it on this "
                        "kind of machine",
                        path,
                        header->e_ident[EI_CLASS] == ELFCLASS32 ? "32" : "other than 32 or 64",
                        NATIVE_CLASS == ELFCLASS32 ? "32" : "64");
    if (NATIVE_MACHINE != EM_NONE && header->e_machine != NATIVE_MACHINE)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: is built for another processor (ELF machine %u, this one is %u); "
                        "build it on this kind of machine",
                        path, (unsigned)header->e_machine, (unsigned)NATIVE_MACHINE);
    if (header->e_type != ET_DYN)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: is ELF type %u, not a shared library (%u); link it with -shared", path,
                        (unsigned)header->e_type, (unsigned)ET_DYN);
    return TRUE;
}

/* Where @length bytes from @offset end; G_MAXUINT64 when that is beyond all files. */
static uint64_t
end_of(uint64_t offset, uint64_t length)
{
    return length <= G_MAXUINT64 - offset ? offset + length : G_MAXUINT64;
}

/* Everything the headers point at must be in the file. */
static gboolean
check_extent(const char *path, const char *bytes, gsize size, GError **error)
{
    ElfW(Ehdr) header;
    uint64_t end;

    memcpy(&header, bytes, sizeof header);
    end = end_of(header.e_phoff, (uint64_t)header.e_phnum * sizeof(ElfW(Phdr)));
    if (end > size)
        return fail_truncated(path, end, size, error);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;

        memcpy(&segment, bytes + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD)
            end = MAX(end, end_of(segment.p_offset, segment.p_filesz));
    }
    end = MAX(end, end_of(header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize));
    return end <= size || fail_truncated(path, end, size, error);
}

static GMappedFile *
map_checked(const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GMappedFile) map = NULL;
    const char *bytes;
    gsize size;

    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s: is a folder, not a plugin file", path);
    map = g_mapped_file_new(path, FALSE, &cause);
    if (map == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s: cannot be read: %s", path,
                             g_file_test(path, G_FILE_TEST_EXISTS) ? cause->message
                                                                   : "there is no such file");
    bytes = g_mapped_file_get_contents(map);
    size = g_mapped_file_get_length(map);
    if (size == 0)
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s: is empty; build it again", path);
    if (size < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0) {
        fail_not_elf(path, bytes, size, error);
        return NULL;
    }
    if (size < sizeof(ElfW(Ehdr))) {
        fail_truncated(path, sizeof(ElfW(Ehdr)), size, error);
        return NULL;
    }
    if (!check_header(path, (const ElfW(Ehdr) *)(const void *)bytes, error) ||
        !check_extent(path, bytes, size, error))
        return NULL;
    return g_steal_pointer(&map);
}

gboolean
lac_elf_check(const char *path, GError **error)
{
    g_autoptr(GMappedFile) map = map_checked(path, error);

    return map != NULL;
}

static void
add_export(GPtrArray *names, const ElfW(Sym) * symbol, const char *strings, uint64_t n_strings)
{
    const unsigned binding = symbol->st_info >> 4;
    const unsigned visibility = symbol->st_other & 3u;

    if (symbol->st_shndx == SHN_UNDEF || symbol->st_name >= n_strings ||
        (binding != STB_GLOBAL && binding != STB_WEAK) ||
        (visibility != STV_DEFAULT && visibility != STV_PROTECTED))
        return;
    /* names that start with an underscore belong to the compiler and its sanitizers */
    if (strings[symbol->st_name] != '_')
        g_ptr_array_add(names, g_strdup(strings + symbol->st_name));
}

static gboolean
read_symbols(const char *bytes, gsize size, const ElfW(Shdr) * table, const ElfW(Shdr) * strings,
             GPtrArray *names)
{
    if (end_of(table->sh_offset, table->sh_size) > size ||
        end_of(strings->sh_offset, strings->sh_size) > size || strings->sh_size == 0 ||
        bytes[strings->sh_offset + strings->sh_size - 1] != '\0')
        return FALSE;
    for (uint64_t at = 0; at + sizeof(ElfW(Sym)) <= table->sh_size; at += sizeof(ElfW(Sym))) {
        ElfW(Sym) symbol;

        memcpy(&symbol, bytes + table->sh_offset + at, sizeof symbol);
        add_export(names, &symbol, bytes + strings->sh_offset, strings->sh_size);
    }
    return TRUE;
}

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **
lac_elf_exports(const char *path, GError **error)
{
    g_autoptr(GMappedFile) map = map_checked(path, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *bytes;
    gsize size;
    ElfW(Ehdr) header;

    if (map == NULL)
        return NULL;
    bytes = g_mapped_file_get_contents(map);
    size = g_mapped_file_get_length(map);
    memcpy(&header, bytes, sizeof header);
    for (unsigned i = 0; i < header.e_shnum && header.e_shentsize == sizeof(ElfW(Shdr)); i++) {
        ElfW(Shdr) section, strings;

        memcpy(&section, bytes + header.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type != SHT_DYNSYM || section.sh_link >= header.e_shnum)
            continue;
        memcpy(&strings, bytes + header.e_shoff + section.sh_link * sizeof strings, sizeof strings);
        if (!read_symbols(bytes, size, &section, &strings, names))
            return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s: its symbol table is damaged", path);
    }
    g_ptr_array_sort(names, by_text);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
