/*
 * memory_store.c - named stores of entries in memory
 *
 * Keeps the order of arrival, an index by canonical DN and one of unique
 * values. Loading is lenient as slapadd is (no schema check, parents in any
 * order); changing is as strict as a server (memory_update.c).
 */
#include "dirsync/directory/memory_store.h"

#include "dirsync/directory/selection.h"
#include "dirsync/ldif.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static GMutex registry_lock;
static GHashTable *registry; /* name → MemoryStore; NULL when there is none */

static void node_free(MemoryNode *node)
{
    entry_free(node->entry);
    g_free(node->dn);
    g_free(node);
}

static void store_empty(MemoryStore *store)
{
    g_hash_table_remove_all(store->holders);
    g_hash_table_remove_all(store->by_dn);
    for (GList *link = store->order.head; link; link = link->next)
        node_free(link->data);
    g_queue_clear(&store->order);
}

static void store_reset(MemoryStore *store)
{
    store_empty(store);
    g_clear_pointer(&store->unique, g_strfreev);
    g_clear_pointer(&store->path, g_free);
    store->assertions = true;
    store->read_only = false;
    store->writes = 0;
    store->telling = MEMORY_TELLS_CHANGES;
    memory_log_forget(&store->log);
}

static void store_free(MemoryStore *store)
{
    store_reset(store);
    memory_log_end(&store->log);
    g_hash_table_unref(store->by_dn);
    g_hash_table_unref(store->holders);
    g_free(store->name);
    g_free(store);
}

static MemoryStore *store_new(const char *name)
{
    MemoryStore *store = g_new0(MemoryStore, 1);
    store->name = g_strdup(name);
    store->by_dn = g_hash_table_new(g_str_hash, g_str_equal);
    store->holders = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    g_queue_init(&store->order);
    store->assertions = true;
    memory_log_begin(&store->log);
    return store;
}

MemoryStore *memory_store(const char *name)
{
    g_mutex_lock(&registry_lock);
    if (!registry)
        registry = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)store_free);
    MemoryStore *store = g_hash_table_lookup(registry, name);
    if (store) {
        store_reset(store);
    } else {
        store = store_new(name);
        g_hash_table_insert(registry, store->name, store);
    }
    g_mutex_unlock(&registry_lock);
    return store;
}

MemoryStore *memory_store_find(const char *name)
{
    g_mutex_lock(&registry_lock);
    MemoryStore *store = registry ? g_hash_table_lookup(registry, name) : NULL;
    g_mutex_unlock(&registry_lock);
    return store;
}

void memory_store_drop(const char *name)
{
    g_mutex_lock(&registry_lock);
    if (registry) {
        g_hash_table_remove(registry, name);
        if (g_hash_table_size(registry) == 0)
            g_clear_pointer(&registry, g_hash_table_unref);
    }
    g_mutex_unlock(&registry_lock);
}

MemoryNode *memory_store_node(const MemoryStore *store, const char *normalised_dn)
{
    return g_hash_table_lookup(store->by_dn, normalised_dn);
}

static GBytes *holder_key(const char *name, Value value)
{
    const Schema *schema = schema_standard();
    GString *key = g_string_new(name);
    g_string_append_c(key, '\0');
    schema_normalise(schema, schema_attribute(schema, name), value, key);
    return g_string_free_to_bytes(key);
}

/* Enters (or takes out) what the node holds of unique values. The first holder stays. */
static void index_values(MemoryStore *store, MemoryNode *node, bool enter)
{
    for (char **name = store->unique; name && *name; name++) {
        const Attribute *attribute = schema_find(schema_standard(), node->entry, *name);
        for (size_t i = 0; attribute && i < attribute->n_values; i++) {
            g_autoptr(GBytes) key = holder_key(*name, attribute->values[i]);
            MemoryNode *holder = g_hash_table_lookup(store->holders, key);
            if (enter && !holder)
                g_hash_table_insert(store->holders, g_bytes_ref(key), node);
            else if (!enter && holder == node)
                g_hash_table_remove(store->holders, key);
        }
    }
}

