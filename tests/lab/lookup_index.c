/*
 * lookup_index.c - see lookup_index.h
 */
#include "tests/lab/lookup_index.h"

#include "dirsync/holder_view.h"
#include "dirsync/ldif.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAMP(anchor) "importedFrom: " LOOKUP_CONNECTOR "\ndirsyncAnchor: " anchor "\n"

const char lookup_people[] =
    "dn: cn=Jane Doe,ou=people,dc=acme,dc=example\n"
    "objectClass: inetOrgPerson\n"
    "entryUUID: 00000000-0000-4000-8000-000000000001\n"
    "cn: Jane Doe\n"
    "displayName: Doe, Jane\n"
    "mail: jane.doe@acme.example\n"
    "legacyExchangeDN: /o=Acme/ou=First/cn=Recipients/cn=jane\n"
    "proxyAddresses: SMTP:Jane.Doe@acme.example\n"
    "proxyAddresses: smtp:jd@acme.example\n"
    "proxyAddresses: smtp:\"jane doe\"@acme.example\n"
    "proxyAddresses: NOTES:Jane Doe/Acme@Exchange\n"
    "proxyAddresses: notes:JD/Acme@Exchange\n"
    "proxyAddresses: X500:/o=Old/cn=Recipients/cn=jd\n"
    "\n"
    "dn: cn=Ted Bremer,ou=Globex,dc=acme,dc=example\n"
    "objectClass: contact\n"
    "entryUUID: 00000000-0000-4000-8000-000000000002\n"
    "cn: Ted Bremer\n" STAMP(
        "ted") "mail: ted.bremer@acme.example\n"
               "targetAddress: NOTES:Ted@Exchange\n"
               "proxyAddresses: SMTP:ted.bremer@acme.example\n"
               "legacyExchangeDN: /o=Acme/ou=First/cn=Recipients/cn=ted\n"
               "\n"
               "dn: cn=Board\\, Globex,ou=Globex,dc=acme,dc=example\n"
               "objectClass: groupOfNames\n"
               "entryUUID: 00000000-0000-4000-8000-000000000003\n"
               "cn: Board, Globex\n" STAMP(
                   "board") "proxyAddresses: SMTP:board@globex.example\n"
                            "proxyAddresses: GWISE:GLOBEX.PO1.BOARD\n"
                            "\n"
                            "dn: cn=Gone,ou=Globex,dc=acme,dc=example\n"
                            "objectClass: contact\n"
                            "entryUUID: 00000000-0000-4000-8000-000000000004\n"
                            "cn: Gone\n" STAMP("gone") "dirsyncGraceSince: 20261101000000Z\n"
                                                       "msExchHideFromAddressLists: TRUE\n"
                                                       "proxyAddresses: SMTP:gone@globex.example\n"
                                                       "\n"
                                                       "dn: cn=Lock,ou=people,dc=acme,dc=example\n"
                                                       "objectClass: inetOrgPerson\n"
                                                       "entryUUID: 00000000-0000-4000-8000-000000000005\n"
                                                       "cn: Lock\n"
                                                       "displayName:: VMOkYgkxMDAl\n" /* a tab, an umlaut and
                                                                                         a percent sign */
                                                       "nsAccountLock: TRUE\n"
                                                       "proxyAddresses: SMTP:lock@acme.example\n"
                                                       "\n"
                                                       "dn: cn=Plain,ou=people,dc=acme,dc=example\n"
                                                       "objectClass: inetOrgPerson\n"
                                                       "entryUUID: 00000000-0000-4000-8000-000000000006\n"
                                                       "cn: Plain\n"
                                                       "mail: plain@acme.example\n"
                                                       "proxyAddresses: smtp:p@acme.example\n"
                                                       "\n"
                                                       "dn: cn=One,ou=people,dc=acme,dc=example\n"
                                                       "objectClass: inetOrgPerson\n"
                                                       "entryUUID: 00000000-0000-4000-8000-000000000007\n"
                                                       "cn: One\n"
                                                       "proxyAddresses: smtp:both@acme.example\n"
                                                       "\n"
                                                       "dn: cn=Two,ou=people,dc=acme,dc=example\n"
                                                       "objectClass: inetOrgPerson\n"
                                                       "entryUUID: 00000000-0000-4000-8000-000000000008\n"
                                                       "cn: Two\n"
                                                       "proxyAddresses: smtp:both@acme.example\n"
                                                       "\n"
                                                       "dn: cn=Forward,ou=people,dc=acme,dc=example\n"
                                                       "objectClass: contact\n"
                                                       "entryUUID: 00000000-0000-4000-8000-000000000009\n"
                                                       "cn: Forward\n"
                                                       "targetAddress: SMTP:jd@acme.example\n"
                                                       "proxyAddresses: SMTP:forward@acme.example\n";

static void must(bool holds, const char *what, GError *error)
{
    if (holds)
        return;
    g_printerr("tests/lab/lookup_index: %s: %s\n", what, error ? error->message : "failed");
    exit(99);
}

static const StampSettings by_class = {.form = STAMP_CLASS};

static void save_entry(const HolderView *view, Fingerprint fingerprint, const Entry *entry)
{
    g_autoptr(Holder) holder = g_new0(Holder, 1);
    g_auto(Stamp) stamp = {0};
    GError *error = NULL;
    bool changed;
    stamp_read(&by_class, view->schema, entry, &stamp);
    holder->owner = g_strdup(stamp.connector);
    holder->anchor = g_strdup(stamp.anchor);
    holder->graced = stamp.grace != NULL;
    must(holder_note(view, NULL, fingerprint, entry, holder, &changed, &error), entry_dn(entry), error);
}

void lookup_index_save(HolderIndex *index, const char *ldif)
{
    static const char *const kinds[] = {NULL};
    GError *error = NULL;
    const HolderView view = {index, schema_standard(), &by_class, "entryUUID"};
    must(holder_index_prepare(index, kinds, "*", &error), "prepare", error);
    must(holder_index_begin(index, &error), "begin", error);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "people");
    for (;;) {
        g_autoptr(Entry) entry = NULL;
        RecordStatus status = ldif_read_entry(reader, &entry, &error);
        if (status == RECORD_END)
            break;
        must(status == RECORD_GOOD, "people", error);
        save_entry(&view, ldif_reader_fingerprint(reader), entry);
    }
    must(holder_index_commit(index, &error), "commit", error);
}

void lookup_index_make(const char *path, const char *ldif)
{
    GError *error = NULL;
    g_autoptr(HolderIndex) index = holder_index_open(path, &error);
    must(index, path, error);
    must(holder_index_name_owner(index, LOOKUP_CONNECTOR, "globex", &error), path, error);
    lookup_index_save(index, ldif);
}

void lookup_index_remove(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *name = g_strconcat(path, ends[i], NULL);
        unlink(name);
    }
}
