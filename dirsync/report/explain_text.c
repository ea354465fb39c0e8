/*
 * explain_text.c - an explanation for people, in sections of 80 columns
 *
 * A section each for import, addresses and export; what decides comes first: the
 * situation, what a run would do, the checks. Then the object, attribute by attribute.
 */
#include "dirsync/report/report.h"

#include <string.h>

#define LONGEST_VALUE 200

/* --- lines --- */

/* Breaks at blanks; what comes after the first line is indented two more. */
static void print_line(FILE *out, int indent, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void print_line(FILE *out, int indent, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *first = g_strnfill((gsize)indent, ' '), *rest = g_strnfill((gsize)indent + 2, ' ');
    report_paragraph(out, first, rest, REPORT_COLUMNS, raw);
}

static char *value_text(Value value)
{
    if (!g_utf8_validate(value.data, (gssize)value.len, NULL))
        return g_strdup_printf("(%zu bytes)", value.len);
    glong len = g_utf8_strlen(value.data, -1);
    if (len <= LONGEST_VALUE)
        return g_strdup(value.data);
    g_autofree char *head = g_utf8_substring(value.data, 0, LONGEST_VALUE);
    return g_strdup_printf("%s… (%zu bytes)", head, value.len);
}

char **report_link_flags(unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {{LINK_GRACED, "in grace"},
                 {LINK_RETRY, "to be looked at again"},
                 {LINK_YIELDED, "yielded to a native"},
                 {LINK_LOCKED, "account disabled by us"},
                 {LINK_PARTLY, "members missing"},
                 {LINK_RELEASED, "released"}};
    GPtrArray *list = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (flags & words[i].flag)
            g_ptr_array_add(list, g_strdup(words[i].word));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

/* The file's name is enough here, and the path as long as the line. */
static const char *short_where(const char *where)
{
    const char *slash = where ? strrchr(where, '/') : NULL;
    return slash ? slash + 1 : where ? where : "";
}

/* --- changes --- */

static const char *const verbs[CHANGE_KINDS] = {[CHANGE_ADD] = "create",
                                                [CHANGE_MODIFY] = "modify",
                                                [CHANGE_RENAME] = "rename",
                                                [CHANGE_DELETE] = "delete"};

static void print_change(FILE *out, int indent, const char *before, const Change *change, const char *after)
{
    g_autofree char *names = report_touched(change);
    print_line(out, indent, "%s%s %s%s%s%s%s%s%s%s%s", before, verbs[change->kind], change->dn,
               change->new_rdn ? " to " : "", change->new_rdn ? change->new_rdn : "", *names ? ": " : "",
               names, change->situation ? " [" : "", change->situation ? change->situation : "",
               change->situation ? "]" : "", after);
}

static void print_planned(FILE *out, const GPtrArray *changes, bool decided)
{
    if (!changes->len && decided)
        print_line(out, 2, "a run would: change nothing");
    for (guint i = 0; i < changes->len; i++)
        print_change(out, 2, "a run would: ", ((ExplainedChange *)g_ptr_array_index(changes, i))->change, "");
}

/* --- a pass --- */

/* Of "/etc/dirsync/x.xml:12: why" the folder is left out. */
static const char *short_reason(const char *reason)
{
    const char *name = reason;
    for (const char *p = reason; *reason == '/' && *p && strncmp(p, ": ", 2) != 0; p++)
        if (*p == '/')
            name = p + 1;
    return name;
}

static void print_situations(FILE *out, const PassStory *story)
{
    for (guint i = 0; i < story->situations->len; i++) {
        const StorySituation *situation = g_ptr_array_index(story->situations, i);
        print_line(out, 2, "%s: %s%s%s", i ? "and" : "situation", situation->name,
                   situation->reason ? ": " : "", situation->reason ? short_reason(situation->reason) : "");
    }
}

static void print_entry(FILE *out, const char *title, const Entry *entry)
{
    print_line(out, 2, "%s %s", title, entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values; j++) {
            g_autofree char *text = value_text(attribute->values[j]);
            print_line(out, 4, "%s: %s", attribute->name, text);
        }
    }
}

static void print_checks(FILE *out, const PassStory *story)
{
    if (story->checks->len)
        print_line(out, 2, "checks");
    for (guint i = 0; i < story->checks->len; i++) {
        const StoryCheck *check = g_ptr_array_index(story->checks, i);
        print_line(out, 4, "%s%s%s%s: %s%s", check->what, check->of && *check->of ? " (" : "",
                   check->of ? check->of : "", check->of && *check->of ? ")" : "",
                   check->why ? "fails: " : "passed", check->why ? check->why : "");
    }
}

/* An expression may stand on several lines of the mapping, indented. */
static char *on_one_line(const char *expression)
{
    GString *text = g_string_new(NULL);
    for (const char *p = expression; *p; p++)
        if (!g_ascii_isspace(*p) || (text->len && text->str[text->len - 1] != ' '))
            g_string_append_c(text, g_ascii_isspace(*p) ? ' ' : *p);
    return g_string_free(text, FALSE);
}

static void print_recipients(FILE *out, const PassStory *story)
{
    if (story->recipients->len)
        print_line(out, 2, "recipients of the mapping");
    for (guint i = 0; i < story->recipients->len; i++) {
        const StoryRecipient *recipient = g_ptr_array_index(story->recipients, i);
        print_line(out, 4, "%s as %s (%s): %s", recipient->of, recipient->as, short_where(recipient->where),
                   recipient->verdict);
        g_autofree char *condition = on_one_line(recipient->condition ? recipient->condition : "");
        if (*condition && !recipient->passed_over)
            print_line(out, 6, "when %s", condition);
    }
}

static void print_candidates(FILE *out, const PassStory *story)
{
    if (!story->candidates->len && (!story->decided || !story->desired))
        return;
    if (!story->candidates->len)
        print_line(out, 2, "join candidates: nobody else has one of its addresses or keys");
    else
        print_line(out, 2, "join candidates");
    for (guint i = 0; i < story->candidates->len; i++) {
        const StoryCandidate *candidate = g_ptr_array_index(story->candidates, i);
        print_line(out, 4, "%s (%s%s) by %s %s: %s", candidate->dn,
                   candidate->owner ? "of connector " : "native", candidate->owner ? candidate->owner : "",
                   candidate->rule, candidate->value,
                   candidate->refused ? candidate->refused : "it may be this person; see the situation");
    }
}

static const char value_signs[] = {[VALUE_STAYS] = ' ',
                                   [VALUE_ADDED] = '+',
                                   [VALUE_REMOVED] = '-',
                                   [VALUE_KEPT] = '=',
                                   [VALUE_NOT_GIVEN] = '!'};

static void print_value(FILE *out, const StoryAttribute *attribute, const StoryValue *value)
{
    g_autofree char *text = value_text((Value){value->data, value->len});
    bool elsewhere = value->where && g_strcmp0(value->where, attribute->where) != 0;
    char sign[] = {value_signs[value->fate], ' ', '\0'};
    bool stays = *sign == ' ';
    print_line(out, stays ? 8 : 6, "%s%s%s%s%s%s", stays ? "" : sign, text, elsewhere ? ", by " : "",
               elsewhere ? short_where(value->where) : "", value->why ? ": " : "",
               value->why ? value->why : "");
}

static void print_attributes(FILE *out, const PassStory *story, bool verbose)
{
    size_t left = 0;
    if (story->attributes->len)
        print_line(out, 2, "attributes (+ is added, - removed, = kept, ! not given)");
    for (guint i = 0; i < story->attributes->len; i++) {
        const StoryAttribute *attribute = g_ptr_array_index(story->attributes, i);
        if (!attribute->wins && !verbose) {
            left++;
            continue;
        }
        if (!attribute->values->len && !verbose)
            continue;
        print_line(out, 4, "%s: %s%s%s%s%s%s", attribute->name,
                   attribute->wins ? attribute->wins : "not managed", attribute->owns ? " owns " : "",
                   attribute->owns ? attribute->owns : "", attribute->where ? " (" : "",
                   short_where(attribute->where), attribute->where ? ")" : "");
        for (guint j = 0; j < attribute->values->len; j++)
            print_value(out, attribute, g_ptr_array_index(attribute->values, j));
    }
    if (left)
        print_line(out, 4, "not managed: %zu, which -v shows", left);
}

static void print_state(FILE *out, const ExplainedPass *pass)
{
    const LinkRow *link = &pass->link;
    const PassStory *story = pass->story;
    if (story->grace)
        print_line(out, 2, "grace: since %s%s%s", story->grace, story->grace_until ? ", until " : "",
                   story->grace_until ? story->grace_until : "");
    bool known = false;
    for (guint i = 0; i < story->situations->len; i++)
        known |=
            !g_strcmp0(((StorySituation *)g_ptr_array_index(story->situations, i))->reason, pass->quarantine);
    if (pass->quarantine)
        print_line(out, 2, "quarantine: since run %s, %s%s",
                   pass->quarantined_since ? pass->quarantined_since : "(unknown)",
                   known ? "for this reason" : "for ", known ? "" : pass->quarantine);
    if (!link->row) {
        print_line(out, 2, "link: none");
    } else {
        g_auto(GStrv) words = report_link_flags(link->flags);
        g_autofree char *flags = g_strjoinv(", ", words);
        print_line(out, 2, "link: anchor %s to %s%s%s%s%s", link->anchor,
                   link->dn           ? link->dn
                   : pass->indexed_dn ? pass->indexed_dn
                                      : "(unknown)",
                   link->id ? ", id " : "", link->id ? link->id : "", *flags ? "; " : "", flags);
    }
    if (pass->indexed_dn && !story->decided)
        print_line(out, 2, "index of addresses: %s", pass->indexed_dn);
    for (guint i = 0; i < pass->indexed->len && !story->decided; i++)
        print_line(out, 4, "%s", (char *)g_ptr_array_index(pass->indexed, i));
}

static void print_pass(FILE *out, const ExplainedPass *pass, bool verbose)
{
    const PassStory *story = pass->story;
    fputc('\n', out);
    print_line(out, 0, "%s: anchor %s", step_names[pass->step], story->anchor ? story->anchor : "(none)");
    print_situations(out, story);
    bool looked = story->decided || story->checks->len;
    print_planned(out, pass->planned, looked);
    print_state(out, pass);
    if (story->source)
        print_entry(out, "source entry", story->source);
    else
        print_line(out, 2, "source entry: %s", looked ? "none was found" : "not known");
    print_checks(out, story);
    print_recipients(out, story);
    print_candidates(out, story);
    if (story->current)
        print_line(out, 2, "object %s", entry_dn(story->current));
    else
        print_line(out, 2, "object: %s", looked ? "there is none" : "not known");
    print_attributes(out, story, verbose);
}

/* --- the others --- */

static void print_addresses(FILE *out, const ExplainedObject *object)
{
    if (!object->addresses->len && !object->given->len)
        return;
    fputc('\n', out);
    print_line(out, 0, "addresses: %s", object->home_dn);
    for (guint i = 0; i < object->addresses->len; i++) {
        const ExplainedAddress *address = g_ptr_array_index(object->addresses, i);
        if (address->outside)
            print_line(out, 2, "nothing is given: %s", address->problem);
        else if (!address->address)
            print_line(out, 2, "%s%snone: %s", address->type ? address->type : "", address->type ? ": " : "",
                       address->problem);
        else
            print_line(out, 2, "%s%s", address->address, address->there ? " (has it)" : "");
        if (address->because)
            print_line(out, 4, "%s, %s%s%s", address->because,
                       address->site ? address->site : "the generator's default",
                       address->generator ? ", by " : "", address->generator ? address->generator : "");
    }
    print_planned(out, object->given, true);
}

static void print_history(FILE *out, const ExplainedObject *object)
{
    if (object->history->len)
        fputs("\nlast changes\n", out);
    for (guint i = 0; i < object->history->len; i++) {
        const ExplainedChange *change = g_ptr_array_index(object->history, i);
        g_autofree char *after = g_strconcat(": ", change->outcome, NULL);
        print_line(out, 2, "%s, %s %s, %s", change->started, change->kind, change->run,
                   step_names[change->step]);
        print_change(out, 4, "", change->change, after);
    }
}

static void print_object(FILE *out, const ExplainedObject *object, bool verbose)
{
    if (object->import)
        print_pass(out, object->import, verbose);
    print_addresses(out, object);
    if (object->export)
        print_pass(out, object->export, verbose);
    print_history(out, object);
}

static void print_strangers(FILE *out, const GPtrArray *strangers)
{
    if (strangers->len)
        fputc('\n', out);
    for (guint i = 0; i < strangers->len; i++) {
        const Bystander *stranger = g_ptr_array_index(strangers, i);
        print_line(out, 0, "%s: %s%s; this connector does nothing to it", stranger->dn,
                   stranger->owner ? "made by connector " : "a native",
                   stranger->owner ? stranger->owner : "");
    }
}

void report_explanation_text(FILE *out, const Connector *connector, const Explanation *explanation,
                             bool verbose)
{
    guint n = explanation->objects->len + explanation->bystanders->len;
    if (n > 1)
        print_line(out, 0, "%s: ambiguous, %u are found", explanation->object, n);
    for (guint i = 0; i < explanation->notes->len; i++)
        print_line(out, 0, "note: %s", (char *)g_ptr_array_index(explanation->notes, i));
    if (explanation->no_state)
        print_line(out, 0, "note: connector %s has not run here yet", connector->name);
    for (guint i = 0; i < explanation->objects->len; i++) {
        if (n > 1)
            fputc('\n', out);
        if (n > 1)
            print_line(out, 0, "--- %u of %u ---", i + 1, n);
        print_object(out, g_ptr_array_index(explanation->objects, i), verbose);
    }
    print_strangers(out, explanation->bystanders);
}
