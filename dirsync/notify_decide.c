/*
 * notify_decide.c - what is told, and what has been told already
 *
 * Told again: the same after a day; the same after an hour when a run succeeded in
 * between. So a failure each quarter of an hour is one message a day, and one that
 * comes and goes is no storm, but a new outage in the afternoon is told.
 */
#include "dirsync/notify_decide.h"

#define A_DAY 86400
#define AN_HOUR 3600
#define MOST_TOLD 500

static gint64 number_in(const json_t *json, const char *name)
{
    return (gint64)json_integer_value(json_object_get(json, name));
}

static void set_number(json_t *json, const char *name, gint64 number)
{
    json_object_set_new(json, name, json_integer(number));
}

/* Figures differ from run to run, the failure does not. */
char *notify_key(NotifyKind kind, int text, const char *about)
{
    g_autoptr(GString) same = g_string_new(NULL);
    for (; about && *about; about++)
        if (!g_ascii_isdigit(*about))
            g_string_append_c(same, *about);
        else if (!same->len || same->str[same->len - 1] != '#')
            g_string_append_c(same, '#');
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, same->str, -1);
    return g_strdup_printf("%s %d %.16s", notify_kind_names[kind], text, digest);
}

/* What was told longer ago than a day tells nothing; of more than fit the oldest goes. */
static void forget_old(json_t *told, gint64 now)
{
    void *next;
    const char *key, *oldest = NULL;
    json_t *value;
    json_object_foreach_safe(told, next, key, value)
    {
        gint64 time = (gint64)json_integer_value(value);
        if (time > now || now - time >= A_DAY)
            json_object_del(told, key);
        else if (!oldest || time < number_in(told, oldest))
            oldest = key;
    }
    if (json_object_size(told) >= MOST_TOLD && oldest) {
        g_autofree char *gone = g_strdup(oldest);
        json_object_del(told, gone);
    }
}

bool notify_may_tell(json_t *book, const char *key, gint64 now)
{
    json_t *told = json_object_get(book, "told");
    forget_old(told, now);
    json_t *last = json_object_get(told, key);
    gint64 since = (gint64)json_integer_value(last), good = number_in(book, "good");
    if (last && !(good > since && now - since >= AN_HOUR))
        return false;
    set_number(told, key, now);
    return true;
}

void notify_note_failure(json_t *book, gint64 now)
{
    json_t *failing = json_object_get(book, "failing");
    if (!json_object_get(failing, "since"))
        set_number(failing, "since", now);
    set_number(failing, "times", number_in(failing, "times") + 1);
}

bool notify_is_patient(const json_t *book, gint64 patience, gint64 now)
{
    return now - number_in(json_object_get(book, "failing"), "since") < patience;
}

void notify_note_told_failure(json_t *book)
{
    json_object_set_new(json_object_get(book, "failing"), "told", json_true());
}

bool notify_note_success(json_t *book, gint64 now)
{
    json_t *failing = json_object_get(book, "failing");
    bool told = json_is_true(json_object_get(failing, "told"));
    json_object_clear(failing);
    set_number(book, "good", now);
    return told;
}
