/*
 * ldap_dirsync.c - what has changed, by Active Directory's DirSync control
 *
 * The control works on a whole naming context only, tells the attributes that
 * changed and no others, and does not tell of an entry that leaves its filter.
 * So it is asked for everything, without our filter, and only identities are
 * taken from it (ldap_changed.c).
 *
 * A first cookie is had from a search that matches nothing: it stands for now,
 * without the whole directory being sent.
 */
#include "dirsync/directory/ldap_internal.h"
#include "dirsync/directory/ldap_sync_codec.h"

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

static void take_changed(DirSync *sync, LDAPMessage *message)
{
    GBytes *guid = ldap_directory_identity(sync->changes->self, message);
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
             g_hash_table_size(sync->changed) <= LDAP_MAX_CHANGED);
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

/* --- the way --- */

/* False after a doubt. */
static bool dirsync_open(DirSync *sync, Changes *changes)
{
    *sync = (DirSync){.changes = changes, .context = ldap_directory_context(changes)};
    if (!sync->context)
        return false;
    sync->cookie = ldap_directory_cookie_from(changes);
    sync->changed = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return true;
}

static void dirsync_close(DirSync *sync)
{
    g_clear_pointer(&sync->cookie, g_bytes_unref);
    g_hash_table_unref(sync->changed);
    ldap_directory_search_end_clear(&sync->end);
}

GBytes *ldap_changes_begin_dirsync(Changes *changes)
{
    DirSync sync;
    GBytes *cookie = NULL;
    if (!dirsync_open(&sync, changes))
        return NULL;
    ask(&sync, "(!(objectClass=*))");
    if (sync.end.result != LDAP_SUCCESS)
        refuse(&sync);
    else
        cookie = g_steal_pointer(&sync.cookie);
    dirsync_close(&sync);
    return cookie;
}

bool ldap_changes_go_on_dirsync(Changes *changes, GBytes **cookie, GError **error)
{
    DirSync sync;
    bool good = true;
    if (!dirsync_open(&sync, changes))
        return true;
    ask(&sync, "(objectClass=*)");
    if (sync.end.result != LDAP_SUCCESS) {
        refuse(&sync);
    } else if (sync.nameless) {
        ldap_directory_doubt(changes, g_strdup("objects came without objectGUID"));
    } else {
        good = ldap_directory_tell_changed(changes, sync.changed, error);
        *cookie = g_steal_pointer(&sync.cookie);
    }
    dirsync_close(&sync);
    return good;
}

/* The server that answers, and its database: one that was restored has another invocationId. */
char *ldap_changes_dirsync_identity(LdapDirectory *self)
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
