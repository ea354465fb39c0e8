/*
 * notify.c - see notify.h
 */
#include "dirsync/notify_internal.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"
#include "dirsync/interrupt.h"
#include "dirsync/notify_decide.h"
#include "dirsync/state.h"
#include "dirsync/when.h"

#include <string.h>

#define MOST_PENDING 50
#define PENDING_DAYS 7
#define LISTED 10 /* entries or findings named in a message */

typedef struct {
    const Connector *connector;
    const char *state_folder;
    const NotifySettings *settings;
    NotifyBook *book;
    json_t *json; /* of the book */
    gint64 now;
} Notifying;

static gint64 seconds_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* --- what is kept until it is sent --- */

static void drop(const json_t *message, const char *why)
{
    event_emit(EVENT_NOTIFY_DROPPED, json_string_value(json_object_get(message, "subject")),
               "not sent, and given up: %s", why);
}

static void add_pending(Notifying *notifying, json_t *message)
{
    json_t *pending = json_object_get(notifying->json, "pending");
    for (size_t i = 0; i < notifying->settings->n_channels; i++) {
        json_t *copy = json_deep_copy(message);
        json_object_set_new(copy, "channel", json_string(notifying->settings->channels[i].label));
        json_array_append_new(pending, copy);
    }
    while (json_array_size(pending) > MOST_PENDING) {
        drop(json_array_get(pending, 0), "too many are waiting");
        json_array_remove(pending, 0);
    }
    json_decref(message);
}

static const NotifyChannel *find_channel(const NotifySettings *settings, const char *label)
{
    for (size_t i = 0; i < settings->n_channels; i++)
        if (!g_strcmp0(settings->channels[i].label, label))
            return &settings->channels[i];
    return NULL;
}

/* Whether it is done with, one way or the other. @down: channels that have failed just now. */
static bool settle(const Notifying *notifying, json_t *message, GHashTable *down)
{
    const char *label = json_string_value(json_object_get(message, "channel"));
    const NotifyChannel *channel = find_channel(notifying->settings, label);
    gint64 created = when_parse(json_string_value(json_object_get(message, "created")));
    g_autoptr(GError) error = NULL;
    if (!channel || notifying->now - created > PENDING_DAYS * 86400) {
        drop(message, channel ? "it is too old" : "the definition does not name its channel any more");
        return true;
    }
    if (g_hash_table_contains(down, label) || interrupt_pending(NULL))
        return false;
    if (notify_send(notifying->connector, channel, message, &error)) {
        event_emit(EVENT_NOTIFIED, json_string_value(json_object_get(message, "subject")), "%s", label);
        return true;
    }
    g_hash_table_add(down, g_strdup(label));
    json_object_set_new(message, "tried",
                        json_integer(1 + json_integer_value(json_object_get(message, "tried"))));
    g_autofree char *why = g_utf8_make_valid(error->message, -1);
    json_object_set_new(message, "problem", json_string(why));
    event_emit(EVENT_NOTIFY_FAILED, json_string_value(json_object_get(message, "subject")),
               "%s; the next run tries again", error->message);
    return false;
}

static void send_pending(Notifying *notifying)
{
    g_autoptr(GHashTable) down = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_t *pending = json_object_get(notifying->json, "pending");
    for (size_t i = 0; i < json_array_size(pending);)
        if (settle(notifying, json_array_get(pending, i), down)) {
            fault_step("notified");
            json_array_remove(pending, i);
        } else {
            i++;
        }
}

/* Noted before it is sent, so that a crash loses nothing; and after. */
static void keep_and_send(Notifying *notifying)
{
    g_autoptr(GError) error = NULL;
    if (!notify_book_save(notifying->book, &error)) {
        event_emit(EVENT_NOTIFY_FAILED, NULL, "what is told cannot be noted: %s", error->message);
        g_clear_error(&error);
        if (!notify_book_may_tell_unsaved(notifying->book))
            return;
    }
    fault_step("notification noted");
    if (!json_array_size(json_object_get(notifying->json, "pending")))
        return;
    send_pending(notifying);
    if (!notify_book_save(notifying->book, &error))
        event_emit(EVENT_NOTIFY_FAILED, NULL, "what was told cannot be noted: %s", error->message);
}

