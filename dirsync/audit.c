/*
 * audit.c - an audit from beginning to end; see audit.h
 */
#include "dirsync/audit_internal.h"

#include "dirsync/interrupt.h"
#include "dirsync/notify.h"
#include "dirsync/text_json.h"

#include <string.h>

#define PROGRESS_EVERY 256

bool audit_go_on(Audit *audit, const char *what, size_t done, size_t total, GError **error)
{
    if (done % PROGRESS_EVERY)
        return true;
    if (audit->options.progress)
        audit->options.progress(what, done, total, audit->options.data);
    return !interrupt_pending(error);
}

void audit_leave_out(Audit *audit, const char *part, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *said = g_strdup_vprintf(format, args);
    va_end(args);
    json_array_append_new(audit->incomplete, text_as_json(said));
    if (part)
        g_hash_table_add(audit->unread, g_strdup(part));
}

/* --- making --- */

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same connectors in whatever order are the same scope. */
static char *name_scope(const AuditScope *scope)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; !scope->everything && i < scope->chosen->len; i++)
        g_ptr_array_add(names, ((const Connector *)g_ptr_array_index(scope->chosen, i))->name);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

static Audit *audit_new(const AuditScope *scope, const AuditOptions *options)
{
    Audit *audit = g_new0(Audit, 1);
    audit->scope = scope;
    audit->options = *options;
    audit->id = run_new_id();
    audit->started = time_now_text();
    audit->scope_name = name_scope(scope);
    audit->types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    audit->strays = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    audit->joins = g_ptr_array_new_with_free_func(g_free);
    audit->objects = g_array_new(FALSE, FALSE, sizeof(AuditObject));
    audit->targets = g_array_new(FALSE, FALSE, sizeof(TargetStep));
    audit->members = g_array_new(FALSE, FALSE, sizeof(AuditUnresolved));
    audit->nested = g_array_new(FALSE, FALSE, sizeof(AuditNested));
    audit->found = g_array_new(FALSE, FALSE, sizeof(AuditFound));
    audit->parts = g_ptr_array_new_with_free_func(g_free);
    audit->unread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    audit->rows = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    audit->head = json_object();
    audit->incomplete = json_array();
    return audit;
}

/* Everything but the results. */
static void drop_work(Audit *audit)
{
    audit_close_connectors(audit);
    g_clear_pointer(&audit->keys, audit_keys_free);
    g_clear_pointer(&audit->home, directory_close);
    g_array_set_size(audit->objects, 0);
    g_array_set_size(audit->targets, 0);
    g_array_set_size(audit->members, 0);
    g_array_set_size(audit->nested, 0);
    g_array_set_size(audit->found, 0);
}

void audit_free(Audit *audit)
{
    if (!audit)
        return;
    drop_work(audit);
    audit_store_close(audit->store);
    spool_free(audit->spool);
    g_free(audit->id);
    g_free(audit->started);
    g_free(audit->scope_name);
    g_free(audit->since);
    g_hash_table_unref(audit->types);
    g_hash_table_unref(audit->strays);
    g_ptr_array_unref(audit->joins);
    g_array_unref(audit->objects);
    g_array_unref(audit->targets);
    g_array_unref(audit->members);
    g_array_unref(audit->nested);
    g_array_unref(audit->found);
    g_ptr_array_unref(audit->parts);
    g_hash_table_unref(audit->unread);
    g_array_unref(audit->rows);
    json_decref(audit->head);
    json_decref(audit->incomplete);
    g_free(audit);
}

/* --- running --- */

static bool open_files(Audit *audit, GError **error)
{
    const char *folder = audit->options.state_folder;
    audit->store = audit_store_open(audit->scope->organisation, folder, error);
    if (!audit->store || !audit_store_since(audit->store, audit->scope_name, audit->options.since,
                                            &audit->place, &audit->since, error))
        return false;
    g_autofree char *place = state_make_place(audit->scope->organisation, folder, error);
    audit->spool = place ? spool_new(place, error) : NULL;
    audit->keys = audit->spool ? audit_keys_new(place, 0, error) : NULL;
    return audit->keys != NULL;
}

static bool open_home(Audit *audit, GError **error)
{
    audit->home = directory_open(&audit->scope->organisation->home, error);
    if (!audit->home)
        return false;
    audit->view = holder_view_of(audit->home, NULL, &audit->scope->organisation->stamp);
    audit->schema = audit->view.schema;
    for (guint i = 0; i < audit->scope->problems->len; i++) {
        const char *problem = g_ptr_array_index(audit->scope->problems, i);
        audit_leave_out(audit, audit->scope->everything ? PART_STAMPS : NULL, "%s", problem);
    }
    if (audit->scope->everything && audit->scope->problems->len) /* a type may be used by one of them */
        g_hash_table_add(audit->unread, g_strdup(PART_TYPES));
    return true;
}

