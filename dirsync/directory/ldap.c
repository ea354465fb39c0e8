/*
 * ldap.c - the driver for LDAP servers: opening, and what a server can do
 *
 * Capabilities come from the root DSE and the subschema, never from a vendor's
 * name. A server that hides them from this bind can still be read: it is taken
 * to have the standard schema and nothing more.
 */
#include "dirsync/directory/ldap_internal.h"

/* In supportedCapabilities of Active Directory and Samba (MS-ADTS 3.1.1.3.4.3). */
#define AD_CAPABILITY "1.2.840.113556.1.4.800"
#define AD_PAGE_SIZE 1000
#define AD_NOTIFICATION "1.2.840.113556.1.4.528" /* in supportedControl */

static bool root_lists(const Entry *root, const char *attribute, const char *oid)
{
    gssize at = entry_index(root, attribute);
    const Attribute *list = at < 0 ? NULL : entry_attribute(root, (size_t)at);
    for (size_t i = 0; list && i < list->n_values; i++) {
        if (g_strcmp0(list->values[i].data, oid) == 0)
            return true;
    }
    return false;
}

static char **root_strings(const Entry *root, const char *attribute)
{
    g_autoptr(GStrvBuilder) strings = g_strv_builder_new();
    gssize at = entry_index(root, attribute);
    const Attribute *list = at < 0 ? NULL : entry_attribute(root, (size_t)at);
    for (size_t i = 0; list && i < list->n_values; i++)
        g_strv_builder_add(strings, list->values[i].data);
    return g_strv_builder_end(strings);
}

/* One entry by name. NULL without an error when the server does not show it. */
static Entry *read_one(LdapDirectory *self, const char *dn, const char *const *attributes, GError **error)
{
    g_autoptr(GError) cause = NULL;
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE, .attributes = attributes};
    g_autoptr(GPtrArray) found = ldap_directory_find(&self->directory, &request, 1, &cause);
    if (found)
        return found->len ? g_ptr_array_steal_index(found, 0) : NULL;
    if (error_is(cause, ERROR_UNREACHABLE) || error_is(cause, ERROR_CREDENTIALS) ||
        error_is(cause, ERROR_BUSY))
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

/* A server whose subschema cannot be read or used is served with the standard schema. */
static bool read_schema(LdapDirectory *self, const Entry *root, GError **error)
{
    static const char *const attributes[] = {"attributeTypes", "objectClasses", "dITContentRules", NULL};
    GError *cause = NULL;
    gssize at = entry_index(root, "subschemaSubentry");
    self->description.schema = schema_standard();
    if (at < 0)
        return true;
    g_autoptr(Entry) subschema =
        read_one(self, entry_attribute(root, (size_t)at)->values[0].data, attributes, &cause);
    if (cause) {
        g_propagate_error(error, cause);
        return false;
    }
    self->schema = subschema ? schema_new_from_subschema(subschema, NULL) : NULL;
    if (self->schema) {
        self->description.schema = self->schema;
        self->description.capabilities |= HAS_SCHEMA;
    }
    return true;
}

/* OpenLDAP with msuser.schema knows the name objectGUID too, so entryUUID goes first. nsUniqueId, where the
 * server itself describes it as its own (389), goes before that: entries from before its plugin for
 * entryUUID, and all that were loaded offline, have no entryUUID there. */
static const char *choose_anchor(const LdapDirectory *self, bool is_ad)
{
    const Schema *schema = self->description.schema;
    const AttributeType *unique = self->schema ? schema_attribute(self->schema, "nsUniqueId") : NULL;
    if (is_ad)
        return "objectGUID";
    if (unique && unique->operational)
        return "nsUniqueId";
    if (schema_attribute(schema, "entryUUID"))
        return "entryUUID";
    return schema_attribute(schema, "objectGUID") ? "objectGUID" : NULL;
}

