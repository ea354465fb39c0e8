/*
 * ldap_containers.c - whether the containers below a base are still the same
 *
 * When a container is renamed or moved, servers tell of it alone, and the people
 * in it have other names without a word. A digest of all containers' identities
 * and names finds that out: it takes one small search, and unlike a log of
 * changes it is not misled by the log of the whole server, which tells of
 * deletes everywhere.
 */
#include "dirsync/directory/cursor.h"
#include "dirsync/directory/ldap_internal.h"

#include <string.h>

typedef struct {
    Containers *containers;
    const char *anchor;
    char *newest; /* modifyTimestamp of containers->last */
} Counting;

static bool add_container(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    Counting *counting = data;
    Containers *containers = counting->containers;
    const Schema *schema = self->description.schema;
    g_autoptr(Entry) entry = ldap_directory_decode_message(self, message, error);
    if (!entry)
        return false;
    const Attribute *id = counting->anchor ? schema_find(schema, entry, counting->anchor) : NULL;
    const char *changed = schema_find_string(schema, entry, "modifyTimestamp");
    const char *dn = entry_dn(entry);
    Fingerprint parts[2] = {fingerprint_bytes(dn, strlen(dn))};
    if (id && id->n_values)
        parts[1] = fingerprint_bytes(id->values[0].data, id->values[0].len);
    Fingerprint both = fingerprint_bytes(parts, sizeof parts);
    containers->digest.low += both.low; /* a sum, since they come in any order */
    containers->digest.high += both.high;
    containers->count++;
    if (changed && g_strcmp0(changed, counting->newest) > 0) {
        g_free(counting->newest);
        g_free(containers->last);
        counting->newest = g_strdup(changed);
        containers->last = g_strdup(dn);
    }
    return true;
}

ContainersSeen ldap_directory_look_at_containers(LdapDirectory *self, const ReadRequest *request,
                                                 Containers *containers, GError **error)
{
    const char *anchor = self->description.default_anchor;
    const char *const attributes[] = {"modifyTimestamp", anchor, NULL};
    ReadRequest wanted = {.base = request->base,
                          .scope = SEARCH_SUBTREE,
                          .filter = cursor_containers,
                          .attributes = attributes};
    SearchEnd end = {0};
    bool going = true;
    *containers = (Containers){0};
    /* A connection that the server closed while it was idle is found out here. */
    for (int attempt = 0; going && attempt < 2; attempt++) {
        Counting counting = {.containers = containers, .anchor = anchor};
        ldap_directory_containers_clear(containers);
        ldap_directory_search_end_clear(&end);
        if (!ldap_directory_ensure(self, error))
            return CONTAINERS_ERROR;
        going = ldap_directory_search(self, &wanted, add_container, &counting, &end, NULL);
        g_free(counting.newest);
        if (end.result != LDAP_SERVER_DOWN)
            break;
    }
    bool whole = going && end.result == LDAP_SUCCESS && !end.references;
    ldap_directory_search_end_clear(&end);
    return whole ? CONTAINERS_SEEN : CONTAINERS_HIDDEN;
}

void ldap_directory_containers_clear(Containers *containers)
{
    g_free(containers->last);
    *containers = (Containers){0};
}

char *ldap_directory_format_containers(const Containers *containers)
{
    g_autofree char *digest = fingerprint_hex(containers->digest);
    return g_strdup_printf("%zu-%s", containers->count, digest);
}

char *ldap_directory_compare_containers(const Containers *now, const char *then)
{
    g_autofree char *text = ldap_directory_format_containers(now);
    if (strcmp(text, then) == 0)
        return NULL;
    return g_strdup_printf(
        "a container was added, removed, renamed or moved, and nobody tells of the entries "
        "in it (%" G_GUINT64_FORMAT " before, %zu now; the one changed last is %s)",
        g_ascii_strtoull(then, NULL, 10), now->count, now->last ? now->last : "not known");
}
