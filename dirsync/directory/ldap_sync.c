/*
 * ldap_sync.c - what has changed, by RFC 4533 (refreshOnly)
 *
 * A server answers in one of two phases. Present: entries that changed, and
 * the identities of all others; who is not told of is gone. Delete: entries
 * that changed, and identities that are gone, of the whole server where it
 * keeps a log. Everything is told as it comes; nothing is kept.
 *
 * The answer is believed only when all of it was understood. To a cookie that it
 * cannot read OpenLDAP sends everything, as if it were only what changed, and an
 * empty cookie; no cookie and nothing else means that nothing has changed. It sends
 * everything anew when a server wrote for the first time, and its cookie knows
 * that server (csn=...#SID#...) from then on: such a cookie is a doubt.
 */
#include "dirsync/directory/ldap_internal.h"
#include "dirsync/directory/ldap_sync_codec.h"

#include <string.h>

/* 389 (2.3.1) sends identities of deleted entries in sets of so many, and loses one between two sets. */
#define FULL_SET 50

typedef struct {
    Changes *changes;
    const ReadRequest *request;
    GHashTable *changed; /* GBytes of identities: collected instead of told; NULL: told */
    GBytes *cookie;      /* the last one that came */
    size_t told;         /* messages that said something */
    bool present_ended;  /* a present phase was there, and a delete phase followed */
    bool answered;       /* the Done control came */
    bool deletes;        /* it ended with a delete phase */
    SearchEnd end;
} Sync;

static void take_cookie(Sync *sync, GBytes *cookie)
{
    if (!cookie || !g_bytes_get_size(cookie))
        return;
    g_clear_pointer(&sync->cookie, g_bytes_unref);
    sync->cookie = g_bytes_ref(cookie);
}

static void misunderstood(Sync *sync, const char *what)
{
    ldap_directory_doubt(sync->changes,
                         g_strdup_printf("%s: %s cannot be understood", sync->changes->self->uri, what));
}

/* As the attribute default_anchor has it: entryUUID as text, or nsUniqueId, which has other groups. */
static Value format_id(const Changes *changes, const guint8 *uuid, char text[40])
{
    static const char digits[] = "0123456789abcdef";
    bool as_uuid = g_strcmp0(changes->self->description.default_anchor, "nsUniqueId") != 0;
    size_t len = 0;
    for (size_t i = 0; i < SYNC_UUID_LENGTH; i++) {
        bool group = as_uuid ? i == 4 || i == 6 || i == 8 || i == 10 : i && i % 4 == 0;
        if (group)
            text[len++] = '-';
        text[len++] = digits[uuid[i] >> 4];
        text[len++] = digits[uuid[i] & 15];
    }
    text[len] = '\0';
    return (Value){text, len};
}

static bool tell_id(Sync *sync, Told told, const guint8 *uuid, GError **error)
{
    char text[40];
    sync->told++;
    if (sync->changed) {
        Value id = format_id(sync->changes, uuid, text);
        g_hash_table_add(sync->changed, g_bytes_new(id.data, id.len));
        return true;
    }
    return ldap_directory_tell_id(sync->changes, told, format_id(sync->changes, uuid, text), error);
}

/* --- messages --- */

static bool read_state(LdapDirectory *self, LDAPMessage *message, SyncStateValue *state)
{
    LDAPControl **controls = NULL;
    if (ldap_get_entry_controls(self->handle, message, &controls) != LDAP_SUCCESS)
        return false;
    LDAPControl *control = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
    bool good = control && sync_decode_state(control->ldctl_value.bv_val, control->ldctl_value.bv_len, state);
    ldap_controls_free(controls);
    return good;
}

static bool take_entry(Sync *sync, LDAPMessage *message, GError **error)
{
    Changes *changes = sync->changes;
    SyncStateValue state;
    bool known = read_state(changes->self, message, &state);
    sync->end.entries++;
    if (!known) {
        misunderstood(sync, "the Sync State of an entry");
        state = (SyncStateValue){.state = SYNC_ADD};
    }
    take_cookie(sync, state.cookie);
    sync_state_clear(&state);
    if (state.state == SYNC_PRESENT || state.state == SYNC_DELETE || sync->changed)
        return tell_id(sync, state.state == SYNC_DELETE ? TOLD_GONE : TOLD_PRESENT, state.uuid, error);
    sync->told++;
    return ldap_directory_deliver(changes->self, message, ldap_directory_tell_item, changes,
                                  &changes->result->read, error);
}

