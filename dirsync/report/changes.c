/*
 * changes.c - plans as text and as JSON
 */
#include "dirsync/report/report.h"

#include <stdlib.h>
#include <string.h>

static const char signs[CHANGE_KINDS] = {
    [CHANGE_ADD] = '+', [CHANGE_MODIFY] = '~', [CHANGE_RENAME] = '>', [CHANGE_DELETE] = '-'};

#define LONGEST_VALUE 60

char *report_safe(const char *text)
{
    GString *safe = g_string_new(NULL);
    while (*text) {
        gunichar c = g_utf8_get_char_validated(text, -1);
        bool broken = c == (gunichar)-1 || c == (gunichar)-2;
        if (broken || c < 0x20 || (c >= 0x7f && c < 0xa0))
            g_string_append_printf(safe, "\\%02x", broken ? (unsigned char)*text : (unsigned)c);
        else
            g_string_append_unichar(safe, c);
        text = broken ? text + 1 : g_utf8_next_char(text);
    }
    return g_string_free(safe, FALSE);
}

static void print_value(FILE *out, char sign, const char *name, Value value)
{
    if (!g_utf8_validate(value.data, (gssize)value.len, NULL)) {
        fprintf(out, "      %c %s: (%zu bytes)\n", sign, name, value.len);
        return;
    }
    g_autofree char *safe = report_safe(value.data);
    bool longer = g_utf8_strlen(safe, -1) > LONGEST_VALUE;
    g_autofree char *head = longer ? g_utf8_substring(safe, 0, LONGEST_VALUE) : g_strdup(safe);
    fprintf(out, "      %c %s: %s%s\n", sign, name, head, longer ? "…" : "");
}

/* A value that is deleted and added again only checks that it is there (managed_guard). */
static bool is_guard(const Change *change, size_t i)
{
    const Modification *one = &change->modifications[i];
    for (size_t j = 0; j < change->n_modifications; j++) {
        const Modification *other = &change->modifications[j];
        if (j != i && one->n_values == 1 && other->n_values == 1 && one->kind != other->kind &&
            !g_ascii_strcasecmp(one->name, other->name) && one->values->len == other->values->len &&
            !memcmp(one->values->data, other->values->data, one->values->len))
            return true;
    }
    return false;
}

static void print_values(FILE *out, const Change *change)
{
    for (size_t i = 0; change->kind == CHANGE_ADD && i < entry_n_attributes(change->entry); i++) {
        const Attribute *attribute = entry_attribute(change->entry, i);
        for (size_t j = 0; j < attribute->n_values; j++)
            print_value(out, '+', attribute->name, attribute->values[j]);
    }
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (is_guard(change, i))
            continue;
        char sign = modification->kind == MODIFY_ADD ? '+' : '-';
        if (!modification->n_values)
            fprintf(out, "      %c %s\n", sign, modification->name);
        for (size_t j = 0; j < modification->n_values; j++)
            print_value(out, sign, modification->name, modification->values[j]);
    }
}

/* The attributes that a modify touches, each once. */
char *report_touched(const Change *change)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < change->n_modifications; i++) {
        bool before = is_guard(change, i);
        for (size_t j = 0; j < i; j++)
            before |= !g_ascii_strcasecmp(change->modifications[i].name, change->modifications[j].name);
        if (!before)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", change->modifications[i].name);
    }
    return g_string_free(names, FALSE);
}

static void print_change(FILE *out, const Change *change, bool verbose)
{
    g_autofree char *dn = report_safe(change->dn);
    fprintf(out, "%c %s\n", signs[change->kind], dn);
    g_autofree char *names = report_touched(change);
    const char *what = change->situation ? change->situation : change_kind_names[change->kind];
    bool renamed = change->kind == CHANGE_RENAME;
    g_autofree char *line = renamed  ? g_strdup_printf("%s: now %s", what, change->new_rdn)
                            : *names ? g_strdup_printf("%s: %s", what, names)
                                     : g_strdup(what);
    report_lines(out, line, 4, REPORT_COLUMNS);
    if (verbose)
        print_values(out, change);
}

typedef bool (*ChangeSeen)(const Change *change, Step step, void *data);

