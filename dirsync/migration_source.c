/*
 * migration_source.c - see migration_source.h
 */
#include "dirsync/migration_source.h"

#include "dirsync/csv_guess.h"

#include <string.h>

static bool is_definition(const char *source)
{
    bool is_path = strpbrk(source, "/.") || g_file_test(source, G_FILE_TEST_EXISTS);
    return g_str_has_suffix(source, ".xml") || !is_path;
}

/* What belongs to the foreign side changes hands; the rest stays. */
static bool take_definition(Connector *connector, const char *source, GError **error)
{
    g_autoptr(Connector) other = connector_load(source, error);
    if (!other)
        return false;
    PassSettings *ours = &connector->pass[STEP_IMPORT], *theirs = &other->pass[STEP_IMPORT];
    Endpoint foreign = connector->foreign;
    connector->foreign = other->foreign;
    other->foreign = foreign;
    if (!theirs->wanted)
        return true;
    PassSettings before = *ours;
    ours->sources = theirs->sources;
    ours->n_sources = theirs->n_sources;
    theirs->sources = before.sources;
    theirs->n_sources = before.n_sources;
    ours->anchor = theirs->anchor;
    theirs->anchor = before.anchor;
    return true;
}

static bool is_ldif(const char *path)
{
    static const char *const endings[] = {".ldif", ".ldf", ".ldi"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(path, endings[i]))
            return true;
    return false;
}

/* Places of a server mean nothing in a file; its filters may. */
static void forget_bases(PassSettings *settings)
{
    for (size_t i = 0; i < settings->n_sources; i++)
        g_clear_pointer(&settings->sources[i].base, g_free);
}

static bool describe_csv(Endpoint *endpoint, GError **error)
{
    g_auto(CsvGuess) guess = {0};
    if (!csv_guess(endpoint->path, &guess, error))
        return false;
    endpoint->encoding = g_strdup(guess.encoding);
    endpoint->delimiter = guess.delimiter;
    endpoint->separator = guess.separator;
    endpoint->header = guess.header;
    if (!guess.is_plain)
        endpoint->columns = g_steal_pointer(&guess.names);
    return true;
}

static bool take_file(Connector *connector, const char *source, GError **error)
{
    const char *driver = is_ldif(source) ? "ldif" : "csv";
    Endpoint *endpoint = &connector->foreign;
    char *path = g_canonicalize_filename(source, NULL);
    if (!g_strcmp0(endpoint->driver, driver)) {
        /* What proves the definition's own file whole is not beside this one. */
        g_free(endpoint->path);
        endpoint->path = path;
        g_clear_pointer(&endpoint->checksum, g_free);
        endpoint->max_age = 0;
        return true;
    }
    char *where = g_steal_pointer(&endpoint->where);
    endpoint_clear(endpoint);
    *endpoint = (Endpoint){
        .driver = g_strdup(driver), .where = where, .path = path, .delimiter = ',', .header = true};
    endpoint->minimum_percent = 1;
    forget_bases(&connector->pass[STEP_IMPORT]);
    return !strcmp(driver, "ldif") || describe_csv(endpoint, error);
}

static bool check_there(const char *source, GError **error)
{
    if (g_file_test(source, G_FILE_TEST_IS_REGULAR))
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s: there is no such file; SOURCE is a file of CSV or LDIF, or another connector", source);
    return false;
}

bool migration_take_source(Connector *connector, const char *source, const char *anchor, GError **error)
{
    PassSettings *settings = &connector->pass[STEP_IMPORT];
    if (!settings->wanted) {
        error_set(error, ERROR_DEFINITION,
                  "%s: has no <import>, which says where people go and by which mapping", connector->path);
        return false;
    }
    bool ok = !source ||
              (is_definition(source) ? take_definition(connector, source, error)
                                     : check_there(source, error) && take_file(connector, source, error));
    if (ok && anchor) {
        g_free(settings->anchor);
        settings->anchor = g_strdup(anchor);
    }
    return ok;
}

static const struct {
    const char *word;
    RecipientAs as;
    bool enabled;
} kinds[] = {{"contact", AS_CONTACT, false},
             {"user", AS_USER, false},
             {"disabled-user", AS_USER, false},
             {"enabled-user", AS_USER, true}};

bool migration_make_as(Connector *connector, const char *as, GError **error)
{
    PassSettings *settings = &connector->pass[STEP_IMPORT];
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(as, kinds[i].word) != 0)
            continue;
        settings->as[OF_PERSON] = kinds[i].as;
        settings->said[OF_PERSON] = true;
        settings->enabled_accounts = kinds[i].enabled;
        return true;
    }
    error_set(error, ERROR_DEFINITION, "--as %s: say one of contact, disabled-user, enabled-user", as);
    return false;
}