const char *memory_store_find_duplicate(const MemoryStore *store, const Entry *entry, const MemoryNode *self)
{
    for (char **name = store->unique; name && *name; name++) {
        const Attribute *attribute = schema_find(schema_standard(), entry, *name);
        for (size_t i = 0; attribute && i < attribute->n_values; i++) {
            g_autoptr(GBytes) key = holder_key(*name, attribute->values[i]);
            MemoryNode *holder = g_hash_table_lookup(store->holders, key);
            if (holder && holder != self)
                return *name;
        }
    }
    return NULL;
}

void memory_store_set_unique(MemoryStore *store, const char *const *attributes)
{
    g_strfreev(store->unique);
    store->unique = g_strdupv((char **)attributes);
    g_hash_table_remove_all(store->holders);
    for (GList *link = store->order.head; link; link = link->next)
        index_values(store, link->data, true);
}

static void enter_node(MemoryStore *store, MemoryNode *node, Entry *entry)
{
    node->entry = entry;
    node->dn = schema_normalise_dn(schema_standard(), entry_dn(entry));
    g_hash_table_insert(store->by_dn, node->dn, node);
    index_values(store, node, true);
}

static void leave_node(MemoryStore *store, MemoryNode *node)
{
    index_values(store, node, false);
    g_hash_table_remove(store->by_dn, node->dn);
    g_clear_pointer(&node->dn, g_free);
    g_clear_pointer(&node->entry, entry_free);
}

MemoryNode *memory_store_insert(MemoryStore *store, Entry *entry)
{
    MemoryNode *node = g_new0(MemoryNode, 1);
    enter_node(store, node, entry);
    memory_log_note(&store->log, NULL, entry);
    g_queue_push_tail(&store->order, node);
    node->link = store->order.tail;
    return node;
}

void memory_store_replace(MemoryStore *store, MemoryNode *node, Entry *entry)
{
    memory_log_note(&store->log, node->entry, entry);
    leave_node(store, node);
    enter_node(store, node, entry);
}

void memory_store_remove(MemoryStore *store, MemoryNode *node)
{
    GList *link = node->link;
    memory_log_note(&store->log, node->entry, NULL);
    leave_node(store, node);
    g_queue_delete_link(&store->order, link);
    g_free(node);
}

bool memory_store_has_children(const MemoryStore *store, const MemoryNode *node)
{
    for (GList *link = store->order.head; link; link = link->next) {
        const MemoryNode *other = link->data;
        if (other != node && normalised_dn_within(other->dn, node->dn))
            return true;
    }
    return false;
}

static bool load_entry(MemoryStore *store, Entry *entry, GError **error)
{
    g_autoptr(Entry) owned = entry;
    g_autofree char *dn = schema_normalise_dn(schema_standard(), entry_dn(entry));
    if (!dn) {
        error_set(error, ERROR_INVALID, "%s: not a distinguished name", entry_dn(entry));
        return false;
    }
    if (memory_store_node(store, dn)) {
        error_set(error, ERROR_EXISTS, "%s: there is already an entry of that name", entry_dn(entry));
        return false;
    }
    if (entry_index(entry, "entryUUID") < 0) {
        g_autofree char *uuid = g_uuid_string_random();
        entry_add_string(entry, "entryUUID", uuid);
    }
    memory_store_insert(store, g_steal_pointer(&owned));
    return true;
}

static bool load(MemoryStore *store, LdifReader *reader, GError **error)
{
    for (;;) {
        Entry *entry;
        RecordStatus status = ldif_read_entry(reader, &entry, error);
        if (status == RECORD_CUT)
            error_set(error, ERROR_INVALID, "memory:%s: the LDIF ends in the middle of a line", store->name);
        if (status != RECORD_GOOD)
            return status == RECORD_END;
        if (!load_entry(store, entry, error))
            return false;
    }
}

bool memory_store_load(MemoryStore *store, const char *ldif, GError **error)
{
    g_autofree char *name = g_strconcat("memory:", store->name, NULL);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), name);
    return load(store, reader, error);
}

static int compare_values(const void *a, const void *b)
{
    const Value *left = a, *right = b;
    int order = memcmp(left->data, right->data, MIN(left->len, right->len));
    return order ? order : (left->len > right->len) - (left->len < right->len);
}

static int compare_attributes(const void *a, const void *b)
{
    const Attribute *const *left = a, *const *right = b;
    return g_ascii_strcasecmp((*left)->name, (*right)->name);
}

