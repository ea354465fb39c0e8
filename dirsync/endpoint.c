/*
 * endpoint.c - reads how to reach one directory; contract in organisation.h
 *
 * The grammar has been checked; this checks what RELAX NG cannot express:
 * DNs, URIs, and combinations that would be unsafe or cannot work. Opens
 * nothing.
 */
#include "dirsync/csv.h"
#include "dirsync/definition.h"
#include "dirsync/dn.h"
#include "dirsync/organisation.h"
#include "dirsync/xml.h"

#include <string.h>

#define DEFAULT_TIMEOUT 30
#define DEFAULT_WINDOW 64
#define DEFAULT_MINIMUM 95
#define DEFAULT_MODE 0600

typedef struct {
    Endpoint *endpoint;
    const char *definition;
    GString **problems;
} Reading;

static char *read_file(const Reading *to, const xmlNode *node, const char *name)
{
    g_autofree char *text = xml_attribute(node, name);
    return text ? xml_resolve(to->definition, text) : NULL;
}

/* --- URIs --------------------------------------------------------------------------------------- */

/* "host", "host:389", "[::1]:389"; an empty host is this one. Sets *host to a copy of the host. */
static bool split_authority(const char *text, char **host)
{
    const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");
    if (!end)
        return false;
    if (*text == '[') {
        *host = g_strndup(text + 1, (size_t)(end - text - 1));
        end++;
    } else {
        *host = g_strndup(text, (size_t)(end - text));
    }
    if (!*end)
        return true;
    guint64 port = 0;
    return *end == ':' && g_ascii_string_to_unsigned(end + 1, 10, 1, 65535, &port, NULL);
}

static bool is_this_host(const char *host)
{
    return !*host || g_ascii_strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (g_str_has_prefix(host, "127.") && strspn(host, "0123456789.") == strlen(host));
}

static void check_cleartext(const Reading *to, const xmlNode *node, const char *uri, const char *host)
{
    const Endpoint *endpoint = to->endpoint;
    if (endpoint->bind == BIND_SIMPLE && endpoint->tls == TLS_NONE && !endpoint->cleartext_allowed &&
        !is_this_host(host))
        xml_problem(to->problems, node,
                    "%s: the password would cross the network in clear text; use ldaps://, add "
                    "<tls start=\"yes\"/>, or allow it with cleartext=\"allow\"",
                    uri);
}

static void check_network_uri(const Reading *to, const xmlNode *node, const char *uri)
{
    g_autofree char *rest = g_strdup(strstr(uri, "://") + 3);
    g_autofree char *host = NULL;
    char *slash = strchr(rest, '/');
    if (slash && slash[1])
        xml_problem(to->problems, node, "%s: only a server, no DN or filter; put the DN into base=\"...\"",
                    uri);
    if (slash)
        *slash = '\0';
    if (!split_authority(rest, &host))
        xml_problem(to->problems, node, "%s: is not a server; allowed: host, host:port, [address]:port", uri);
    else if (!g_str_has_prefix(uri, "ldaps"))
        check_cleartext(to, node, uri, host);
}

static void check_local_uri(const Reading *to, const xmlNode *node, const char *uri)
{
    const char *path = strstr(uri, "://") + 3;
    g_autofree char *decoded = g_uri_unescape_string(path, NULL);
    const char *slash = strchr(path, '/');
    if (!decoded || (slash && slash[1]) || slash == path)
        xml_problem(to->problems, node, "%s: the socket's path has every '/' written as %%2F, such as %s",
                    uri, "ldapi://%2Frun%2Fslapd%2Fldapi");
}

static void check_uri(const Reading *to, const xmlNode *node, const char *uri)
{
    bool secure = g_str_has_prefix(uri, "ldaps://");
    if (g_str_has_prefix(uri, "ldapi://"))
        check_local_uri(to, node, uri);
    else
        check_network_uri(to, node, uri);
    if (!secure && to->endpoint->tls == TLS_LDAPS)
        xml_problem(to->problems, node, "%s: beside an ldaps:// URI only others of that sort may stand", uri);
}

static void read_uris(Reading *to, const xmlNode *node)
{
    to->endpoint->uris = definition_words(node, "uri");
    for (char **uri = to->endpoint->uris; *uri; uri++)
        if (g_str_has_prefix(*uri, "ldaps://")) {
            if (to->endpoint->tls == TLS_START)
                xml_problem(to->problems, node, "%s: is TLS already; remove start=\"yes\"", *uri);
            to->endpoint->tls = TLS_LDAPS;
        }
    for (char **uri = to->endpoint->uris; *uri; uri++)
        check_uri(to, node, *uri);
}

