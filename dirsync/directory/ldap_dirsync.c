/*
 * ldap_dirsync.c - what has changed, by Active Directory's DirSync control
 *
 * The control works on a whole naming context only, tells the attributes that
 * changed and no others, and does not tell of an entry that leaves its filter.
 * So it is asked for everything, without our filter, and only identities are
 * taken from it. These are then looked for under the request itself, many in
 * one filter: who is found is there, as a read delivers it; who is not is gone.
 *
 * A first cookie is had from a search that matches nothing: it stands for now,
 * without the whole directory being sent. It is taken before the read, so that
 * what changes meanwhile is told of next time.
 *
 * Memory: the identities of what changed, up to MAX_CHANGED.
 */
#include "dirsync/directory/ldap_internal.h"
#include "dirsync/directory/ldap_sync_codec.h"
#include "dirsync/dn.h"

#include <string.h>

#define GUID_LENGTH 16
#define IDS_A_FILTER 100
/** Everything is read more cheaply than so many are looked for. */
#define MAX_CHANGED 200000

/* Changed members of a group alone, instead of all of them whenever one changed. */
#define INCREMENTAL_VALUES ((gint32)-0x7fffffff - 1)

typedef struct {
    Changes *changes;
    const char *context; /* naming context of the request's base */
    GBytes *cookie;      /* to go on from */
    bool more;           /* the server has not told everything yet */
    GHashTable *changed; /* GBytes of objectGUID */
    bool nameless;       /* an entry came without one */
    SearchEnd end;
} DirSync;

/* --- asking --- */

static int send_request(DirSync *sync, const char *filter, int *id)
{
    LdapDirectory *self = sync->changes->self;
    g_autoptr(GBytes) value = dirsync_encode_request(INCREMENTAL_VALUES, sync->cookie);
    gsize len = 0;
    if (!value)
        return LDAP_NO_MEMORY;
    const void *data = g_bytes_get_data(value, &len);
    LDAPControl control = {.ldctl_oid = (char[]){LDAP_CONTROL_X_DIRSYNC},
                           .ldctl_value = {.bv_len = len, .bv_val = (char *)data},
                           .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&control, NULL};
    ReadRequest request = {.base = sync->context, .scope = SEARCH_SUBTREE, .filter = filter};
    return ldap_directory_send_search(self, &request, controls, id);
}

/* In a copy: values stay as they are in the message. NULL when there is none. */
static GBytes *guid_of(LdapDirectory *self, LDAPMessage *message)
{
    struct berval **values = ldap_get_values_len(self->handle, message, "objectGUID");
    bool good = values && values[0] && values[0]->bv_len == GUID_LENGTH;
    GBytes *guid = good ? g_bytes_new(values[0]->bv_val, GUID_LENGTH) : NULL;
    ldap_value_free_len(values);
    return guid;
}

static void take_changed(DirSync *sync, LDAPMessage *message)
{
    GBytes *guid = guid_of(sync->changes->self, message);
    if (guid)
        g_hash_table_add(sync->changed, guid);
    else
        sync->nameless = true;
}

/* Without a cookie in it the answer is no answer. */
static void take_done(DirSync *sync, LDAPMessage *message)
{
    LDAPControl **controls = NULL;
    DirSyncValue value = {0};
    sync->end.result = ldap_directory_parse(sync->changes->self, message, &sync->end.diagnostic, &controls);
    LDAPControl *control = ldap_control_find(LDAP_CONTROL_X_DIRSYNC, controls, NULL);
    bool good =
        control && dirsync_decode_response(control->ldctl_value.bv_val, control->ldctl_value.bv_len, &value);
    g_clear_pointer(&sync->cookie, g_bytes_unref);
    if (good && g_bytes_get_size(value.cookie))
        sync->cookie = g_bytes_ref(value.cookie);
    sync->more = good && value.more;
    dirsync_clear(&value);
    ldap_controls_free(controls);
}

static void receive(DirSync *sync, int id)
{
    LdapDirectory *self = sync->changes->self;
    for (;;) {
        g_autoptr(LDAPMessage) message = NULL;
        sync->end.result = ldap_directory_await(self, id, &message);
        if (sync->end.result != LDAP_SUCCESS)
            return;
        int kind = ldap_msgtype(message);
        if (kind == LDAP_RES_SEARCH_ENTRY)
            take_changed(sync, message);
        if (kind != LDAP_RES_SEARCH_RESULT)
            continue; /* references are to other naming contexts, which were not asked for */
        take_done(sync, message);
        return;
    }
}

