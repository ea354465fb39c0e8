/*
 * notify_text.c - texts with their words put in, in lines of 72 characters
 */
#include "dirsync/notify_internal.h"

#include "dirsync/event.h"

#include <string.h>

#define WIDTH 72
#define TITLES 3

/* --- which text --- */

/* Errors that have a text of their own. */
static const struct {
    ErrorCode code;
    NotifyTextId text;
} by_error[] = {
    {ERROR_UNREACHABLE, TEXT_UNREACHABLE},   {ERROR_UNCERTAIN, TEXT_UNREACHABLE}, {ERROR_BUSY, TEXT_BUSY},
    {ERROR_CREDENTIALS, TEXT_CREDENTIALS},   {ERROR_ACCESS, TEXT_ACCESS},         {ERROR_SOURCE, TEXT_SOURCE},
    {ERROR_SERVER_LIMIT, TEXT_SERVER_LIMIT}, {ERROR_STATE, TEXT_STATE},           {ERROR_IO, TEXT_DISK},
    {ERROR_DEFINITION, TEXT_DEFINITION},     {ERROR_LIMIT, TEXT_LIMIT},
};

int notify_text_of(const RunResult *result, const GError *failure)
{
    if (failure && (error_is(failure, ERROR_LOCKED) || error_is(failure, ERROR_INTERRUPTED)))
        return -1;
    for (size_t i = 0; failure && i < G_N_ELEMENTS(by_error); i++)
        if (error_is(failure, by_error[i].code))
            return (int)by_error[i].text;
    if (failure)
        return TEXT_FAILED;
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].partial)
            return TEXT_PARTIAL;
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].counts.of[COUNT_FAILED])
            return TEXT_REFUSED;
    return -1;
}

/* --- words --- */

char *notify_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local(seconds) : NULL;
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M %Z") : g_strdup("");
}

/* NULL: not one of ours. */
static const char *value_of(const NotifyValues *values, const char *word, size_t len)
{
    const struct {
        const char *name, *value;
    } words[] = {{"connector", values->connector},
                 {"organisation", values->organisation},
                 {"host", values->host},
                 {"run", values->run},
                 {"when", values->when},
                 {"since", values->since},
                 {"times", values->times},
                 {"error", values->error},
                 {"list", values->list},
                 {"more", values->more},
                 {"summary", values->summary},
                 {"command", values->command},
                 {"success", values->last_success},
                 {"written", notify_written[values->written > 0]},
                 {"deleted", notify_deleted[values->deleted > 0]},
                 {"before", notify_before[values->again]}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strlen(words[i].name) == len && !strncmp(words[i].name, word, len))
            return words[i].value ? words[i].value : "";
    return NULL;
}

/* What comes from directories cannot steer a terminal, and holds no words of ours. */
static void append_visible(GString *to, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_iscntrl(c) && c != '\n')
            g_string_append_c(to, ' ');
        else
            g_string_append_unichar(to, c);
    }
}

static void append_filled(GString *to, const char *text, const NotifyValues *values, bool sentences)
{
    while (*text) {
        size_t len = *text == '$' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
        const char *value = len ? value_of(values, text + 1, len) : NULL;
        bool sentence =
            value && (value == notify_written[values->written > 0] ||
                      value == notify_deleted[values->deleted > 0] || value == notify_before[values->again]);
        if (sentence && sentences)
            append_filled(to, value, values, false);
        else if (value)
            append_visible(to, value);
        else
            g_string_append_len(to, text, (gssize)len + 1);
        text += len + 1;
    }
}

/* --- lines --- */

/* Where a line begins anew it is as far in as the text was: "- a list goes on here". */
static void append_wrapped(GString *to, const char *line)
{
    size_t blanks = strspn(line, " "), hang = blanks + (g_str_has_prefix(line + blanks, "- ") ? 2 : 0);
    g_auto(GStrv) words = g_strsplit(line + blanks, " ", 0);
    glong column = (glong)blanks;
    bool first = true;
    g_string_append_printf(to, "%*s", (int)blanks, "");
    for (char **word = words; *word; word++) {
        glong width = g_utf8_strlen(*word, -1);
        if (!first && column + 1 + width > WIDTH) {
            g_string_append_printf(to, "\n%*s", (int)hang, "");
            column = (glong)hang;
        } else if (!first) {
            g_string_append_c(to, ' ');
            column++;
        }
        g_string_append(to, *word);
        column += width;
        first = false;
    }
    g_string_append_c(to, '\n');
}

static void append_part(GString *body, const char *title, const char *text, const NotifyValues *values)
{
    g_autoptr(GString) filled = g_string_new(NULL);
    g_string_append_printf(body, "%s%s\n\n", body->len ? "\n" : "", title);
    append_filled(filled, text, values, true);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(filled->str), "\n", 0);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "    "))
            g_string_append_printf(body, "%s\n", *line);
        else
            append_wrapped(body, g_strchomp(*line));
}

void notify_render(const NotifyText *text, const NotifyValues *values, char **subject, char **body)
{
    static const char *const titles[TITLES] = {"WHAT HAPPENED", "WHAT IT MEANS", "WHAT TO DO NOW"};
    const char *const parts[TITLES] = {text->happened, text->means, text->todo};
    g_autoptr(GString) line = g_string_new(NULL), all = g_string_new(NULL);
    append_filled(line, text->subject, values, false);
    for (int i = 0; i < TITLES; i++)
        append_part(all, titles[i], parts[i], values);
    g_string_append_printf(all, "\n-- \nconnector %s of %s on %s\n", values->connector, values->organisation,
                           values->host);
    if (values->run)
        g_string_append_printf(all, "run %s\n", values->run);
    *subject = g_strdup(line->str);
    *body = g_strdup(all->str);
}
