/*
 * ldif_change.c - reading change records: our plans, and what people write by hand
 *
 * Takes exactly what ldif_write_change() writes and the rest of RFC 2849's
 * change records but "replace:" and "increment:", which do not say what they
 * were planned on. A record that is not whole (a modification without its "-")
 * is refused: it may be the end of a file that was cut off.
 */
#include "dirsync/error.h"
#include "dirsync/filter.h"
#include "dirsync/ldif.h"
#include "dirsync/ldif_text.h"

#include <string.h>

#define ASSERTION_CONTROL "1.3.6.1.1.12"

static bool name_is(const LdifLines *lines, const char *name)
{
    return g_ascii_strcasecmp(lines->name, name) == 0;
}

static bool value_is(const LdifLines *lines, const char *text)
{
    return lines->value.len == strlen(text) &&
           g_ascii_strncasecmp(lines->value.data, text, lines->value.len) == 0;
}

/* A value that must be text; NULL and an error when it is not. */
static const char *copy_text(Change *change, const LdifLines *lines, GError **error)
{
    Value value = lines->value;
    if (memchr(value.data, '\0', value.len) || !g_utf8_validate(value.data, (gssize)value.len, NULL)) {
        ldif_lines_fail(lines, error, "%s: the value is not UTF-8 text", lines->name);
        return NULL;
    }
    g_autofree char *text = g_strndup(value.data, value.len);
    return change_strdup(change, text);
}

/* The next line of the record, which must be a value. */
static bool next_value(LdifLines *lines, const char *wanted, GError **error)
{
    LdifLine kind = ldif_lines_next(lines, error);
    if (kind == LINE_END || kind == LINE_DASH)
        ldif_lines_fail(lines, error, "\"%s\" is missing", wanted);
    return kind == LINE_VALUE;
}

static bool no_more_lines(LdifLines *lines, const char *kind_name, GError **error)
{
    LdifLine kind = ldif_lines_next(lines, error);
    if (kind == LINE_VALUE || kind == LINE_DASH)
        ldif_lines_fail(lines, error, "a %s record ends here, but \"%s\" follows", kind_name,
                        kind == LINE_DASH ? "-" : lines->name);
    return kind == LINE_END;
}

/* Comments of ours, "wave: 2"; all others are for people. */

static bool take_wave(Change *change, const LdifLines *lines, GError **error)
{
    g_autofree char *text = g_strndup(lines->value.data, lines->value.len);
    guint64 wave;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT, &wave, NULL)) {
        ldif_lines_fail(lines, error, "comment \"# wave:\": a number is wanted");
        return false;
    }
    change->wave = (unsigned)wave;
    return true;
}

/* What else somebody wrote there is not shown: it may be a password. */
static bool take_password(Change *change, const LdifLines *lines, GError **error)
{
    change->random_password = value_is(lines, "random");
    if (!change->random_password)
        ldif_lines_fail(lines, error,
                        "comment \"# password:\": it can only be \"random\"; a plan never holds a password");
    return change->random_password;
}

static bool take_comment(Change *change, const LdifLines *lines, GError **error)
{
    if (name_is(lines, "wave"))
        return take_wave(change, lines, error);
    if (name_is(lines, "password"))
        return take_password(change, lines, error);
    const char **member = name_is(lines, "situation") ? &change->situation
                          : name_is(lines, "anchor")  ? &change->anchor
                          : name_is(lines, "because") ? &change->because
                          : name_is(lines, "after")   ? &change->after
                                                      : NULL;
    if (!member)
        return true;
    *member = copy_text(change, lines, error);
    return *member != NULL;
}