static bool take_info(Sync *sync, const SyncInfoValue *info, GError **error)
{
    take_cookie(sync, info->cookie);
    if (sync->changed && info->uuids && info->uuids->len >= FULL_SET * SYNC_UUID_LENGTH)
        ldap_directory_doubt(
            sync->changes, g_strdup("many entries were deleted, and the server tells of some of them only"));
    if (info->kind == SYNC_INFO_PRESENT)
        sync->present_ended = true;
    for (guint at = 0; info->uuids && at < info->uuids->len; at += SYNC_UUID_LENGTH)
        if (!tell_id(sync, info->refresh_deletes ? TOLD_GONE : TOLD_PRESENT, info->uuids->data + at, error))
            return false;
    return true;
}

/* Messages of other kinds than Sync Info were not asked for. */
static bool take_intermediate(Sync *sync, LDAPMessage *message, GError **error)
{
    char *oid = NULL;
    struct berval *data = NULL;
    SyncInfoValue info = {0};
    bool going = true;
    int result = ldap_parse_intermediate(sync->changes->self->handle, message, &oid, &data, NULL, 0);
    if (result == LDAP_SUCCESS && g_strcmp0(oid, LDAP_SYNC_INFO) != 0)
        going = true;
    else if (result == LDAP_SUCCESS && data && sync_decode_info(data->bv_val, data->bv_len, &info))
        going = take_info(sync, &info, error);
    else
        misunderstood(sync, "a Sync Info message");
    sync_info_clear(&info);
    ber_bvfree(data);
    ldap_memfree(oid);
    return going;
}

static void take_done(Sync *sync, LDAPMessage *message)
{
    LDAPControl **controls = NULL;
    SyncDoneValue done = {0};
    sync->end.result = ldap_directory_parse(sync->changes->self, message, &sync->end.diagnostic, &controls);
    LDAPControl *control = ldap_control_find(LDAP_CONTROL_SYNC_DONE, controls, NULL);
    sync->answered =
        control && sync_decode_done(control->ldctl_value.bv_val, control->ldctl_value.bv_len, &done);
    if (sync->answered)
        sync->deletes = done.refresh_deletes;
    take_cookie(sync, done.cookie);
    sync_done_clear(&done);
    ldap_controls_free(controls);
}

/* --- the search --- */

static int send_request(Sync *sync, int *id)
{
    const Changes *changes = sync->changes;
    g_autoptr(GBytes) cookie = ldap_directory_cookie_from(changes);
    g_autoptr(GBytes) value = sync_encode_request(cookie);
    gsize len = 0;
    if (!value)
        return LDAP_NO_MEMORY;
    const void *data = g_bytes_get_data(value, &len);
    LDAPControl request = {.ldctl_oid = (char[]){LDAP_CONTROL_SYNC},
                           .ldctl_value = {.bv_len = len, .bv_val = (char *)data},
                           .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&request, NULL};
    return ldap_directory_send_search(changes->self, sync->request, controls, id);
}

/* False when the sink said stop. */
static bool receive(Sync *sync, int id, GError **error)
{
    LdapDirectory *self = sync->changes->self;
    LDAP *handle = self->handle;
    for (;;) {
        g_autoptr(LDAPMessage) message = NULL;
        sync->end.result = ldap_directory_await(self, id, &message);
        if (sync->end.result != LDAP_SUCCESS)
            return true;
        bool going = true;
        switch (ldap_msgtype(message)) {
        case LDAP_RES_SEARCH_ENTRY:
            going = take_entry(sync, message, error);
            break;
        case LDAP_RES_INTERMEDIATE:
            going = take_intermediate(sync, message, error);
            break;
        case LDAP_RES_SEARCH_REFERENCE:
            sync->end.references++;
            break;
        case LDAP_RES_SEARCH_RESULT:
            take_done(sync, message);
            return true;
        default:
            break;
        }
        if (!going && self->handle == handle)
            ldap_abandon_ext(handle, id, NULL, NULL);
        if (!going)
            return false;
        if (self->handle != handle) { /* the sink's own questions lost it */
            sync->end.result = LDAP_SERVER_DOWN;
            return true;
        }
    }
}