static void discover_capabilities(LdapDirectory *self, const Entry *root, bool is_ad)
{
    unsigned *capabilities = &self->description.capabilities;
    *capabilities = CAN_WRITE | CAN_FETCH;
    if (root_lists(root, "supportedControl", LDAP_CONTROL_ASSERT))
        *capabilities |= CAN_ASSERT;
    if (is_ad)
        *capabilities |= KEEPS_REFERENCES;
    self->password_way = is_ad ? PASSWORD_ATTRIBUTE
                         : root_lists(root, "supportedExtension", LDAP_EXOP_MODIFY_PASSWD)
                             ? PASSWORD_OPERATION
                             : PASSWORD_NO_WAY;
    if (root_lists(root, "supportedControl", LDAP_CONTROL_SYNC))
        self->changes_way = CHANGES_SYNC;
    else if (root_lists(root, "supportedControl", LDAP_CONTROL_X_DIRSYNC))
        self->changes_way = CHANGES_DIRSYNC;
    self->notifies = root_lists(root, "supportedControl", AD_NOTIFICATION);
    if (self->changes_way != CHANGES_NO_WAY)
        *capabilities |= CAN_TELL_CHANGES;
    if (self->password_way != PASSWORD_NO_WAY && ldap_directory_is_protected(self))
        *capabilities |= CAN_SET_PASSWORD;
}

static bool discover(LdapDirectory *self, GError **error)
{
    static const char *const attributes[] = {
        "supportedControl", "supportedExtension", "supportedCapabilities",
        "namingContexts",   "subschemaSubentry",  NULL,
    };
    DirectoryDescription *description = &self->description;
    GError *cause = NULL;
    g_autoptr(Entry) root = read_one(self, "", attributes, &cause);
    if (cause) {
        g_propagate_error(error, cause);
        return false;
    }
    if (!root)
        root = entry_new("");
    bool is_ad = root_lists(root, "supportedCapabilities", AD_CAPABILITY);
    description->base = self->endpoint->base;
    discover_capabilities(self, root, is_ad);
    description->naming_contexts = root_strings(root, "namingContexts");
    if (!read_schema(self, root, error))
        return false;
    description->default_anchor = choose_anchor(self, is_ad);
    if (self->changes_way == CHANGES_SYNC && g_strcmp0(description->default_anchor, "nsUniqueId") == 0)
        self->changes_way = CHANGES_IDS;
    self->scope_control = root_lists(root, "supportedControl", LDAP_CONTROL_X_DOMAIN_SCOPE);
    self->page_size = self->endpoint->page_size;
    if (!self->page_size && is_ad)
        self->page_size = AD_PAGE_SIZE;
    return ldap_bulk_open(self, root_lists(root, "supportedExtension", LDAP_EXOP_TXN_START), error);
}

static void ldap_directory_close(Directory *directory)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    if (!self)
        return;
    ldap_directory_lose(self);
    ldap_directory_forget_changes(self);
    g_hash_table_unref(self->awaited);
    ldap_bulk_free(self->bulk);
    g_strfreev(self->description.naming_contexts);
    schema_free(self->schema);
    g_clear_error(&self->refused);
    g_free(self->uri);
    g_free(self);
}

static Directory *ldap_directory_open(const Endpoint *endpoint, GError **error)
{
    LdapDirectory *self = g_new0(LdapDirectory, 1);
    self->directory = (Directory){.driver = &ldap_driver, .decode = ldap_directory_decode};
    self->endpoint = endpoint;
    g_queue_init(&self->outstanding);
    self->awaited = g_hash_table_new(g_direct_hash, g_direct_equal);
    write_window_init(&self->window, endpoint->window);
    if (ldap_directory_connect(self, error) && discover(self, error))
        return &self->directory;
    ldap_directory_close(&self->directory);
    return NULL;
}

static const DirectoryDescription *ldap_directory_describe(Directory *directory)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    self->description.subject = self->uri;
    return &self->description;
}

const DirectoryDriver ldap_driver = {
    .name = "ldap",
    .open = ldap_directory_open,
    .close = ldap_directory_close,
    .describe = ldap_directory_describe,
    .read = ldap_directory_read,
    .changes = ldap_directory_changes,
    .fetch = ldap_directory_fetch,
    .search = ldap_directory_find,
    .submit = ldap_directory_submit,
    .flush = ldap_directory_flush,
    .watch = ldap_directory_watch,
};