static bool is_ours(const char *comment)
{
    static const char *const names[] = {"wave:", "situation:", "anchor:", "because:", "after:", "password:"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strncasecmp(comment, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool read_comments(LdifReader *reader, Change *change, GError **error)
{
    const GString *comments = ldif_reader_comments(reader);
    LdifLines lines = {0};
    bool good = true;
    for (const char *comment = comments->str, *end = comments->str + comments->len; good && comment < end;) {
        const char *line_end = memchr(comment, '\n', (size_t)(end - comment));
        if (!line_end)
            line_end = end;
        if (is_ours(comment)) {
            ldif_lines_begin(&lines, comment, (size_t)(line_end - comment), ldif_reader_name(reader),
                             ldif_reader_line(reader));
            good = ldif_lines_next(&lines, error) == LINE_VALUE && take_comment(change, &lines, error);
        }
        comment = line_end + 1;
    }
    ldif_lines_clear(&lines);
    return good;
}

/* Controls */

typedef struct {
    char *oid;
    bool critical;
    Value value; /* points into the line */
    bool has_value;
    char *decoded;
} Control;

static void control_clear(Control *control)
{
    g_free(control->oid);
    g_free(control->decoded);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Control, control_clear)

static const char *skip_blanks(const char *text, const char *end)
{
    while (text < end && *text == ' ')
        text++;
    return text;
}

static const char *word_end(const char *text, const char *end)
{
    while (text < end && *text != ' ' && *text != ':')
        text++;
    return text;
}

/* "true", "false" or nothing at *@at, which moves behind it. False for anything else. */
static bool take_criticality(Control *control, const char **at, const char *end)
{
    const char *word = skip_blanks(*at, end), *stop = word_end(word, end);
    size_t len = (size_t)(stop - word);
    control->critical = len == 4 && strncmp(word, "true", 4) == 0;
    *at = skip_blanks(stop, end);
    return len == 0 || control->critical || (len == 5 && strncmp(word, "false", 5) == 0);
}

/* ": text" or ":: base64" or nothing. */
static bool take_control_value(Control *control, const char *at, const char *end)
{
    if (at == end)
        return true;
    if (*at++ != ':')
        return false;
    bool encoded = at < end && *at == ':';
    at = skip_blanks(at + encoded, end);
    control->has_value = true;
    control->value = (Value){.data = at, .len = (size_t)(end - at)};
    if (!encoded)
        return at == end || *at != '<';
    control->decoded = g_try_malloc(control->value.len / 4 * 3 + 1);
    control->value.data = control->decoded;
    return control->decoded &&
           ldif_base64_decode(at, (size_t)(end - at), control->decoded, &control->value.len);
}

/* "OID [true|false] [: value]", the value of a control line. */
static bool parse_control(Control *control, const LdifLines *lines, GError **error)
{
    const char *at = lines->value.data, *end = at + lines->value.len, *stop = word_end(at, end);
    control->oid = g_strndup(at, (size_t)(stop - at));
    at = stop;
    if (*control->oid && take_criticality(control, &at, end) && take_control_value(control, at, end))
        return true;
    ldif_lines_fail(lines, error, "control: wanted is \"OID true|false: value\"");
    return false;
}

static bool take_assertion(Change *change, const LdifLines *lines, const Control *control, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(Filter) filter =
        control->has_value ? filter_from_ber(control->value.data, control->value.len, &cause) : NULL;
    if (!filter || change->assertion) {
        ldif_lines_fail(lines, error, "assertion control: %s",
                        cause    ? cause->message
                        : filter ? "there are two"
                                 : "it has no value");
        return false;
    }
    g_autofree char *text = filter_format(filter);
    change->assertion = change_strdup(change, text);
    return true;
}

static bool take_control(Change *change, const LdifLines *lines, GError **error)
{
    g_auto(Control) control = {0};
    if (!parse_control(&control, lines, error))
        return false;
    if (strcmp(control.oid, ASSERTION_CONTROL) == 0)
        return take_assertion(change, lines, &control, error);
    if (control.critical)
        ldif_lines_fail(lines, error, "the critical control %s is not supported", control.oid);
    return !control.critical;
}

/* Bodies, by kind */

static bool read_add(LdifLines *lines, Change *change, GError **error)
{
    change->entry = entry_new(change->dn);
    for (;;) {
        LdifLine kind = ldif_lines_next(lines, error);
        bool empty = entry_n_attributes(change->entry) == 0;
        if (kind == LINE_END && !empty)
            return true;
        if (kind == LINE_END || kind == LINE_DASH || (kind == LINE_VALUE && name_is(lines, "dn"))) {
            ldif_lines_fail(lines, error,
                            kind == LINE_END    ? "the new entry has no attributes"
                            : kind == LINE_DASH ? "\"-\" in an add record"
                                                : "a second \"dn:\" in the record");
            return false;
        }
        if (kind == LINE_BAD)
            return false;
        entry_add(change->entry, lines->name, lines->value.data, lines->value.len);
        if (entry_n_attributes(change->entry) > LDIF_MAX_ATTRIBUTES) {
            ldif_lines_fail(lines, error, "the entry has more than %d attributes", LDIF_MAX_ATTRIBUTES);
            return false;
        }
    }
}

/* One "add: name" or "delete: name" with its values. They are gathered in an entry, because a line's
 * value lives only until the next line. */
static bool read_values(LdifLines *lines, Change *change, ModifyKind modify, const char *name, GError **error)
{
    g_autoptr(Entry) values = entry_new("");
    LdifLine kind;
    entry_add_empty(values, name);
    while ((kind = ldif_lines_next(lines, error)) == LINE_VALUE) {
        if (!name_is(lines, name)) {
            ldif_lines_fail(lines, error, "\"%s:\" where a value of \"%s\" or \"-\" is wanted", lines->name,
                            name);
            return false;
        }
        entry_add(values, name, lines->value.data, lines->value.len);
    }
    const Attribute *attribute = entry_attribute(values, 0);
    if (kind == LINE_END)
        ldif_lines_fail(lines, error, "the \"-\" that ends the modification of \"%s\" is missing", name);
    else if (kind == LINE_DASH && modify == MODIFY_ADD && attribute->n_values == 0)
        ldif_lines_fail(lines, error, "\"add: %s\" without a value", name);
    else if (kind == LINE_DASH)
        change_modify(change, modify, name, attribute->values, attribute->n_values);
    return kind == LINE_DASH && (modify == MODIFY_DELETE || attribute->n_values);
}

static bool read_modification(LdifLines *lines, Change *change, GError **error)
{
    bool is_add = name_is(lines, "add");
    if (!is_add && !name_is(lines, "delete")) {
        ldif_lines_fail(lines, error,
                        "\"%s:\" is refused; a modification is \"delete:\" with the old values and "
                        "\"add:\" with the new ones",
                        lines->name);
        return false;
    }
    g_autofree char *name = g_strndup(lines->value.data, lines->value.len);
    if (!ldif_is_name(lines->value.data, lines->value.len)) {
        ldif_lines_fail(lines, error, "\"%s:\" without the name of an attribute", lines->name);
        return false;
    }
    return read_values(lines, change, is_add ? MODIFY_ADD : MODIFY_DELETE, name, error);
}

static bool read_modify(LdifLines *lines, Change *change, GError **error)
{
    LdifLine kind;
    while ((kind = ldif_lines_next(lines, error)) == LINE_VALUE)
        if (!read_modification(lines, change, error))
            return false;
    if (kind == LINE_DASH)
        ldif_lines_fail(lines, error, "\"-\" without a modification before it");
    return kind == LINE_END;
}

static bool expect(LdifLines *lines, const char *name, GError **error)
{
    if (!next_value(lines, name, error))
        return false;
    if (!name_is(lines, name))
        ldif_lines_fail(lines, error, "\"%s:\" where \"%s:\" is wanted", lines->name, name);
    return name_is(lines, name);
}

static bool read_rename(LdifLines *lines, Change *change, GError **error)
{
    if (!expect(lines, "newrdn", error) || !(change->new_rdn = copy_text(change, lines, error)) ||
        !expect(lines, "deleteoldrdn", error))
        return false;
    change->delete_old_rdn = value_is(lines, "1");
    if (!change->delete_old_rdn && !value_is(lines, "0")) {
        ldif_lines_fail(lines, error, "deleteoldrdn: 0 or 1 is wanted");
        return false;
    }
    LdifLine kind = ldif_lines_next(lines, error);
    if (kind == LINE_VALUE && name_is(lines, "newsuperior")) {
        change->new_superior = copy_text(change, lines, error);
        return change->new_superior && no_more_lines(lines, "modrdn", error);
    }
    if (kind == LINE_VALUE || kind == LINE_DASH)
        ldif_lines_fail(lines, error, "only \"newsuperior:\" may follow \"deleteoldrdn:\"");
    return kind == LINE_END;
}

static bool read_body(LdifLines *lines, Change *change, GError **error)
{
    if (value_is(lines, "add")) {
        change->kind = CHANGE_ADD;
        return read_add(lines, change, error);
    }
    if (value_is(lines, "modify")) {
        change->kind = CHANGE_MODIFY;
        return read_modify(lines, change, error);
    }
    if (value_is(lines, "modrdn") || value_is(lines, "moddn")) {
        change->kind = CHANGE_RENAME;
        return read_rename(lines, change, error);
    }
    if (value_is(lines, "delete")) {
        change->kind = CHANGE_DELETE;
        return no_more_lines(lines, "delete", error);
    }
    ldif_lines_fail(lines, error, "unknown changetype; it is one of add, modify, modrdn, moddn, delete");
    return false;
}

/* The comment would have no effect on another kind of change, so that the account stays without. */
static bool check_password(const Change *change, const LdifLines *lines, GError **error)
{
    if (!change->random_password || change->kind == CHANGE_MODIFY)
        return true;
    ldif_lines_fail(lines, error, "comment \"# password:\": only a modify can give a password");
    return false;
}

static bool read_record(LdifReader *reader, LdifLines *lines, Change *change, GError **error)
{
    if (!read_comments(reader, change, error) || !next_value(lines, "changetype", error))
        return false;
    while (name_is(lines, "control"))
        if (!take_control(change, lines, error) || !next_value(lines, "changetype", error))
            return false;
    if (name_is(lines, "changetype"))
        return read_body(lines, change, error) && check_password(change, lines, error);
    ldif_lines_fail(lines, error,
                    "\"%s:\" where \"changetype:\" is wanted; a list of changes is wanted here, "
                    "not of entries",
                    lines->name);
    return false;
}

RecordStatus ldif_read_change(LdifReader *reader, Change **change, GError **error)
{
    *change = NULL;
    RecordStatus status = ldif_reader_next(reader, error);
    if (status != RECORD_GOOD)
        return status;
    LdifLines *lines = ldif_reader_lines(reader);
    const char *dn;
    if (!ldif_lines_dn(lines, &dn, error))
        return RECORD_BAD;
    g_autoptr(Change) read = change_new(CHANGE_DELETE, dn);
    if (!read_record(reader, lines, read, error))
        return RECORD_BAD;
    *change = g_steal_pointer(&read);
    return RECORD_GOOD;
}