/* --- a message --- */

/* As a command of the message must name it. */
static char *name_for_command(const Connector *connector)
{
    g_autofree char *folder = connector_folder();
    g_autofree char *file = g_strconcat(connector->name, ".xml", NULL);
    g_autofree char *standard = g_build_filename(folder, file, NULL);
    g_autofree char *canonical = g_canonicalize_filename(standard, NULL);
    if (!strcmp(canonical, connector->path))
        return g_strdup(connector->name);
    bool plain =
        strspn(connector->path, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-+") == strlen(connector->path);
    return plain ? g_strdup(connector->path) : g_shell_quote(connector->path);
}

static void set_text(json_t *json, const char *name, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    if (valid)
        json_object_set_new(json, name, json_string(valid));
}

static json_t *make_message(const Notifying *notifying, int text, NotifyValues *values, gint64 since)
{
    g_autofree char *subject = NULL;
    g_autofree char *body = NULL;
    g_autofree char *command = name_for_command(notifying->connector);
    g_autofree char *when = notify_time(notifying->now);
    g_autofree char *since_text = notify_time(since ? since : notifying->now);
    g_autofree char *created = when_format(notifying->now);
    g_autofree char *began = when_format(since ? since : notifying->now);
    values->connector = notifying->connector->name;
    values->organisation = notifying->connector->organisation->name;
    values->host = g_get_host_name();
    values->command = command;
    values->when = when;
    values->since = since_text;
    notify_render(&notify_texts[text], values, &subject, &body);
    g_autofree char *id =
        g_strdup_printf("%s.%s.%s.%08x", notifying->connector->name, values->run ? values->run : "0",
                        notify_kind_names[notify_texts[text].kind], g_random_int());
    json_t *message = json_object();
    set_text(message, "id", id);
    set_text(message, "kind", notify_kind_names[notify_texts[text].kind]);
    set_text(message, "subject", subject);
    set_text(message, "body", body);
    set_text(message, "run", values->run);
    set_text(message, "since", began);
    set_text(message, "created", created);
    return message;
}

static bool is_wanted(const Notifying *notifying, int text)
{
    return notifying->settings->on >> notify_texts[text].kind & 1;
}

/* --- after a run --- */

/* What a run has written, and deleted. */
static void count_written(const RunResult *result, NotifyValues *values)
{
    static const CountKind written[] = {COUNT_CREATED, COUNT_MODIFIED, COUNT_RENAMED, COUNT_DISABLED,
                                        COUNT_DELETED};
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < G_N_ELEMENTS(written); i++)
            values->written += result->step[step].counts.of[written[i]];
        values->deleted += result->step[step].counts.of[COUNT_DELETED];
    }
}

static char *partial_reasons(const RunResult *result)
{
    GString *text = g_string_new(NULL);
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].partial)
            g_string_append_printf(text, "%s%s: %s", text->len ? "\n" : "", step_names[step],
                                   result->step[step].partial_reason ? result->step[step].partial_reason
                                                                     : "?");
    return g_string_free(text, FALSE);
}

static char *failed_counts(const RunResult *result)
{
    GString *text = g_string_new(NULL);
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].counts.of[COUNT_FAILED])
            g_string_append_printf(text, "%s- %s: %zu changes failed", text->len ? "\n" : "",
                                   step_names[step], result->step[step].counts.of[COUNT_FAILED]);
    return g_string_free(text, FALSE);
}

/* When the last good run before this trouble was, in words that follow "since". */
static char *last_success(const Notifying *notifying)
{
    gint64 good = (gint64)json_integer_value(json_object_get(notifying->json, "good"));
    return good ? notify_time(good) : g_strdup("the last good run");
}