static bool search(Sync *sync, GError **error)
{
    LdapDirectory *self = sync->changes->self;
    bool going = true;
    /* A connection that the server closed while it was idle is found out here; nothing was told. */
    for (int attempt = 0; going && attempt < 2; attempt++) {
        int id = 0;
        if (!ldap_directory_ensure(self, error))
            return false;
        ldap_directory_search_end_clear(&sync->end);
        sync->end.result = send_request(sync, &id);
        if (sync->end.result == LDAP_SUCCESS)
            going = receive(sync, id, error);
        if (going && ldap_directory_is_lost(sync->end.result))
            ldap_directory_lose(self);
        if (sync->end.result != LDAP_SERVER_DOWN || sync->told)
            break;
    }
    return going;
}

/* --- the cookie --- */

static gint compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of servers in "...csn=TIME#COUNT#SID#MOD;...", sorted; of cookies of other servers "". g_free(). */
static char *server_ids(GBytes *cookie)
{
    gsize len = 0;
    const char *data = g_bytes_get_data(cookie, &len);
    g_autofree char *text = g_strndup(data ? data : "", len);
    const char *csns = strstr(text, "csn=");
    if (!csns)
        return g_strdup("");
    g_autofree char *list = g_strndup(csns + 4, strcspn(csns + 4, ","));
    g_auto(GStrv) parts = g_strsplit(list, ";", -1);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (char **part = parts; *part; part++) {
        g_auto(GStrv) fields = g_strsplit(*part, "#", -1);
        if (g_strv_length(fields) == 4)
            g_ptr_array_add(ids, g_strdup(fields[2]));
    }
    g_ptr_array_sort(ids, compare_ids);
    g_ptr_array_add(ids, NULL);
    return g_strjoinv(" ", (char **)ids->pdata);
}

/* NULL: the server has nothing to say, or what it has cannot be gone on from. */
static GBytes *next_cookie(Sync *sync)
{
    g_autoptr(GBytes) before = ldap_directory_cookie_from(sync->changes);
    if (!sync->answered)
        misunderstood(sync, "the answer, which has no Sync Done,");
    else if (!sync->cookie && before && !sync->told)
        return g_bytes_ref(before); /* nothing has changed */
    else if (!sync->cookie)
        ldap_directory_doubt(sync->changes, g_strdup("the server gave no cookie"));
    if (!sync->answered || !sync->cookie)
        return NULL;
    if (!before)
        return g_bytes_ref(sync->cookie);
    g_autofree char *old = server_ids(before), *new = server_ids(sync->cookie);
    if (strcmp(old, new) == 0)
        return g_bytes_ref(sync->cookie);
    ldap_directory_doubt(
        sync->changes,
        g_strdup_printf("other servers than before have written (ids %s, before %s)", new, old));
    return NULL;
}

/* Those who are not told of are gone, then. Of nobody at all is told when nobody is left, and when a server
 * does not keep to the RFC: that is a doubt. */
static bool says_who_is_there(const Sync *sync)
{
    g_autoptr(GBytes) before = ldap_directory_cookie_from(sync->changes);
    if (!before || (sync->deletes && !sync->present_ended))
        return false;
    if (!sync->told && sync->cookie && !g_bytes_equal(before, sync->cookie))
        ldap_directory_doubt(sync->changes, g_strdup("the server tells of nobody at all"));
    return sync->told;
}

/* Results with which a plain read fares no better, or that say something all the same. */
static bool is_of_any_read(int result)
{
    switch (ldap_directory_error_code(result)) {
    case ERROR_UNREACHABLE:
    case ERROR_SERVER_LIMIT:
    case ERROR_BUSY:
    case ERROR_CREDENTIALS:
    case ERROR_NOT_FOUND:
        return true;
    default:
        return result == LDAP_SUCCESS;
    }
}

static void refuse(Sync *sync)
{
    bool more = sync->end.diagnostic && *sync->end.diagnostic;
    bool no_control = sync->end.result == LDAP_UNAVAILABLE_CRITICAL_EXTENSION;
    sync->changes->refused = sync->end.result;
    ldap_directory_doubt(sync->changes,
                         g_strdup_printf("%s: %s (%d)%s%s%s", sync->changes->self->uri,
                                         ldap_err2string(sync->end.result), sync->end.result,
                                         more ? ": " : "", more ? sync->end.diagnostic : "",
                                         no_control ? "; the database needs overlay syncprov" : ""));
}

