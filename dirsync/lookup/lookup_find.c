/*
 * lookup_find.c - who is meant by an address, a name or an identity
 */
#include "dirsync/holder_index.h"
#include "dirsync/lookup/lookup_internal.h"
#include "dirsync/schema.h"
#include "proxygen/address.h"
#include "proxygen/encapsulation.h"

#include <string.h>

void lookup_recipient_free(LookupRecipient *recipient)
{
    if (!recipient)
        return;
    g_free(recipient->id);
    g_free(recipient->dn);
    g_free(recipient->kind);
    g_free(recipient->connector);
    g_free(recipient->name);
    g_free(recipient->legacy);
    g_free(recipient->target);
    g_free(recipient->matched);
    g_free(recipient);
}

#define RECIPIENT                                                                                            \
    "SELECT h.row, h.id, h.dn, h.graced, c.kind, c.name, c.legacy, c.target, c.flags, "                      \
    "ifnull((SELECT m.value FROM meta m WHERE m.name = '" META_OWNER "' || h.owner), h.owner)"
#define FROM_HOLDER " FROM holder h LEFT JOIN card c ON c.holder = h.row "

/* Those who have it themselves come before those who are reached by it. More than two need not be known. */
static const char by_address[] = RECIPIENT ", k.text, (k.origin & 5) = 0 AS elsewhere FROM key k "
                                           "JOIN holder h ON h.row = k.holder "
                                           "LEFT JOIN card c ON c.holder = h.row "
                                           "WHERE k.kind = '" KEY_ADDRESS "' AND k.value = ? "
                                           "ORDER BY elsewhere, h.row LIMIT 2";
static const char address_exists[] = "SELECT 1 FROM key WHERE kind = '" KEY_ADDRESS "' AND value = ? LIMIT 1";
static const char by_legacy[] = RECIPIENT ", NULL, 0" FROM_HOLDER "WHERE c.legacy = ? LIMIT 2";
static const char by_dn[] = RECIPIENT ", NULL, 0" FROM_HOLDER "WHERE h.dn_key = ? LIMIT 2";
static const char by_id[] = RECIPIENT ", NULL, 0" FROM_HOLDER "WHERE h.id = ? LIMIT 2";

static LookupRecipient *read_recipient(sqlite3_stmt *row)
{
    LookupRecipient *found = g_new0(LookupRecipient, 1);
    unsigned flags = (unsigned)sqlite3_column_int(row, 8);
    found->row = sqlite3_column_int64(row, 0);
    found->id = database_text(row, 1);
    found->dn = database_text(row, 2);
    found->graced = sqlite3_column_int(row, 3);
    found->kind = database_text(row, 4);
    found->name = database_text(row, 5);
    found->legacy = database_text(row, 6);
    found->target = database_text(row, 7);
    found->hidden = flags & CARD_HIDDEN;
    found->disabled = flags & CARD_DISABLED;
    found->connector = database_text(row, 9);
    found->matched = database_text(row, 10);
    return found;
}

typedef struct {
    LookupRecipient *first;
    bool first_elsewhere, several;
    bool exists;      /* there is somebody */
    bool only_exists; /* more is not asked: *first may stay NULL */
} Finding;

static bool run_query(Lookup *lookup, const char *sql, const char *value, Finding *finding, GError **error)
{
    GError *why = NULL;
    int more = -1;
    sqlite3_stmt *row = database_query(lookup->database, &why, sql, "s", value);
    while (row && (more = database_step(lookup->database, row, &why)) > 0) {
        finding->exists = true;
        if (finding->only_exists) {
            sqlite3_reset(row);
            return true;
        }
        bool elsewhere = sqlite3_column_int(row, 11);
        if (!finding->first) {
            finding->first = read_recipient(row);
            finding->first_elsewhere = elsewhere;
        } else {
            finding->several |= elsewhere == finding->first_elsewhere;
        }
    }
    return more == 0 || lookup_failed(lookup, why, error);
}

static bool find_address(Lookup *lookup, const char *address, Finding *finding, GError **error)
{
    g_autofree char *folded = address_normalise(address, strlen(address));
    return run_query(lookup, finding->only_exists ? address_exists : by_address, folded, finding, error);
}