/* Calls back for every change of every step, in the order in which they would be carried out. */
static bool each_change(const char *folder, const PlanHead *head, ChangeSeen seen, void *data, GError **error)
{
    bool undo = !strcmp(head->kind, "undo");
    for (int i = 0; i < STEPS; i++) {
        Step step = (Step)(undo ? STEPS - 1 - i : i);
        g_autoptr(PlanReader) reader = head->step[step].planned ? plan_reader_new(folder, step, error) : NULL;
        if (!reader && head->step[step].planned)
            return false;
        for (bool more = reader != NULL; more;) {
            g_autoptr(Change) change = NULL;
            if (!plan_read(reader, &change, error))
                return false;
            more = change && seen(change, step, data);
        }
    }
    return true;
}

typedef struct {
    FILE *out;
    bool verbose, several;
    int step; /* whose heading was printed */
} Printing;

static bool print_one(const Change *change, Step step, void *data)
{
    Printing *printing = data;
    if (printing->several && printing->step != (int)step)
        fprintf(printing->out, "%s:\n", step_names[step]);
    printing->step = (int)step;
    print_change(printing->out, change, printing->verbose);
    return true;
}

bool report_plan_text(FILE *out, const char *folder, bool verbose, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    Printing printing = {out, verbose, true, -1};
    for (int step = 0; step < STEPS; step++)
        printing.several &= head.step[step].planned;
    return each_change(folder, &head, print_one, &printing, error);
}

/* A value as JSON: text where it is text, else base64 as LDIF would have it. */
json_t *report_value_json(Value value)
{
    json_t *text = json_stringn(value.data, value.len);
    if (text)
        return text;
    g_autofree char *base64 = g_base64_encode((const guchar *)value.data, value.len);
    return json_pack("{s:s}", "base64", base64);
}

static json_t *values_as_json(const Value *values, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, report_value_json(values[i]));
    return list;
}

static json_t *modifications_as_json(const Change *change)
{
    json_t *list = json_array();
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "op",
                                              modification->kind == MODIFY_ADD ? "add" : "delete",
                                              "attribute", modification->name, "values",
                                              values_as_json(modification->values, modification->n_values)));
    }
    return list;
}

json_t *report_change_json(const Change *change, Step step)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:I}", "step", step_names[step], "dn", change->dn, "change",
                             change_kind_names[change->kind], "wave", (json_int_t)change->wave);
    const char *const texts[][2] = {{"situation", change->situation},
                                    {"anchor", change->anchor},
                                    {"because", change->because},
                                    {"new_rdn", change->new_rdn}};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i][1])
            json_object_set_new(json, texts[i][0], json_string(texts[i][1]));
    json_t *attributes = change->kind == CHANGE_ADD ? json_object() : NULL;
    for (size_t i = 0; attributes && i < entry_n_attributes(change->entry); i++) {
        const Attribute *attribute = entry_attribute(change->entry, i);
        json_object_set_new(attributes, attribute->name,
                            values_as_json(attribute->values, attribute->n_values));
    }
    if (attributes)
        json_object_set_new(json, "attributes", attributes);
    if (change->kind == CHANGE_MODIFY)
        json_object_set_new(json, "modifications", modifications_as_json(change));
    return json;
}

static void print_head(FILE *out, const PlanHead *head, json_t *extra)
{
    json_t *json = json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:I}", "run", head->run, "kind", head->kind,
                             "connector", head->connector_name, "created", head->created, "empty",
                             head->changes == 0, "planned", (json_int_t)head->changes);
    if (extra)
        json_object_update_missing(json, extra);
    json_decref(extra);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    fprintf(out, "%.*s,\"changes\":[", (int)strlen(text) - 1, text);
    free(text);
}

typedef struct {
    FILE *out;
    bool any;
} JsonPrinting;

static bool print_json_change(const Change *change, Step step, void *data)
{
    JsonPrinting *printing = data;
    fputs(printing->any ? ",\n" : "\n", printing->out);
    printing->any = true;
    json_t *json = report_change_json(change, step);
    json_dumpf(json, printing->out, JSON_COMPACT);
    json_decref(json);
    return true;
}

bool report_plan_json(FILE *out, const char *folder, json_t *extra, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error)) {
        json_decref(extra);
        return false;
    }
    print_head(out, &head, extra);
    JsonPrinting printing = {out, false};
    bool ok = each_change(folder, &head, print_json_change, &printing, error);
    fputs("\n]}\n", out);
    return ok;
}
