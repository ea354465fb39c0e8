/*
 * ldif_write.c - the LDIF writer
 *
 * Writes what RFC 2849 calls a SAFE-STRING as it is and everything else as
 * base64, so that any bytes come back as they were. Comments of plans are for
 * people: there UTF-8 stays readable. Lines are folded at 76 characters, never
 * inside a UTF-8 sequence.
 */
#include "dirsync/filter.h"
#include "dirsync/ldif.h"

#include <string.h>

#define LINE_WIDTH 76

/* RFC 2849 would let control characters through; plans are shown on terminals, so they are encoded too. */
static bool is_safe(Value value)
{
    const unsigned char *data = (const unsigned char *)value.data;
    if (value.len == 0)
        return true;
    if (data[0] == ' ' || data[0] == ':' || data[0] == '<' || data[value.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (data[i] >= 0x7f || (data[i] < 0x20 && data[i] != '\t'))
            return false;
    return true;
}

/* As is_safe(), with UTF-8 but no control characters. */
static bool is_readable(Value value)
{
    if (value.len && (strchr(" :<", value.data[0]) || value.data[value.len - 1] == ' '))
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (g_ascii_iscntrl(value.data[i]))
            return false;
    return g_utf8_validate(value.data, (gssize)value.len, NULL);
}

static bool inside_sequence(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Folds what was appended since @begin. */
static void fold(GString *out, size_t begin)
{
    if (out->len - begin <= LINE_WIDTH)
        return;
    size_t len = out->len - begin, width = LINE_WIDTH;
    g_autofree char *line = g_memdup2(out->str + begin, len);
    g_string_truncate(out, begin);
    for (size_t at = 0; at < len; width = LINE_WIDTH - 1) {
        size_t n = MIN(width, len - at);
        size_t kept = n;
        while (at + kept < len && kept > n - 3 && inside_sequence(line[at + kept]))
            kept--;
        if (at)
            g_string_append(out, "\n ");
        g_string_append_len(out, line + at, (gssize)kept);
        at += kept;
    }
}

static void write_line(GString *out, const char *name, Value value, bool plain)
{
    size_t begin = out->len;
    g_string_append(out, name);
    if (plain) {
        g_string_append(out, value.len ? ": " : ":");
        g_string_append_len(out, value.data, (gssize)value.len);
    } else {
        g_autofree char *encoded = g_base64_encode((const guchar *)value.data, value.len);
        g_string_append(out, ":: ");
        g_string_append(out, encoded);
    }
    fold(out, begin);
    g_string_append_c(out, '\n');
}

void ldif_write_value(GString *out, const char *name, Value value)
{
    write_line(out, name, value, is_safe(value));
}

static void write_string(GString *out, const char *name, const char *text)
{
    ldif_write_value(out, name, (Value){.data = text, .len = strlen(text)});
}

static void write_values(GString *out, const char *name, const Value *values, size_t n_values)
{
    for (size_t i = 0; i < n_values; i++)
        ldif_write_value(out, name, values[i]);
}

static void write_attributes(GString *out, const Entry *entry)
{
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        write_values(out, attribute->name, attribute->values, attribute->n_values);
    }
}

void ldif_write_entry(GString *out, const Entry *entry)
{
    write_string(out, "dn", entry_dn(entry));
    write_attributes(out, entry);
    g_string_append_c(out, '\n');
}

static void write_comment(GString *out, const char *name, const char *text)
{
    if (!text)
        return;
    Value value = {.data = text, .len = strlen(text)};
    write_line(out, name, value, is_readable(value));
}

static void write_comments(GString *out, const Change *change)
{
    if (change->wave || change->situation)
        g_string_append_printf(out, "# wave: %u\n", change->wave);
    write_comment(out, "# situation", change->situation);
    write_comment(out, "# anchor", change->anchor);
    write_comment(out, "# because", change->because);
    write_comment(out, "# after", change->after);
    if (change->kind == CHANGE_MODIFY && change->random_password)
        write_comment(out, "# password", "random");
}

/* An assertion that is no filter goes out as a control without a value, which every server refuses:
 * better than a change without its condition. */
static void write_assertion(GString *out, const char *assertion)
{
    size_t begin = out->len;
    g_autoptr(Filter) filter = filter_parse(assertion, NULL);
    g_string_append(out, "control: 1.3.6.1.1.12 true");
    if (filter) {
        g_autoptr(GBytes) ber = filter_to_ber(filter);
        gsize len;
        const guchar *data = g_bytes_get_data(ber, &len);
        g_autofree char *encoded = g_base64_encode(data, len);
        g_string_append_printf(out, ":: %s", encoded);
    }
    fold(out, begin);
    g_string_append_c(out, '\n');
}

static void write_modification(GString *out, const Modification *modification)
{
    write_string(out, modification->kind == MODIFY_ADD ? "add" : "delete", modification->name);
    write_values(out, modification->name, modification->values, modification->n_values);
    g_string_append(out, "-\n");
}

static void write_rename(GString *out, const Change *change)
{
    write_string(out, "newrdn", change->new_rdn);
    g_string_append_printf(out, "deleteoldrdn: %d\n", change->delete_old_rdn);
    if (change->new_superior)
        write_string(out, "newsuperior", change->new_superior);
}

void ldif_write_change(GString *out, const Change *change, bool with_assertion)
{
    write_comments(out, change);
    write_string(out, "dn", change->dn);
    if (with_assertion && change->assertion)
        write_assertion(out, change->assertion);
    g_string_append_printf(out, "changetype: %s\n", change_kind_names[change->kind]);
    if (change->kind == CHANGE_ADD)
        write_attributes(out, change->entry);
    else if (change->kind == CHANGE_RENAME)
        write_rename(out, change);
    for (size_t i = 0; change->kind == CHANGE_MODIFY && i < change->n_modifications; i++)
        write_modification(out, &change->modifications[i]);
    g_string_append_c(out, '\n');
}