/* Until the server has told everything: an answer may be empty and not the last. Each must make headway. */
static void ask(DirSync *sync, const char *filter)
{
    do {
        int id = 0;
        g_autoptr(GBytes) before = sync->cookie ? g_bytes_ref(sync->cookie) : NULL;
        ldap_directory_search_end_clear(&sync->end);
        sync->end.result = send_request(sync, filter, &id);
        if (sync->end.result == LDAP_SUCCESS)
            receive(sync, id);
        bool stuck = sync->more && before && sync->cookie && g_bytes_equal(before, sync->cookie);
        if (sync->end.result == LDAP_SUCCESS && (!sync->cookie || stuck))
            sync->end.result = LDAP_PROTOCOL_ERROR;
    } while (sync->end.result == LDAP_SUCCESS && sync->more &&
             g_hash_table_size(sync->changed) <= MAX_CHANGED);
    if (ldap_directory_is_lost(sync->end.result))
        ldap_directory_lose(sync->changes->self);
}

static void refuse(DirSync *sync)
{
    bool more = sync->end.diagnostic && *sync->end.diagnostic;
    ldap_directory_doubt(
        sync->changes,
        g_strdup_printf("%s: %s (%d)%s%s; the account needs the right \"Replicating Directory Changes\"",
                        sync->changes->self->uri, ldap_err2string(sync->end.result), sync->end.result,
                        more ? ": " : "", more ? sync->end.diagnostic : ""));
}

/* --- looking for those that changed --- */

/** Objects that are looked for with one filter. */
typedef struct {
    Changes *changes;
    GPtrArray *guids; /* GBytes; not owned */
    GHashTable *left; /* those of them that were not found yet */
} Batch;

static bool take_found(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    Batch *batch = data;
    g_autoptr(GBytes) guid = guid_of(self, message);
    if (guid && !g_hash_table_remove(batch->left, guid))
        return true; /* told already, or changed so fast that it answers another question */
    return ldap_directory_deliver(self, message, ldap_directory_tell_item, batch->changes,
                                  &batch->changes->result->read, error);
}

static char *batch_filter(const Batch *batch)
{
    const char *filter = batch->changes->request->filter;
    GString *text = g_string_new("(&");
    bool bare = filter && *filter != '(';
    g_string_append_printf(text, bare ? "(%s)(|" : "%s(|", filter ? filter : "(objectClass=*)");
    for (guint i = 0; i < batch->guids->len; i++) {
        GBytes *guid = g_ptr_array_index(batch->guids, i);
        g_autofree char *term = filter_equals("objectGUID", g_bytes_get_data(guid, NULL), GUID_LENGTH);
        g_string_append(text, term);
    }
    g_string_append(text, "))");
    return g_string_free(text, FALSE);
}

static bool tell_missing(const Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->guids->len; i++) {
        GBytes *guid = g_ptr_array_index(batch->guids, i);
        Value id = {.len = GUID_LENGTH};
        if (!g_hash_table_contains(batch->left, guid))
            continue;
        id.data = g_bytes_get_data(guid, NULL);
        if (!ldap_directory_tell_id(batch->changes, TOLD_GONE, id, error))
            return false;
    }
    return true;
}

/* False with an error from the sink; else how it ended is in @end, and those not found were told of only when
 * the answer was whole. */
static bool look_for(Batch *batch, SearchEnd *end, GError **error)
{
    Changes *changes = batch->changes;
    ReadRequest request = *changes->request;
    g_autofree char *filter = batch_filter(batch);
    request.filter = filter;
    g_hash_table_remove_all(batch->left);
    for (guint i = 0; i < batch->guids->len; i++)
        g_hash_table_add(batch->left, g_ptr_array_index(batch->guids, i));
    size_t entries = end->entries;
    ldap_directory_search_end_clear(end);
    if (!ldap_directory_ensure(changes->self, error) ||
        !ldap_directory_search(changes->self, &request, take_found, batch, end, error))
        return false;
    end->entries += entries;
    return end->result != LDAP_SUCCESS || end->references || tell_missing(batch, error);
}

static bool tell_changed(DirSync *sync, GError **error)
{
    Changes *changes = sync->changes;
    g_autoptr(GPtrArray) guids = g_ptr_array_new();
    g_autoptr(GHashTable) left = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    Batch batch = {.changes = changes, .guids = guids, .left = left};
    SearchEnd end = {.result = LDAP_SUCCESS};
    GHashTableIter iter;
    gpointer guid;
    bool going = true, more = true;
    g_hash_table_iter_init(&iter, sync->changed);
    while (going && more && end.result == LDAP_SUCCESS && !end.references) {
        more = g_hash_table_iter_next(&iter, &guid, NULL);
        if (more)
            g_ptr_array_add(guids, guid);
        if (guids->len == IDS_A_FILTER || (!more && guids->len)) {
            going = look_for(&batch, &end, error);
            g_ptr_array_set_size(guids, 0);
        }
    }
    going = going && ldap_directory_conclude(changes->self, changes->request, &end, &changes->result->read,
                                             error);
    ldap_directory_search_end_clear(&end);
    return going;
}