/* Mail servers ask for the local part without its quotes. */
static bool find_quoted(Lookup *lookup, const char *smtp, Finding *finding, GError **error)
{
    const char *at = strrchr(smtp, '@');
    if (!at || *smtp == '"' || address_validate("SMTP", smtp, NULL))
        return true;
    GString *quoted = g_string_new("smtp:\"");
    for (const char *c = smtp; c < at; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *c);
    }
    g_string_append_printf(quoted, "\"%s", at);
    bool ok = find_address(lookup, quoted->str, finding, error);
    g_string_free(quoted, TRUE);
    return ok;
}

/* An address of another type that travels as SMTP; an SMTP address that does is a way around who may relay.
 */
/* Who has it as legacyExchangeDN, else whoever had it once: that is kept as an address of type X500. */
static bool find_legacy(Lookup *lookup, const char *legacy, Finding *finding, GError **error)
{
    if (!run_query(lookup, by_legacy, legacy, finding, error))
        return false;
    if (finding->exists)
        return true;
    g_autofree char *address = g_strconcat("x500:", legacy, NULL);
    return find_address(lookup, address, finding, error);
}

static bool find_encapsulated(Lookup *lookup, const char *smtp, Finding *finding, GError **error)
{
    g_autofree char *type = NULL;
    g_autofree char *value = NULL;
    if (!lookup->domains || !imcea_looks_like(smtp) ||
        !imcea_decode(smtp, (const char *const *)lookup->domains, &type, &value, NULL) ||
        !g_ascii_strcasecmp(type, "SMTP"))
        return true;
    if (!g_ascii_strcasecmp(type, "EX"))
        return find_legacy(lookup, value, finding, error);
    g_autofree char *address = g_strconcat(type, ":", value, NULL);
    return find_address(lookup, address, finding, error);
}

static bool find_smtp(Lookup *lookup, const char *smtp, Finding *finding, GError **error)
{
    g_autofree char *address = g_strconcat("smtp:", smtp, NULL);
    return find_address(lookup, address, finding, error) &&
           (finding->exists || find_quoted(lookup, smtp, finding, error)) &&
           (finding->exists || find_encapsulated(lookup, smtp, finding, error));
}

static bool find_dn(Lookup *lookup, const char *dn, Finding *finding, GError **error)
{
    g_autofree char *key = schema_normalise_dn(schema_standard(), dn);
    return !key || run_query(lookup, by_dn, key, finding, error);
}

static bool find(Lookup *lookup, const char *key, Finding *finding, GError **error)
{
    g_autofree char *type = NULL;
    const char *value = address_split(key, &type, NULL);
    if (strlen(key) > LOOKUP_KEY_MAX || !g_utf8_validate(key, -1, NULL))
        return true;
    /* An SMTP address may begin so too (RFC 2156). */
    if (*key == '/')
        return find_legacy(lookup, key, finding, error) &&
               (finding->exists || !strchr(key, '@') || find_smtp(lookup, key, finding, error));
    if (!value || !address_type_is_legal(type))
        return !strchr(key, '@') || find_smtp(lookup, key, finding, error);
    if (!strcmp(type, "DN"))
        return find_dn(lookup, value, finding, error);
    if (!strcmp(type, "ID"))
        return run_query(lookup, by_id, value, finding, error);
    if (!strcmp(type, "EX"))
        return find_legacy(lookup, value, finding, error);
    return strcmp(type, "SMTP") ? find_address(lookup, key, finding, error)
                                : find_smtp(lookup, value, finding, error);
}

static bool find_in_snapshot(Lookup *lookup, const char *key, Finding *finding, GError **error)
{
    if (lookup_begin(lookup, error) && find(lookup, key, finding, error))
        return true;
    g_clear_pointer(&finding->first, lookup_recipient_free);
    return false;
}

bool lookup_find(Lookup *lookup, const char *key, LookupRecipient **found, GError **error)
{
    Finding finding = {0};
    *found = NULL;
    if (!find_in_snapshot(lookup, key, &finding, error))
        return false;
    if (finding.several) {
        lookup_recipient_free(finding.first);
        error_set(error, ERROR_INVALID, "several recipients have this address; dirsync audit names them");
        return false;
    }
    *found = finding.first;
    return true;
}

bool lookup_exists(Lookup *lookup, const char *key, bool *exists, GError **error)
{
    Finding finding = {.only_exists = true};
    if (!find_in_snapshot(lookup, key, &finding, error))
        return false;
    *exists = finding.exists;
    return true;
}