static void make_head(Audit *audit)
{
    json_t *names = json_array(), *counts = json_object();
    for (guint i = 0; i < audit->scope->chosen->len; i++) {
        const AuditConnector *of = &audit->connectors[i];
        json_array_append_new(names, json_string(of->connector->name));
        json_object_set_new(counts, of->connector->name, json_integer((json_int_t)of->objects));
    }
    json_decref(audit->head);
    audit->head = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s?, s:{s:I, s:o}, s:O}", "id", audit->id, "started",
                            audit->started, "finished", audit->started, "organisation",
                            audit->scope->organisation->name, "connectors", names, "since", audit->since,
                            "objects", "home", (json_int_t)audit->objects->len, "connectors", counts,
                            "incomplete", audit->incomplete);
}

/* Of a connector that was named, or else any: then it is the organisation's channels. */
static const Connector *whose_channels(const AuditScope *scope)
{
    const GPtrArray *connectors = scope->chosen->len ? scope->chosen : scope->known;
    return connectors->len ? g_ptr_array_index(connectors, 0) : NULL;
}

/* Where something is new, those who asked for it are told: a line for each kind, since there may be many. */
static bool tell_news(Audit *audit, GError **error)
{
    AuditCount counts[AUDIT_KINDS];
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const Connector *connector = whose_channels(audit->scope);
    if (!audit_counts(audit, counts, error))
        return false;
    for (int kind = 0; audit->place.since && kind < AUDIT_KINDS; kind++) {
        const AuditKindInfo *about = &audit_kinds[kind];
        if (!counts[kind].fresh)
            continue;
        event_emit(EVENT_AUDIT_FOUND, about->id, "%zu new of %zu: %s; %s", counts[kind].fresh,
                   counts[kind].count, about->title, about->remedy);
        g_ptr_array_add(lines,
                        g_strdup_printf("%s %s: %s, %zu new of %zu", audit_severity_names[about->severity],
                                        about->id, about->title, counts[kind].fresh, counts[kind].count));
    }
    if (connector)
        notify_audit(connector, audit->options.state_folder, audit->id, (const char *const *)lines->pdata,
                     lines->len);
    return true;
}

static bool look_and_keep(Audit *audit, GError **error)
{
    if (!open_files(audit, error) || !open_home(audit, error) || !audit_look_at_types(audit, error))
        return false;
    audit_open_connectors(audit);
    if (!audit_read_home(audit, error) || !audit_tell_unregistered(audit, error) ||
        !audit_look_at_keys(audit, error) || !audit_look_at_targets(audit, error) ||
        !audit_look_at_groups(audit, error) || !audit_look_at_connectors(audit, error))
        return false;
    make_head(audit);
    return audit_keep(audit, error) && tell_news(audit, error);
}

Audit *audit_run(const AuditScope *scope, const AuditOptions *options, GError **error)
{
    g_autoptr(Audit) audit = audit_new(scope, options);
    GError *why = NULL;
    bool done = look_and_keep(audit, &why);
    drop_work(audit);
    if (done)
        return g_steal_pointer(&audit);
    if (error_is(why, ERROR_INTERRUPTED)) { /* a run that is interrupted says something else */
        g_clear_error(&why);
        error_set(&why, ERROR_INTERRUPTED, "interrupted; nothing of this audit was kept");
    }
    g_propagate_error(error, why);
    return NULL;
}

/* --- results --- */

const json_t *audit_head(const Audit *audit)
{
    return audit->head;
}

bool audit_is_whole(const Audit *audit)
{
    return g_hash_table_size(audit->unread) == 0;
}

bool audit_counts(Audit *audit, AuditCount counts[AUDIT_KINDS], GError **error)
{
    return audit_store_counts(audit->store, &audit->place, counts, error);
}

bool audit_findings(Audit *audit, AuditKind kind, AuditSeen seen, void *data, GError **error)
{
    return audit_store_findings(audit->store, &audit->place, kind, seen, data, error);
}

bool audit_cleared(Audit *audit, AuditKind kind, AuditSeen seen, void *data, GError **error)
{
    return !audit->place.since || audit_store_cleared(audit->store, &audit->place, kind, seen, data, error);
}

bool audit_reconciliation(Audit *audit, AuditSeen seen, void *data, GError **error)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    for (guint i = 0; i < audit->rows->len; i++) {
        if (!spool_read_bytes(audit->spool, g_array_index(audit->rows, uint64_t, i), text, error))
            return false;
        json_t *row = json_loads((const char *)text->data, 0, NULL);
        bool good = row && seen(row, data, error);
        json_decref(row);
        if (!good)
            return false;
    }
    return true;
}

bool audit_history(Audit *audit, AuditSeen seen, void *data, GError **error)
{
    return audit_store_history(audit->store, audit->place.scope, seen, data, error);
}

bool audit_list(const Organisation *organisation, const char *state_folder, AuditSeen seen, void *data,
                GError **error)
{
    g_autoptr(AuditStore) store = audit_store_open(organisation, state_folder, error);
    return store && audit_store_history(store, 0, seen, data, error);
}