/* --- the whole --- */

static const char *context_of(const LdapDirectory *self, const ReadRequest *request)
{
    const char *base = request->base ? request->base : self->endpoint->base;
    const char *best = NULL;
    char **contexts = self->description.naming_contexts;
    for (; base && contexts && *contexts; contexts++)
        if (schema_dn_within(self->description.schema, base, *contexts) &&
            (!best || strlen(*contexts) > strlen(best)))
            best = *contexts;
    return best;
}

/* Without its identity a found entry could not be told from one that is gone. */
static bool asks_for_identity(const ReadRequest *request)
{
    const char *const *name = request->attributes;
    if (!name || !*name)
        return true;
    for (; *name; name++)
        if (strcmp(*name, "*") == 0 || g_ascii_strcasecmp(*name, "objectGUID") == 0)
            return true;
    return false;
}

static bool go_on(DirSync *sync, GError **error)
{
    ask(sync, "(objectClass=*)");
    if (sync->end.result != LDAP_SUCCESS)
        refuse(sync);
    else if (sync->nameless)
        ldap_directory_doubt(sync->changes, g_strdup("objects came without objectGUID"));
    else if (g_hash_table_size(sync->changed) > MAX_CHANGED)
        ldap_directory_doubt(sync->changes, g_strdup_printf("more than %d objects have changed", MAX_CHANGED));
    else
        return tell_changed(sync, error);
    return true;
}

static bool begin(DirSync *sync, GError **error)
{
    Changes *changes = sync->changes;
    ask(sync, "(!(objectClass=*))");
    if (sync->end.result != LDAP_SUCCESS) {
        refuse(sync);
        g_clear_pointer(&sync->cookie, g_bytes_unref);
    }
    return ldap_directory_read(&changes->self->directory, changes->request, ldap_directory_tell_item, changes,
                               &changes->result->read, error);
}

bool ldap_directory_dirsync(Changes *changes, GBytes **cookie, bool *unasked, GError **error)
{
    DirSync sync = {.changes = changes, .context = context_of(changes->self, changes->request)};
    *cookie = NULL;
    *unasked = !sync.context || !asks_for_identity(changes->request);
    if (!sync.context)
        ldap_directory_doubt(changes, g_strdup("the base lies in none of the server's naming contexts"));
    else if (*unasked)
        ldap_directory_doubt(changes, g_strdup("objectGUID is not among the attributes"));
    if (*unasked)
        return true;
    sync.cookie = ldap_directory_cookie_from(changes);
    sync.changed = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    bool good = changes->from ? go_on(&sync, error) : begin(&sync, error);
    if (good && changes->result->read.proof == PROOF_COMPLETE)
        *cookie = g_steal_pointer(&sync.cookie);
    g_clear_pointer(&sync.cookie, g_bytes_unref);
    g_hash_table_unref(sync.changed);
    ldap_directory_search_end_clear(&sync.end);
    return good;
}

/* The server that answers, and its database: one that was restored has another invocationId. */
char *ldap_directory_dirsync_identity(LdapDirectory *self)
{
    static const char *const names[] = {"dsServiceName", NULL}, *const ids[] = {"invocationId", NULL};
    ReadRequest root = {.base = "", .scope = SEARCH_BASE, .attributes = names};
    g_autoptr(GPtrArray) found = ldap_directory_find(&self->directory, &root, 1, NULL);
    const Entry *entry = found && found->len ? g_ptr_array_index(found, 0) : NULL;
    const char *service = entry ? schema_find_string(self->description.schema, entry, "dsServiceName") : NULL;
    if (!service)
        return g_strdup(self->uri);
    ReadRequest settings = {.base = service, .scope = SEARCH_BASE, .attributes = ids};
    g_autoptr(GPtrArray) more = ldap_directory_find(&self->directory, &settings, 1, NULL);
    const Entry *own = more && more->len ? g_ptr_array_index(more, 0) : NULL;
    const Attribute *id = own ? schema_find(self->description.schema, own, "invocationId") : NULL;
    g_autofree char *text =
        id ? g_base64_encode((const guchar *)id->values[0].data, id->values[0].len) : g_strdup("");
    return g_strdup_printf("%s %s", service, text);
}