static void tell_trouble(Notifying *notifying, int text, const RunResult *result, const GError *failure)
{
    json_t *failing = json_object_get(notifying->json, "failing");
    bool passes = failure && error_exit_status(failure) == 5;
    notify_note_failure(notifying->json, notifying->now);
    if (!is_wanted(notifying, text) ||
        (passes && notify_is_patient(notifying->json, notifying->settings->patience, notifying->now)))
        return;
    g_autofree char *partial = partial_reasons(result);
    g_autofree char *list = failed_counts(result);
    g_autofree char *about = g_strdup(failure ? failure->message : *partial ? partial : list);
    g_autofree char *key = notify_key(notify_texts[text].kind, text, about);
    if (!notify_may_tell(notifying->json, key, notifying->now))
        return;
    json_int_t times = json_integer_value(json_object_get(failing, "times"));
    g_autofree char *times_text = g_strdup_printf("%" JSON_INTEGER_FORMAT, times);
    g_autofree char *success = last_success(notifying);
    g_autofree char *summary = run_summary(result);
    NotifyValues values = {.run = result->id,
                           .times = times_text,
                           .again = times > 1,
                           .error = about,
                           .list = list,
                           .summary = summary,
                           .last_success = success};
    count_written(result, &values);
    notify_note_told_failure(notifying->json);
    json_t *message =
        make_message(notifying, text, &values, (gint64)json_integer_value(json_object_get(failing, "since")));
    if (!json_object_get(failing, "message"))
        json_object_set(failing, "message", json_object_get(message, "id"));
    else
        json_object_set(message, "refers", json_object_get(failing, "message"));
    add_pending(notifying, message);
}

static void tell_success(Notifying *notifying, const RunResult *result)
{
    json_t *failing = json_object_get(notifying->json, "failing");
    gint64 since = (gint64)json_integer_value(json_object_get(failing, "since"));
    g_autofree char *times =
        g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(failing, "times")));
    json_t *first = json_incref(json_object_get(failing, "message"));
    if (notify_note_success(notifying->json, notifying->now) && is_wanted(notifying, TEXT_RECOVERY)) {
        g_autofree char *summary = run_summary(result);
        NotifyValues values = {.run = result->id, .times = times, .summary = summary};
        json_t *message = make_message(notifying, TEXT_RECOVERY, &values, since);
        if (first)
            json_object_set(message, "refers", first);
        add_pending(notifying, message);
    }
    json_decref(first);
}

typedef struct {
    const char *run;
    GString *list, *about;
    size_t n;
} NewEntries;

static void note_new(const char *subject, const char *reason, const char *first, const char *last, void *data)
{
    NewEntries *entries = data;
    (void)last;
    if (strcmp(first, entries->run) != 0)
        return;
    if (entries->n++ < LISTED)
        g_string_append_printf(entries->list, "%s- %s: %s", entries->list->len ? "\n" : "", subject, reason);
    g_string_append_printf(entries->about, "%s\n", subject);
}

/* Who is put in and out again by every other run is told of once a day too. */
static void tell_quarantine(Notifying *notifying, const RunResult *result)
{
    size_t n = 0;
    for (int step = 0; step < STEPS; step++)
        n += result->step[step].counts.newly_quarantined;
    if (!n || !is_wanted(notifying, TEXT_QUARANTINE))
        return;
    g_autoptr(GString) list = g_string_new(NULL), about = g_string_new(NULL);
    g_autoptr(State) state = state_open_unlocked(notifying->connector, notifying->state_folder, NULL);
    NewEntries entries = {result->id, list, about, 0};
    if (state)
        state_scan_quarantine(state, note_new, &entries, NULL);
    g_autofree char *more = g_strdup_printf("%zu", n);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, about->str, -1);
    g_autofree char *letters = g_strdelimit(g_strdup(digest), "0123456789", 'x');
    g_autofree char *key = notify_key(NOTIFY_QUARANTINE, TEXT_QUARANTINE, letters);
    if (entries.n > LISTED)
        g_string_append_printf(list, "\n- and %zu more", entries.n - LISTED);
    if (!notify_may_tell(notifying->json, key, notifying->now))
        return;
    NotifyValues values = {.run = result->id, .list = list->str, .more = more};
    add_pending(notifying, make_message(notifying, TEXT_QUARANTINE, &values, 0));
}