static void dump_node(GString *out, const MemoryNode *node, bool with_uuid)
{
    size_t n = entry_n_attributes(node->entry);
    g_autofree const Attribute **attributes = g_new(const Attribute *, n + 1);
    g_autoptr(Entry) sorted = entry_new(entry_dn(node->entry));
    for (size_t i = 0; i < n; i++)
        attributes[i] = entry_attribute(node->entry, i);
    qsort(attributes, n, sizeof *attributes, compare_attributes);
    for (size_t i = 0; i < n; i++) {
        g_autofree Value *values = g_memdup2(attributes[i]->values, attributes[i]->n_values * sizeof(Value));
        if (!with_uuid && g_ascii_strcasecmp(attributes[i]->name, "entryUUID") == 0)
            continue;
        if (values)
            qsort(values, attributes[i]->n_values, sizeof *values, compare_values);
        for (size_t j = 0; j < attributes[i]->n_values; j++) {
            bool hidden = !with_uuid && g_str_has_prefix(values[j].data, MEMORY_RANDOM_PASSWORD);
            entry_add(sorted, attributes[i]->name, values[j].data,
                      hidden ? strlen(MEMORY_RANDOM_PASSWORD) : values[j].len);
        }
    }
    ldif_write_entry(out, sorted);
}

static int compare_nodes(const void *a, const void *b)
{
    const MemoryNode *const *left = a, *const *right = b;
    return strcmp((*left)->dn, (*right)->dn);
}

char *memory_store_dump(MemoryStore *store, bool with_uuid)
{
    GString *out = g_string_new(NULL);
    g_autofree MemoryNode **nodes = g_new(MemoryNode *, store->order.length + 1);
    size_t n = 0;
    for (GList *link = store->order.head; link; link = link->next)
        nodes[n++] = link->data;
    qsort(nodes, n, sizeof *nodes, compare_nodes);
    for (size_t i = 0; i < n; i++)
        dump_node(out, nodes[i], with_uuid);
    return g_string_free(out, FALSE);
}

size_t memory_store_writes(MemoryStore *store)
{
    return store->writes;
}

size_t memory_store_size(MemoryStore *store)
{
    return store->order.length;
}

void memory_store_set_assertions(MemoryStore *store, bool offered)
{
    store->assertions = offered;
}

void memory_store_set_read_only(MemoryStore *store, bool read_only)
{
    store->read_only = read_only;
}

void memory_store_set_changes(MemoryStore *store, MemoryTelling telling)
{
    store->telling = telling;
}

void memory_store_forget_changes(MemoryStore *store)
{
    memory_log_forget(&store->log);
}

static bool write_file(const char *path, const GString *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    size_t written = 0;
    ssize_t n = 0;
    while (written < text->len && (n = write(fd, text->str + written, text->len - written)) > 0)
        written += (size_t)n;
    return close(fd) == 0 && written == text->len;
}

/* Atomic against a killed process, which is what tests do; not against a lost machine, so no fsync. */
bool memory_store_save(const MemoryStore *store, GError **error)
{
    if (!store->path)
        return true;
    GString *text = g_string_new(NULL);
    g_autoptr(GString) entries = g_string_new(NULL);
    for (GList *link = store->order.head; link; link = link->next)
        ldif_write_entry(entries, ((MemoryNode *)link->data)->entry);
    memory_log_format(&store->log, entries, text);
    g_string_append_len(text, entries->str, (gssize)entries->len);
    g_autofree char *temporary = g_strconcat(store->path, ".new", NULL);
    bool good = write_file(temporary, text) && rename(temporary, store->path) == 0;
    if (!good)
        error_set(error, ERROR_IO, "%s: cannot be written: %s", store->path, g_strerror(errno));
    g_string_free(text, TRUE);
    return good;
}

bool memory_store_set_file(MemoryStore *store, const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    bool there = g_file_get_contents(path, &text, NULL, &cause);
    if (!there && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        error_set(error, ERROR_IO, "%s: cannot be opened: %s", path, cause->message);
        return false;
    }
    bool known = false;
    if (there) {
        g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), path);
        store_empty(store);
        store->log.deaf = true;
        bool loaded = load(store, reader, error);
        store->log.deaf = false;
        if (!loaded)
            return false;
        known = memory_log_parse(&store->log, text); /* loading is no change */
    }
    g_free(store->path);
    store->path = g_strdup(path);
    return known || memory_store_save(store, error);
}