/* --- bind and TLS ------------------------------------------------------------------------------- */

static void read_bind(Reading *to, const xmlNode *node)
{
    static const char *const names[] = {"anonymous", "simple", "external", "gssapi", NULL};
    g_autofree char *method = xml_attribute(node, "method");
    for (int i = 0; names[i]; i++)
        if (g_strcmp0(method, names[i]) == 0)
            to->endpoint->bind = (BindMethod)i;
    if (to->endpoint->bind == BIND_SIMPLE)
        to->endpoint->bind_dn = definition_dn(node, "dn", to->problems);
    else
        to->endpoint->bind_dn = xml_attribute(node, "authzid");
    const xmlNode *password = xml_child(node, "password");
    if (password)
        definition_secret(&to->endpoint->password, password, to->definition, to->problems);
}

static void read_tls(Reading *to, const xmlNode *node)
{
    Endpoint *endpoint = to->endpoint;
    g_autofree char *start = xml_attribute(node, "start");
    endpoint->tls = g_strcmp0(start, "yes") == 0 ? TLS_START : TLS_NONE;
    endpoint->tls_ca = read_file(to, node, "ca");
    endpoint->tls_certificate = read_file(to, node, "certificate");
    endpoint->tls_key = read_file(to, node, "key");
    if (!endpoint->tls_certificate != !endpoint->tls_key)
        xml_problem(to->problems, node, "certificate and key belong together; give both or none");
}

static void read_ldap(Reading *to, const xmlNode *node)
{
    g_autofree char *cleartext = xml_attribute(node, "cleartext");
    g_autofree char *transactions = xml_attribute(node, "transactions");
    to->endpoint->bulk = g_strcmp0(transactions, "bulk") == 0;
    to->endpoint->cleartext_allowed = g_strcmp0(cleartext, "allow") == 0;
    const xmlNode *bind = xml_child(node, "bind"), *tls = xml_child(node, "tls");
    if (bind)
        read_bind(to, bind);
    if (tls)
        read_tls(to, tls);
    read_uris(to, node); /* last: what is allowed there depends on bind and tls */
}

/* --- files -------------------------------------------------------------------------------------- */

/* "2d", "12h", "30m", "45s" in seconds; the grammar has checked the form. */
static unsigned read_duration(const Reading *to, const xmlNode *node, const char *name)
{
    g_autofree char *text = xml_attribute(node, name);
    char *unit = NULL;
    guint64 number = text ? g_ascii_strtoull(text, &unit, 10) : 0;
    if (!text)
        return 0;
    guint64 seconds = number * (*unit == 'd' ? 86400 : *unit == 'h' ? 3600 : *unit == 'm' ? 60 : 1);
    if (seconds > G_MAXINT32)
        xml_problem(to->problems, node, "%s=\"%s\" is too long; at most 24000d", name, text);
    return (unsigned)MIN(seconds, (guint64)G_MAXINT32);
}

static char read_character(const xmlNode *node, const char *name, char otherwise)
{
    g_autofree char *text = xml_attribute(node, name);
    if (!text)
        return otherwise;
    return strcmp(text, "tab") == 0 ? '\t' : *text;
}

static void read_csv(Reading *to, const xmlNode *node)
{
    Endpoint *endpoint = to->endpoint;
    g_autofree char *header = xml_attribute(node, "header");
    endpoint->delimiter = read_character(node, "delimiter", ',');
    endpoint->separator = read_character(node, "separator", '\0');
    endpoint->encoding = xml_attribute(node, "encoding");
    endpoint->header = g_strcmp0(header, "no") != 0;
    endpoint->columns = definition_words(node, "columns");
    if (endpoint->separator == endpoint->delimiter)
        xml_problem(to->problems, node, "separator and delimiter are the same character");
    if (!endpoint->header && !endpoint->columns)
        xml_problem(to->problems, node, "without a header the columns must be named: columns=\"id mail sn\"");
    if (endpoint->columns && g_strv_length(endpoint->columns) > CSV_MAX_COLUMNS)
        xml_problem(to->problems, node, "columns: at most %d", CSV_MAX_COLUMNS);
}

