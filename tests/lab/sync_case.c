/*
 * sync_case.c - the pieces that tests of whole runs against servers are made of
 */
#include "tests/lab/sync_case.h"

#include "tests/lab/missing.h"

#include "dirsync/directory/ldap.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

World *world_at(const Lab *home)
{
    World *world = world_new();
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    world_define(world, element, NULL, NULL, NULL);
    return world;
}

char *lab_element(const char *element, const Lab *lab, const char *base)
{
    if (!lab->bind_dn)
        return world_server(element, lab->uri, base);
    return g_strdup_printf(
        "<%s driver=\"ldap\" uri=\"%s\" base=\"%s\" timeout=\"20\"><bind method=\"simple\" "
        "dn=\"%s\"><password file=\"%s\"/></bind></%s>",
        element, lab->uri, base, lab->bind_dn, lab->password_file, element);
}

World *world_between(const Lab *source, const Lab *home)
{
    World *world = world_new();
    g_autofree char *to = world_server("home", home->uri, HOME_BASE);
    g_autofree char *from = world_server("foreign", source->uri, SOURCE_BASE);
    world_define(world, to, from, "<source><filter>(objectClass=inetOrgPerson)</filter></source>", NULL);
    return world;
}

static char *replace_all(const char *text, const char *pattern, const char *with)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    return g_regex_replace(regex, text, -1, 0, with, 0, NULL);
}

void world_write_ad_mapping(const World *world)
{
    g_autofree char *shipped = lab_source_file("mappings/inetorgperson.xml");
    g_autofree char *text = text_of(shipped);
    g_autofree char *without =
        replace_all(text, "<attribute name=\"(employeeNumber|jpegPhoto|preferredLanguage)\"[^>]*/>\\n", "");
    g_autofree char *grouped =
        replace_all(without, "<members name=\"member\" select=\"\\$member \\| \\$uniqueMember\"/>",
                    "<attribute name=\"groupType\" select=\"'8'\" wins=\"initial\"/>"
                    "<attribute name=\"sAMAccountName\" unique=\"yes\" wins=\"initial\" max-length=\"20\" "
                    "too-long=\"cut\" "
                    "select=\"keep(ascii($cn), "
                    "'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_')\"/>\\0");
    g_autofree char *accounts =
        replace_all(grouped, "<object class=\"inetOrgPerson\"/>\\s*<object class=\"mailRecipient\"/>",
                    "<object class=\"user\"/>"
                    "<attribute name=\"sAMAccountName\" unique=\"yes\" wins=\"initial\" max-length=\"20\" "
                    "too-long=\"cut\" "
                    "select=\"keep(ascii(local-part($mail)), 'abcdefghijklmnopqrstuvwxyz0123456789-_')\"/>");
    g_autofree char *path = g_build_filename(world->folder, "home.xml", NULL);
    write_text(path, accounts);
}

static GPtrArray *search(const Lab *lab, const char *base, const char *filter, const char *const *attributes)
{
    char *uris[] = {lab->uri, NULL};
    Endpoint endpoint = {.driver = (char *)"ldap",
                         .uris = uris,
                         .base = (char *)base,
                         .bind = lab->bind_dn ? BIND_SIMPLE : BIND_EXTERNAL,
                         .bind_dn = lab->bind_dn,
                         .password = {.kind = SECRET_FILE, .source = lab->password_file},
                         .timeout = 10,
                         .window = 1};
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) directory = directory_open(&endpoint, &error);
    ReadRequest request = {.base = base, .scope = SEARCH_SUBTREE, .filter = filter, .attributes = attributes};
    GPtrArray *found = directory ? directory_search(directory, &request, 10000, &error) : NULL;
    if (!found)
        fail_msg("%s", error->message);
    return found;
}

size_t lab_count(const Lab *lab, const char *base, const char *filter)
{
    g_autoptr(GPtrArray) found = search(lab, base, filter, NULL);
    return found->len;
}

static gint by_dn(gconstpointer a, gconstpointer b)
{
    return strcmp(entry_dn(*(Entry *const *)a), entry_dn(*(Entry *const *)b));
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of attributes and values is the server's affair. */
static void append_sorted(GString *text, const Entry *entry)
{
    g_autoptr(GString) record = g_string_new(NULL);
    ldif_write_entry(record, entry);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) raw = g_strsplit(record->str, "\n", -1);
    for (char **line = raw; *line; line++)
        if (**line == ' ' && lines->len) {
            char **last = (char **)&lines->pdata[lines->len - 1];
            char *joined = g_strconcat(*last, *line + 1, NULL);
            g_free(*last);
            *last = joined;
        } else if (**line) {
            g_ptr_array_add(lines, g_strdup(*line));
        }
    g_ptr_array_sort(lines, by_text);
    g_string_append_printf(text, "%s\n", entry_dn(entry));
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "  %s\n", (char *)g_ptr_array_index(lines, i));
}

char *lab_dump(const Lab *lab, const char *base, const char *const *attributes)
{
    g_autoptr(GPtrArray) found = search(lab, base, NULL, attributes);
    GString *text = g_string_new(NULL);
    g_ptr_array_sort(found, by_dn);
    for (guint i = 0; i < found->len; i++)
        append_sorted(text, g_ptr_array_index(found, i));
    return g_string_free(text, FALSE);
}

char *lab_value(const Lab *lab, const char *base, const char *filter, const char *attribute)
{
    const char *const names[] = {attribute, NULL};
    g_autoptr(GPtrArray) found = search(lab, base, filter, names);
    if (found->len != 1)
        fail_msg("%s: %u entries match %s", base, found->len, filter);
    const Entry *entry = g_ptr_array_index(found, 0);
    gssize at = entry_index(entry, attribute);
    return at < 0 ? NULL : g_strdup(entry_attribute(entry, (size_t)at)->values[0].data);
}

unsigned long lab_writes(Lab *lab)
{
    if (g_str_equal(lab->kind, "samba")) {
        g_autofree char *usn = lab_ask(lab, "usn");
        return strtoul(usn, NULL, 10);
    }
    return lab_operations(lab, "Add") + lab_operations(lab, "Modify") + lab_operations(lab, "Modrdn") +
           lab_operations(lab, "Delete");
}

void lab_configure(Lab *lab, const char *ldif)
{
    lab_ldif_load(lab, ldif);
}

/* --- the program --- */

void said_clear(Said *said)
{
    g_free(said->out);
    g_free(said->err);
}

void program_needed(void)
{
    const char *path = g_getenv("DIRSYNC");
    if (path && g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        return;
    skip_missing("DIRSYNC does not name the program; set it to its path");
}

Said program(const char *folder, const char *const *words)
{
    Said said = {0};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *path = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    g_autoptr(GError) error = NULL;
    int status = 0;
    g_setenv("COLUMNS", "1000", FALSE); /* what tests look for is not broken over lines */
    g_ptr_array_add(argv, path);
    for (const char *const *word = words; *word; word++)
        g_ptr_array_add(argv, (gpointer)*word);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(folder, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &said.out, &said.err,
                      &status, &error))
        fail_msg("%s", error->message);
    /* A sanitizer's complaint must not pass for an exit status. */
    if (strstr(said.err, "Sanitizer") || strstr(said.err, "runtime error"))
        fail_msg("%s", said.err);
    said.status = -1;
    if (g_spawn_check_wait_status(status, &error))
        said.status = 0;
    else if (g_error_matches(error, G_SPAWN_EXIT_ERROR, error->code))
        said.status = error->code;
    return said;
}
