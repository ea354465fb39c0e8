/*
 * memory_log.c - what has changed in a store in memory
 */
#include "dirsync/directory/memory_log.h"

#include "dirsync/directory/cursor.h"

#include <string.h>

#define HEAD "# log: "

static void moved_container_clear(void *data)
{
    g_free(((MovedContainer *)data)->dn);
}

void memory_log_begin(MemoryLog *log)
{
    *log = (MemoryLog){.identity = g_uuid_string_random(),
                       .last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                       .containers = g_array_new(FALSE, FALSE, sizeof(MovedContainer))};
    g_array_set_clear_func(log->containers, moved_container_clear);
}

void memory_log_end(MemoryLog *log)
{
    g_free(log->identity);
    g_hash_table_unref(log->last);
    g_array_unref(log->containers);
    filter_free(log->filter);
    *log = (MemoryLog){0};
}

void memory_log_forget(MemoryLog *log)
{
    memory_log_end(log);
    memory_log_begin(log);
}

static bool is_container(MemoryLog *log, const Entry *entry)
{
    if (!log->filter)
        log->filter = filter_parse(cursor_containers, NULL);
    return log->filter && filter_matches(log->filter, schema_standard(), entry);
}

static void note_identity(MemoryLog *log, const char *uuid)
{
    g_hash_table_replace(log->last, g_strdup(uuid), g_memdup2(&log->number, sizeof log->number));
}

static void note_container(MemoryLog *log, const Entry *entry)
{
    MovedContainer container = {.number = log->number,
                                .dn = schema_normalise_dn(schema_standard(), entry_dn(entry))};
    if (container.dn)
        g_array_append_val(log->containers, container);
}

void memory_log_note(MemoryLog *log, const Entry *before, const Entry *after)
{
    const Entry *entry = after ? after : before;
    if (log->deaf)
        return;
    const char *uuid = schema_find_string(schema_standard(), entry, "entryUUID");
    bool moved = !before || !after || strcmp(entry_dn(before), entry_dn(after)) != 0;
    log->number++;
    if (uuid)
        note_identity(log, uuid);
    if (!moved || !is_container(log, entry))
        return;
    if (before)
        note_container(log, before);
    if (after)
        note_container(log, after);
}

bool memory_log_changed(const MemoryLog *log, const char *uuid, guint64 since)
{
    const guint64 *number = g_hash_table_lookup(log->last, uuid);
    return number && *number > since;
}

static gint compare_numbers(gconstpointer a, gconstpointer b, gpointer data)
{
    const MemoryLog *log = data;
    const guint64 *left = g_hash_table_lookup(log->last, *(const char *const *)a);
    const guint64 *right = g_hash_table_lookup(log->last, *(const char *const *)b);
    return (*left > *right) - (*left < *right);
}

GPtrArray *memory_log_since(const MemoryLog *log, guint64 since)
{
    GPtrArray *changed = g_ptr_array_new();
    GHashTableIter iter;
    gpointer uuid;
    g_hash_table_iter_init(&iter, log->last);
    while (g_hash_table_iter_next(&iter, &uuid, NULL))
        if (memory_log_changed(log, uuid, since))
            g_ptr_array_add(changed, uuid);
    g_ptr_array_sort_with_data(changed, compare_numbers, (gpointer)log);
    return changed;
}

/* --- as text --- */

void memory_log_format(const MemoryLog *log, const GString *entries, GString *out)
{
    g_autofree char *digest = fingerprint_hex(fingerprint_bytes(entries->str, entries->len));
    GHashTableIter iter;
    gpointer uuid, number;
    g_string_append_printf(out, HEAD "%s %" G_GUINT64_FORMAT " %s\n", log->identity, log->number, digest);
    g_hash_table_iter_init(&iter, log->last);
    while (g_hash_table_iter_next(&iter, &uuid, &number))
        g_string_append_printf(out, "# e %" G_GUINT64_FORMAT " %s\n", *(guint64 *)number, (char *)uuid);
    for (guint i = 0; i < log->containers->len; i++) {
        const MovedContainer *container = &g_array_index(log->containers, MovedContainer, i);
        g_string_append_printf(out, "# c %" G_GUINT64_FORMAT " %s\n", container->number, container->dn);
    }
    g_string_append(out, "\n");
}

static void parse_line(MemoryLog *log, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    if (g_strv_length(words) != 4)
        return;
    guint64 last = log->number;
    log->number = g_ascii_strtoull(words[2], NULL, 10);
    if (*words[1] == 'e') {
        note_identity(log, words[3]);
    } else {
        MovedContainer container = {.number = log->number, .dn = g_strdup(words[3])};
        g_array_append_val(log->containers, container);
    }
    log->number = last;
}

bool memory_log_parse(MemoryLog *log, const char *text)
{
    const char *entries = strstr(text, "\n\n");
    memory_log_forget(log);
    if (!entries || !g_str_has_prefix(text, HEAD))
        return false;
    g_autofree char *head = g_strndup(text, (gsize)(entries - text));
    g_auto(GStrv) lines = g_strsplit(head, "\n", -1);
    g_auto(GStrv) words = g_strsplit(lines[0] + strlen(HEAD), " ", -1);
    entries += 2;
    g_autofree char *digest = fingerprint_hex(fingerprint_string(entries));
    if (g_strv_length(words) != 3 || strcmp(words[2], digest) != 0)
        return false;
    g_free(log->identity);
    log->identity = g_strdup(words[0]);
    log->number = g_ascii_strtoull(words[1], NULL, 10);
    for (char **line = lines + 1; *line; line++)
        parse_line(log, *line);
    return true;
}
