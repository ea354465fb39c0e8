/*
 * check_first_import.c - see check_first_import.h
 *
 * Recommended while nothing is ours; what is left switched on afterwards is a
 * warning. Nothing is said of servers that have no such setting.
 */
#include "dirsync/check_first_import.h"

#include "dirsync/check_server.h"
#include "dirsync/stamp.h"

static bool value_is(const Entry *entry, const char *name, const char *text)
{
    gssize at = entry_index(entry, name);
    const Attribute *attribute = at < 0 ? NULL : entry_attribute(entry, (size_t)at);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (!g_ascii_strcasecmp(attribute->values[i].data, text))
            return true;
    return false;
}

/* Whether anything there is ours already. Unless that can be told, nothing is recommended. */
static bool owns_something(const Connector *connector, Directory *home)
{
    static const char *const nothing[] = {"1.1", NULL};
    const StampSettings *stamp = connector_stamp(connector, STEP_IMPORT, TARGET);
    g_autofree char *filter = stamp_owner_filter(stamp, connector->uuid);
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = filter, .attributes = nothing};
    g_autoptr(GPtrArray) found = filter ? directory_search(home, &request, 1, &error) : NULL;
    return !found || found->len;
}

/* For ldapmodify, as who may write cn=config. */
static char *switching(const char *database, const char *value)
{
    return g_strdup_printf("dn: %s\nchangetype: modify\nreplace: olcDbNoSync\nolcDbNoSync: %s", database,
                           value);
}

static void recommend(const Entry *database, GPtrArray *findings)
{
    g_autofree char *on = switching(entry_dn(database), "TRUE");
    g_autofree char *off = switching(entry_dn(database), "FALSE");
    g_autofree char *remedy =
        g_strdup_printf("before, with ldapmodify:\n%s\nand afterwards, or a power failure may cost the "
                        "database:\n%s",
                        on, off);
    finding_add(findings, FINDING_NOTE, ERROR_INVALID, remedy,
                "%s: waits for its disk at each change; a first import takes a fraction of the time when it "
                "does not",
                entry_dn(database));
}

void check_first_import(const Connector *connector, Directory *home, const Entry *database,
                        GPtrArray *findings)
{
    bool is_first = !owns_something(connector, home);
    if (!database) {
        if (is_first)
            finding_add(
                findings, FINDING_NOTE, ERROR_INVALID, "see FIRST IMPORT in dirsync-check(1)",
                "home directory: nothing there is ours yet; where it is OpenLDAP, a first import takes "
                "a fraction of the time with olcDbNoSync");
        return;
    }
    if (!value_is(database, "objectClass", "olcMdbConfig"))
        return;
    bool is_on = value_is(database, "olcDbNoSync", "TRUE");
    g_autofree char *off = switching(entry_dn(database), "FALSE");
    if (is_first && !is_on)
        recommend(database, findings);
    else if (is_first)
        finding_add(
            findings, FINDING_NOTE, ERROR_INVALID, off,
            "%s: does not wait for its disk, which is good for a first import; switch that off after it",
            entry_dn(database));
    else if (is_on)
        finding_add(
            findings, FINDING_WARNING, ERROR_DEFINITION, off,
            "%s: does not wait for its disk (olcDbNoSync): a power failure may cost the database; the "
            "first import is over, switch it off",
            entry_dn(database));
}
