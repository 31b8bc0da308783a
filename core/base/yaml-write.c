/* A tree of nodes to block-style YAML. */
#include "yaml-private.h"

#include <string.h>

/* libyaml reads keys of at most 1024 characters without a question mark in front */
#define LONGEST_SIMPLE_KEY 1000

static void write_value(GString *out, const LacNode *node, size_t indent, gboolean in_list);

static void
write_indent(GString *out, size_t indent)
{
    for (size_t i = 0; i < indent; i++)
        g_string_append_c(out, ' ');
}

/* Words, names and paths need no quotes; about the rest it is cheaper to be careful than right. */
static gboolean
is_plain_safe(const char *text)
{
    double number;
    int64_t integer;
    const size_t length = strlen(text);

    if (!g_ascii_isalpha(text[0]) && text[0] != '_' && text[0] != '/')
        return FALSE;
    for (size_t i = 1; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && strchr("_-./+", text[i]) == NULL &&
            !(text[i] == ' ' && i + 1 < length && text[i - 1] != ' '))
            return FALSE;
    return lac_yaml_resolve(text, &number, &integer) == LAC_NODE_STRING;
}

/* YAML 1.1's other line breaks, which libyaml honours, and the byte order mark */
static gboolean
is_break_or_mark(gunichar u)
{
    return u == 0x85 || u == 0x2028 || u == 0x2029 || u == 0xFEFF;
}

static void
write_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *c = text; *c != '\0'; c = g_utf8_next_char(c)) {
        const gunichar u = g_utf8_get_char(c);

        if (u == '"' || u == '\\')
            g_string_append_printf(out, "\\%c", (char)u);
        else if (u == '\n')
            g_string_append(out, "\\n");
        else if (u == ' ' || (g_unichar_isgraph(u) && !is_break_or_mark(u)))
            g_string_append_unichar(out, u);
        else if (u <= 0xFF)
            g_string_append_printf(out, "\\x%02X", u);
        else
            g_string_append_printf(out, u <= 0xFFFF ? "\\u%04X" : "\\U%08X", u);
    }
    g_string_append_c(out, '"');
}

static void
write_scalar(GString *out, const LacNode *node)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    if (node->type == LAC_NODE_STRING) {
        if (is_plain_safe(node->text))
            g_string_append(out, node->text);
        else
            write_quoted(out, node->text);
        return;
    }
    if (node->text != NULL && node->text[0] != '\0')
        g_string_append(out, node->text);
    else if (node->type == LAC_NODE_INT)
        g_string_append_printf(out, "%" G_GINT64_FORMAT, (gint64)node->integer);
    else if (node->type == LAC_NODE_DOUBLE)
        g_string_append(out, lac_format_double(node->number, buffer));
    else if (node->type == LAC_NODE_BOOL)
        g_string_append(out, node->number != 0.0 ? "true" : "false");
    else
        g_string_append(out, "null");
}

static void
write_key(GString *out, const LacNode *key, size_t indent)
{
    g_autoptr(GString) written = g_string_new(NULL);

    write_scalar(written, key);
    if (written->len > LONGEST_SIMPLE_KEY) {
        g_string_append_printf(out, "? %s\n", written->str);
        write_indent(out, indent);
    } else {
        g_string_append(out, written->str);
    }
    g_string_append_c(out, ':');
}

/* The first line stands where the cursor is, the others at @indent. */
static void
write_children(GString *out, const LacNode *node, size_t indent)
{
    for (size_t i = 0; i < node->n; i++) {
        if (i > 0)
            write_indent(out, indent);
        if (node->type == LAC_NODE_MAP)
            write_key(out, node->keys[i], indent);
        else
            g_string_append_c(out, '-');
        write_value(out, node->items[i], indent + 2, node->type == LAC_NODE_LIST);
    }
}

/* What comes after "key:" or "-": on the same line a scalar, on new lines a collection. An
 * untagged collection in a list begins beside its dash. */
static void
write_value(GString *out, const LacNode *node, size_t indent, gboolean in_list)
{
    if (node->tag != NULL)
        g_string_append_printf(out, " %s", node->tag);
    if (node->type < LAC_NODE_LIST || node->n == 0) {
        g_string_append_c(out, ' ');
        if (node->type < LAC_NODE_LIST)
            write_scalar(out, node);
        else
            g_string_append(out, node->type == LAC_NODE_LIST ? "[]" : "{}");
        g_string_append_c(out, '\n');
        return;
    }
    if (in_list && node->tag == NULL) {
        g_string_append_c(out, ' ');
    } else {
        g_string_append_c(out, '\n');
        write_indent(out, indent);
    }
    write_children(out, node, indent);
}

char *
lac_yaml_write(const LacNode *node)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (node->type >= LAC_NODE_LIST && node->n > 0 && node->tag == NULL)
        write_children(out, node, 0);
    else
        write_value(out, node, 0, FALSE);
    /* a scalar at the root has no "key:" that the blank would follow */
    return g_strdup(g_strchug(out->str));
}