static void check_key(Reading *to, const xmlNode *node)
{
    const Endpoint *endpoint = to->endpoint;
    char **column = endpoint->columns;
    while (*column && g_ascii_strcasecmp(*column, endpoint->key) != 0)
        column++;
    if (!*column)
        xml_problem(to->problems, node, "key=\"%s\" is not one of the columns", endpoint->key);
}

static void read_csv_target(Reading *to, const xmlNode *node)
{
    Endpoint *endpoint = to->endpoint;
    g_autofree char *formulas = xml_attribute(node, "formulas");
    endpoint->guard_formulas = g_strcmp0(formulas, "guard") == 0;
    endpoint->key = xml_attribute(node, "key");
    if (!csv_first_column((const char *const *)endpoint->columns))
        xml_problem(to->problems, node, "a CSV file that is written needs columns=\"id mail sn\"");
    else if (endpoint->key)
        check_key(to, node);
    if (endpoint->guard_formulas && endpoint->separator == '\'')
        xml_problem(to->problems, node,
                    "formulas=\"guard\" puts a ' before formulas; choose another separator");
}

/* The permission bits are written in octal, as everywhere. */
static void read_target_file(Reading *to, const xmlNode *node)
{
    Endpoint *endpoint = to->endpoint;
    g_autofree char *mode = xml_attribute(node, "mode");
    endpoint->mode = mode ? (unsigned)g_ascii_strtoull(mode, NULL, 8) : DEFAULT_MODE;
    if (endpoint->checksum && strcmp(endpoint->checksum, endpoint->path) == 0)
        xml_problem(to->problems, node, "checksum and path are the same file");
    if (strpbrk(endpoint->path, "\r\n"))
        xml_problem(to->problems, node, "path: a name with a line end cannot stand in a checksum file");
    if (strcmp(endpoint->driver, "csv") == 0)
        read_csv_target(to, node);
}

static void read_file_element(Reading *to, const xmlNode *node)
{
    Endpoint *endpoint = to->endpoint;
    bool is_store = strcmp(endpoint->driver, "memory") == 0 || strcmp(endpoint->driver, "failing") == 0;
    endpoint->path = is_store ? xml_attribute(node, "path") : read_file(to, node, "path");
    endpoint->count_trailer = xml_attribute(node, "count-trailer");
    endpoint->checksum = read_file(to, node, "checksum");
    endpoint->max_age = read_duration(to, node, "max-age");
    endpoint->minimum_percent = xml_number(node, "minimum", DEFAULT_MINIMUM);
    if (strcmp(endpoint->driver, "csv") == 0)
        read_csv(to, node);
}

/* --- interface ---------------------------------------------------------------------------------- */

void endpoint_read(Endpoint *endpoint, const xmlNode *node, const char *definition_path, GString **problems)
{
    Reading to = {endpoint, definition_path, problems};
    endpoint->driver = xml_attribute(node, "driver");
    endpoint->where = xml_where(node);
    endpoint->base = definition_dn(node, "base", problems);
    endpoint->timeout = xml_number(node, "timeout", DEFAULT_TIMEOUT);
    endpoint->page_size = xml_number(node, "page-size", 0);
    endpoint->window = xml_number(node, "window", DEFAULT_WINDOW);
    endpoint->minimum_percent = DEFAULT_MINIMUM;
    const xmlNode *file = xml_child(node, "file");
    if (file)
        read_file_element(&to, file);
    else
        read_ldap(&to, node);
}

void endpoint_read_target(Endpoint *endpoint, const xmlNode *node, const char *definition_path,
                          GString **problems)
{
    Reading to = {endpoint, definition_path, problems};
    endpoint_read(endpoint, node, definition_path, problems);
    endpoint->is_target = true;
    bool is_file = strcmp(endpoint->driver, "ldif") == 0 || strcmp(endpoint->driver, "csv") == 0;
    if (is_file)
        read_target_file(&to, xml_child(node, "file"));
}

void endpoint_clear(Endpoint *endpoint)
{
    g_free(endpoint->driver);
    g_free(endpoint->where);
    g_strfreev(endpoint->uris);
    g_free(endpoint->base);
    g_free(endpoint->bind_dn);
    secret_source_clear(&endpoint->password);
    g_free(endpoint->tls_ca);
    g_free(endpoint->tls_certificate);
    g_free(endpoint->tls_key);
    g_free(endpoint->path);
    g_free(endpoint->count_trailer);
    g_free(endpoint->checksum);
    g_free(endpoint->encoding);
    g_strfreev(endpoint->columns);
    g_free(endpoint->key);
    *endpoint = (Endpoint){0};
}
