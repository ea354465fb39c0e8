/*
 * init.c - dirsync init: commented definitions to start from
 *
 * Writes NAME.xml, and organisation.xml when the folder has none. Never
 * overwrites a file.
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"
#include "dirsync/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *option_from, *option_organisation;

static const GOptionEntry own_options[] = {
    {"from", 0, 0, G_OPTION_ARG_STRING, &option_from, "Template: ldif, csv or ldap", "TEMPLATE"},
    {"organisation", 0, 0, G_OPTION_ARG_STRING, &option_organisation, "Name of the organisation", "NAME"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

#define ORGANISATION_FILE "organisation.xml" /* beside the connectors; its template has the same name */

static bool is_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(name);
}

static char *fill_in(const char *text, const char *name, const char *organisation)
{
    g_autofree char *uuid = g_uuid_string_random();
    const char *const places[][2] = {{"@NAME@", name}, {"@UUID@", uuid}, {"@ORGANISATION@", organisation}};
    GString *filled = g_string_new(text);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        g_string_replace(filled, places[i][0], places[i][1], 0);
    return g_string_free(filled, FALSE);
}

static bool write_new(const char *path, const char *text, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set(error, ERROR_IO, "%s: cannot be made: %s", path, g_strerror(errno));
        return false;
    }
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (!ok)
        error_set(error, ERROR_IO, "%s: cannot be written: %s", path, g_strerror(errno));
    close(fd);
    return ok;
}

static bool write_from(const char *template, const char *path, const char *name, const char *organisation,
                       GError **error)
{
    g_autofree char *folder = xml_data_path("mappings", "templates");
    g_autofree char *file = g_build_filename(folder, template, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        error_set(error, ERROR_DEFINITION, "template %s: not there; choose ldif, csv or ldap with --from",
                  file);
        return false;
    }
    g_autofree char *filled = fill_in(text, name, organisation);
    return write_new(path, filled, error);
}

/* *written: it was not there before. */
static bool write_organisation(const char *path, const char *organisation, bool *written, GError **error)
{
    *written = !g_file_test(path, G_FILE_TEST_EXISTS);
    return !*written || write_from(ORGANISATION_FILE, path, organisation, organisation, error);
}

static void print_written(const Settings *settings, const char *connector, const char *organisation)
{
    if (settings->json) {
        json_t *files = json_pack("[s]", connector);
        if (organisation)
            json_array_append_new(files, json_string(organisation));
        report_print_json(stdout, json_pack("{s:s, s:o}", "verb", "init", "files", files));
        return;
    }
    g_autofree char *file = g_path_get_basename(connector);
    g_autofree char *line =
        g_strdup_printf("wrote %s: read it, adapt it, then: dirsync check ./%s", connector, file);
    g_autofree char *too =
        organisation ? g_strdup_printf("wrote %s: say there where your directory is", organisation) : NULL;
    if (too)
        report_lines(stdout, too, 0, REPORT_COLUMNS);
    report_lines(stdout, line, 0, REPORT_COLUMNS);
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 1 || !is_name(argv[0])) {
        settings_usage(&command_init, error);
        if (argc == 1)
            g_prefix_error(error, "%s: a name is made of a-z, 0-9, - and _; ", argv[0]);
        return 0;
    }
    const char *organisation = option_organisation ? option_organisation : "acme";
    g_autofree char *template = g_strdup_printf("connector-%s.xml", option_from ? option_from : "ldif");
    g_autofree char *file = g_strconcat(argv[0], ".xml", NULL);
    g_autofree char *folder = g_get_current_dir();
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *other = g_build_filename(folder, ORGANISATION_FILE, NULL);
    bool written = false;
    if (write_from(template, path, argv[0], ORGANISATION_FILE, error) &&
        write_organisation(other, organisation, &written, error))
        print_written(settings, path, written ? other : NULL);
    return 0;
}

const Command command_init = {
    "init", "NAME [--from ldif|csv|ldap]", "Write commented definitions to start from", 0, run, own_options};
