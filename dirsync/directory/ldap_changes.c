/*
 * ldap_changes.c - what has changed on a server: cursors, and when there are none
 *
 * The containers are looked at before the server is asked for changes, now and
 * when the cursor is used: one that moves in between is found the next time.
 *
 * A cursor is of one server, as one bind sees it: cookies of several providers
 * differ, and so does what two accounts may see. Every doubt costs a full read,
 * which always works: it is made without any control where the server does not
 * take ours.
 */
#include "dirsync/directory/cursor.h"
#include "dirsync/directory/ldap_internal.h"

#include <string.h>

/* A way to ask: the kind its cursors are of, a cookie of now, and what is new since one. */
typedef struct {
    const char *kind;
    GBytes *(*begin)(Changes *changes);
    bool (*go_on)(Changes *changes, GBytes **cookie, GError **error);
} Way;

static const Way ways[] = {
    [CHANGES_SYNC] = {"sync1", ldap_changes_begin_sync, ldap_changes_go_on_sync},
    [CHANGES_IDS] = {"ids1", ldap_changes_begin_ids, ldap_changes_go_on_ids},
    [CHANGES_DIRSYNC] = {"dirsync1", ldap_changes_begin_dirsync, ldap_changes_go_on_dirsync},
};

bool ldap_directory_tell_item(const DirectoryItem *item, void *data, GError **error)
{
    const Changes *changes = data;
    DirectoryChange change = {.told = TOLD_ENTRY, .item = item};
    return changes->sink(&change, changes->data, error);
}

bool ldap_directory_tell_id(const Changes *changes, Told told, Value id, GError **error)
{
    DirectoryChange change = {.told = told, .id = id};
    return changes->sink(&change, changes->data, error);
}

void ldap_directory_doubt(const Changes *changes, char *reason)
{
    char **where = changes->from ? &changes->result->full_reason : &changes->result->no_cursor;
    if (*where)
        g_free(reason);
    else
        *where = reason;
}

GBytes *ldap_directory_cookie_from(const Changes *changes)
{
    gsize len = 0;
    if (!changes->from)
        return NULL;
    guchar *cookie = g_base64_decode(changes->from[CURSOR_COOKIE], &len);
    return g_bytes_new_take(cookie, len);
}

static char *digest_request(const LdapDirectory *self, const ReadRequest *request)
{
    const Endpoint *endpoint = self->endpoint;
    g_autofree char *digest = cursor_digest_request(request, endpoint->base);
    return g_strdup_printf("%s-%d-%s", digest, (int)endpoint->bind,
                           endpoint->bind_dn ? endpoint->bind_dn : "");
}

static char *server_identity(LdapDirectory *self)
{
    return self->changes_way == CHANGES_DIRSYNC ? ldap_changes_dirsync_identity(self) : g_strdup(self->uri);
}

static char *make_cursor(const Changes *changes, const char *server, const char *containers, GBytes *cookie)
{
    gsize len = 0;
    const guchar *data = g_bytes_get_data(cookie, &len);
    g_autofree char *request = digest_request(changes->self, changes->request);
    g_autofree char *text = g_base64_encode(data, len);
    const char *const fields[] = {server, request, containers, text, NULL};
    return cursor_join(ways[changes->self->changes_way].kind, fields);
}

/* Sets full_reason when the cursor is of something else. */
static void take_cursor(Changes *changes, const char *cursor, const char *server)
{
    const LdapDirectory *self = changes->self;
    g_autofree char *request = digest_request(self, changes->request);
    const char *kind = ways[self->changes_way].kind;
    changes->from = kind ? cursor_split(cursor, kind, CURSOR_FIELDS) : NULL;
    char **reason = &changes->result->full_reason;
    if (!changes->from)
        *reason = g_strdup("the cursor is of another kind of server");
    else if (strcmp(changes->from[CURSOR_SERVER], server) != 0)
        *reason =
            g_strdup_printf("last time %s was read, now it is %s", changes->from[CURSOR_SERVER], server);
    else if (strcmp(changes->from[CURSOR_REQUEST], request) != 0)
        *reason = g_strdup("base, filter, attributes or bind are others than last time");
}

/* Without any control; there is no cursor. */
static bool read_plainly(Changes *changes, GError **error)
{
    return ldap_directory_read(&changes->self->directory, changes->request, ldap_directory_tell_item, changes,
                               &changes->result->read, error);
}

/* The cookie is older than the read, never younger: what changes meanwhile is told of next time. */
static bool ask(Changes *changes, GBytes **cookie, GError **error)
{
    const Way *way = &ways[changes->self->changes_way];
    if (changes->from)
        return way->go_on(changes, cookie, error);
    *cookie = way->begin(changes);
    return read_plainly(changes, error);
}

static bool ask_with_containers(Changes *changes, const char *server, GError **error)
{
    LdapDirectory *self = changes->self;
    ChangesResult *result = changes->result;
    Containers containers;
    g_autoptr(GBytes) cookie = NULL;
    ContainersSeen seen = ldap_directory_look_at_containers(self, changes->request, &containers, error);
    g_autofree char *now = ldap_directory_format_containers(&containers);
    if (seen == CONTAINERS_HIDDEN)
        ldap_directory_doubt(changes, g_strdup("not all containers can be seen"));
    else if (seen == CONTAINERS_SEEN && changes->from)
        result->full_reason =
            ldap_directory_compare_containers(&containers, changes->from[CURSOR_CONTAINERS]);
    ldap_directory_containers_clear(&containers);
    if (seen == CONTAINERS_ERROR || result->full_reason)
        return seen != CONTAINERS_ERROR;
    if (!ask(changes, &cookie, error))
        return false;
    g_autofree char *after = server_identity(self);
    if (strcmp(server, after) != 0)
        ldap_directory_doubt(changes, g_strdup_printf("the connection went from %s to %s", server, after));
    if (cookie && seen == CONTAINERS_SEEN && !result->full_reason && !result->no_cursor &&
        result->read.proof == PROOF_COMPLETE)
        result->cursor = make_cursor(changes, server, now, cookie);
    return true;
}

/* What was told on the way counts for nothing then, and neither does how it ended. */
static void settle(ChangesResult *result)
{
    if (!result->full_reason)
        return;
    read_result_clear(&result->read);
    result->read.proof = PROOF_UNKNOWN;
    result->by_absence = false;
    g_clear_pointer(&result->cursor, g_free);
}

bool ldap_directory_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                            DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    Changes changes = {.self = self, .request = request, .sink = sink, .data = data, .result = result};
    *result = (ChangesResult){.read = {.proof = PROOF_PARTIAL}};
    if (!ldap_directory_ensure(self, error))
        return false;
    g_autofree char *server = server_identity(self);
    if (cursor)
        take_cursor(&changes, cursor, server);
    bool good = true;
    if (result->full_reason) {
        good = true;
    } else if (self->changes_way == CHANGES_NO_WAY) {
        good = read_plainly(&changes, error);
    } else if (self->changes_way == CHANGES_SYNC && self->page_size) {
        ldap_directory_doubt(&changes, g_strdup("a read in pages cannot be gone on from"));
        good = changes.from || read_plainly(&changes, error);
    } else {
        good = ask_with_containers(&changes, server, error);
    }
    g_strfreev(changes.from);
    settle(result);
    return good;
}