static bool begin(Notifying *notifying, const Connector *connector, const char *state_folder)
{
    g_autoptr(GError) error = NULL;
    *notifying = (Notifying){.connector = connector,
                             .state_folder = state_folder,
                             .settings = connector_notify(connector),
                             .now = seconds_now()};
    if (!notifying->settings->n_channels)
        return false;
    notifying->book = notify_book_open(connector, state_folder, &error);
    if (notifying->book)
        notifying->json = notify_book_json(notifying->book);
    else
        event_emit(EVENT_NOTIFY_FAILED, NULL, "nobody can be told: %s", error->message);
    return notifying->book != NULL;
}

void notify_run(const Connector *connector, const char *state_folder, const RunResult *result,
                const GError *failure)
{
    Notifying notifying;
    int text = notify_text_of(result, failure);
    if ((failure && text < 0) || !begin(&notifying, connector, state_folder))
        return;
    if (text >= 0)
        tell_trouble(&notifying, text, result, failure);
    else
        tell_success(&notifying, result);
    tell_quarantine(&notifying, result);
    keep_and_send(&notifying);
    notify_book_close(notifying.book);
}

void notify_audit(const Connector *connector, const char *state_folder, const char *audit,
                  const char *const *findings, size_t n)
{
    Notifying notifying;
    if (!n || !begin(&notifying, connector, state_folder))
        return;
    g_autoptr(GString) list = g_string_new(NULL), about = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        if (i < LISTED)
            g_string_append_printf(list, "%s- %s", i ? "\n" : "", findings[i]);
        g_string_append_printf(about, "%s\n", findings[i]);
    }
    if (n > LISTED)
        g_string_append_printf(list, "\n- and %zu more", n - LISTED);
    g_autofree char *more = g_strdup_printf("%zu", n);
    g_autofree char *key = notify_key(NOTIFY_AUDIT, TEXT_AUDIT, about->str);
    if (is_wanted(&notifying, TEXT_AUDIT) && notify_may_tell(notifying.json, key, notifying.now)) {
        NotifyValues values = {.run = audit, .list = list->str, .more = more};
        add_pending(&notifying, make_message(&notifying, TEXT_AUDIT, &values, 0));
    }
    keep_and_send(&notifying);
    notify_book_close(notifying.book);
}

/* --- by hand --- */

bool notify_try(const Connector *connector, const NotifyChannel *channel, bool message, GError **error)
{
    Notifying notifying = {
        .connector = connector, .settings = connector_notify(connector), .now = seconds_now()};
    NotifyValues values = {0};
    if (!message)
        return notify_connect(channel, error);
    json_t *test = make_message(&notifying, TEXT_TEST, &values, 0);
    bool sent = notify_send(connector, channel, test, error);
    json_decref(test);
    return sent;
}

json_t *notify_status(const Connector *connector, const char *state_folder)
{
    const NotifySettings *settings = connector_notify(connector);
    json_t *book = notify_book_peek(connector, state_folder), *one;
    json_t *json = json_pack("{s:[], s:[], s:n}", "channels", "pending", "failing_since");
    gint64 since = (gint64)json_integer_value(json_object_get(json_object_get(book, "failing"), "since"));
    g_autofree char *text = since ? when_format(since) : NULL;
    size_t i;
    for (size_t c = 0; c < settings->n_channels; c++)
        json_array_append_new(json_object_get(json, "channels"), json_string(settings->channels[c].label));
    json_array_foreach(json_object_get(book, "pending"), i, one) json_array_append_new(
        json_object_get(json, "pending"),
        json_pack("{s:O*, s:O*, s:O*, s:O*}", "subject", json_object_get(one, "subject"), "channel",
                  json_object_get(one, "channel"), "created", json_object_get(one, "created"), "problem",
                  json_object_get(one, "problem")));
    if (text)
        set_text(json, "failing_since", text);
    json_decref(book);
    return json;
}