/* --- the ways --- */

static GHashTable *new_ids(void)
{
    return g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
}

static void sync_clear(Sync *sync)
{
    g_clear_pointer(&sync->changed, g_hash_table_unref);
    g_clear_pointer(&sync->cookie, g_bytes_unref);
    ldap_directory_search_end_clear(&sync->end);
}

/* A cookie of now, from a question that is answered with one entry at most, of which nothing is told. */
static GBytes *begin(Changes *changes, const char *base, const char *filter)
{
    const char *const none[] = {"1.1", NULL};
    const ReadRequest one = {.base = base, .scope = SEARCH_BASE, .filter = filter, .attributes = none};
    Sync sync = {.changes = changes, .request = &one, .changed = new_ids()};
    g_autoptr(GError) lost = NULL;
    GBytes *cookie = NULL;
    if (!search(&sync, &lost)) {
        changes->refused = LDAP_SERVER_DOWN;
        ldap_directory_doubt(changes, g_strdup(lost->message));
    } else if (sync.end.result != LDAP_SUCCESS) {
        refuse(&sync);
    } else {
        cookie = next_cookie(&sync);
    }
    sync_clear(&sync);
    return cookie;
}

/* Entries are read without the control: under it slapd leaves out those that are newer than its contextCSN,
 * which stays behind after writes that overtook each other. */
GBytes *ldap_changes_begin_sync(Changes *changes)
{
    return begin(changes, changes->request->base, "(!(objectClass=*))");
}

bool ldap_changes_go_on_sync(Changes *changes, GBytes **cookie, GError **error)
{
    Sync sync = {.changes = changes, .request = changes->request};
    bool good = search(&sync, error);
    if (good && is_of_any_read(sync.end.result)) {
        good = ldap_directory_conclude(changes->self, changes->request, &sync.end, &changes->result->read,
                                       error);
        if (good && changes->result->read.proof == PROOF_COMPLETE)
            *cookie = next_cookie(&sync);
        changes->result->by_absence = *cookie && says_who_is_there(&sync);
    } else if (good) {
        refuse(&sync);
    }
    sync_clear(&sync);
    return good;
}

/* 389's cookie holds base and filter, not the scope. */
GBytes *ldap_changes_begin_ids(Changes *changes)
{
    const char *context = ldap_directory_context(changes);
    return context ? begin(changes, context, "(objectClass=*)") : NULL;
}

/* NULL after a doubt. */
static GBytes *next_of_ids(Sync *sync)
{
    g_autoptr(GBytes) before = ldap_directory_cookie_from(sync->changes);
    if (sync->end.result != LDAP_SUCCESS)
        refuse(sync);
    else if (!sync->answered || !sync->cookie)
        misunderstood(sync, "the answer, which has no cookie,");
    else if (!sync->told && !g_bytes_equal(before, sync->cookie))
        ldap_directory_doubt(sync->changes,
                             g_strdup("something has changed, but the server does not say what; its retro "
                                      "changelog needs nsslapd-attribute: nsuniqueid:targetUniqueId"));
    else
        return g_bytes_ref(sync->cookie);
    return NULL;
}

/* 389 sends changed entries with other attributes than asked for, does not tell of those that left the
 * filter, and says refreshDeletes=FALSE whatever it did. Without identities in its changelog it counts
 * changes and tells of none. So it is asked for everything, and for who it was only. */
bool ldap_changes_go_on_ids(Changes *changes, GBytes **cookie, GError **error)
{
    const char *const none[] = {"1.1", NULL};
    const char *context = ldap_directory_context(changes);
    const ReadRequest whole = {
        .base = context, .scope = SEARCH_SUBTREE, .filter = "(objectClass=*)", .attributes = none};
    if (!context)
        return true;
    Sync sync = {.changes = changes, .request = &whole, .changed = new_ids()};
    bool good = search(&sync, error);
    if (good)
        *cookie = next_of_ids(&sync);
    if (*cookie)
        good = ldap_directory_tell_changed(changes, sync.changed, error);
    sync_clear(&sync);
    return good;
}
