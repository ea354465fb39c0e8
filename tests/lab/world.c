/*
 * world.c - an organisation, a connector and its people, in a folder
 */
#include "tests/lab/world.h"

#include "dirsync/dn.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PARENT "ou=people,dc=globex,dc=example"

/* --- files --- */

char *text_of(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        fail_msg("%s", error->message);
    return text;
}

static void write_bytes(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) != 0)
        fail_msg("%s: cannot be written", path);
}

void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static void copy_file(const char *from, const char *to)
{
    g_autofree char *data = NULL;
    size_t len = 0;
    if (!g_file_get_contents(from, &data, &len, NULL))
        fail_msg("%s: cannot be read", from);
    write_bytes(to, data, len);
}

void copy_folder(const char *from, const char *to)
{
    assert_int_equal(g_mkdir_with_parents(to, 0700), 0);
    g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (g_file_test(source, G_FILE_TEST_IS_DIR))
            copy_folder(source, target);
        else
            copy_file(source, target);
    }
}

void remove_folder(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder))) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_folder(child);
        }
    }
    g_remove(path);
}

/* --- definitions --- */

/* To see what goes wrong: WORLD_EVENTS=debug tests/integration/test_... */
static void open_events(void)
{
    int level = g_getenv("WORLD_EVENTS") ? event_level_parse(g_getenv("WORLD_EVENTS")) : -1;
    SinkSettings sink = {.kind = SINK_STDERR, .level = (EventLevel)MAX(level, 0)};
    for (int i = 0; i < CATEGORIES; i++)
        sink.category_level[i] = -1;
    event_close_sinks();
    if (level >= 0)
        event_open_sink(&sink, NULL);
}

World *world_new(void)
{
    open_events();
    World *world = g_new0(World, 1);
    world->folder = g_dir_make_tmp("world-XXXXXX", NULL);
    assert_non_null(world->folder);
    world->live = g_build_filename(world->folder, "live", NULL);
    world->state = g_build_filename(world->live, "state", NULL);
    world->connector = g_build_filename(world->folder, "globex.xml", NULL);
    assert_int_equal(g_mkdir_with_parents(world->live, 0700), 0);
    return world;
}

void world_free(World *world)
{
    if (!world)
        return;
    remove_folder(world->folder);
    g_free(world->folder);
    g_free(world->live);
    g_free(world->state);
    g_free(world->connector);
    g_free(world);
}

void world_define(const World *world, const char *home, const char *foreign, const char *import,
                  const char *rest)
{
    g_autofree char *organisation = g_build_filename(world->folder, "organisation.xml", NULL);
    g_autofree char *about = g_strdup_printf("<organisation xmlns=\"urn:x-dirsync:organisation:1\" "
                                             "name=\"acme\">\n%s\n<domain>acme.example</domain>"
                                             "<state folder=\"%s\"/>\n</organisation>\n",
                                             home, world->state);
    g_autofree char *connector = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"globex\" uuid=\"" WORLD_UUID "\" "
        "organisation=\"organisation.xml\">\n%s\n<import container=\"" WORLD_CONTAINER
        "\" create-container=\"yes\" "
        "mapping=\"inetorgperson\" groups=\"no\" resources=\"no\">\n%s\n</import>\n%s\n</connector>\n",
        foreign ? foreign : WORLD_FILE_SOURCE, import ? import : WORLD_FILE_IMPORT,
        rest ? rest : WORLD_NO_LIMITS);
    write_text(organisation, about);
    write_text(world->connector, connector);
}

char *world_server(const char *element, const char *uri, const char *base)
{
    return g_strdup_printf(
        "<%s driver=\"ldap\" uri=\"%s\" base=\"%s\" timeout=\"10\"><bind method=\"external\"/></%s>", element,
        uri, base, element);
}

Connector *world_connector(const World *world)
{
    g_autoptr(GError) error = NULL;
    Connector *connector = connector_load(world->connector, &error);
    if (!connector)
        fail_msg("%s", error->message);
    return connector;
}

/* --- people --- */

static Entry *person_entry(const Person *person, const char *parent)
{
    g_autofree char *dn = dn_build("uid", person->anchor, strlen(person->anchor), parent);
    g_auto(GStrv) mails = g_strsplit(person->mails, " ", -1);
    const char *blank = strrchr(person->name, ' ');
    Entry *entry = entry_new(dn);
    entry_add_string(entry, "objectClass", "inetOrgPerson");
    entry_add_string(entry, "uid", person->anchor);
    entry_add_string(entry, "employeeNumber", person->anchor);
    entry_add_string(entry, "cn", person->name);
    entry_add_string(entry, "sn", blank && blank[1] ? blank + 1 : person->name);
    entry_add_string(entry, "displayName", person->name);
    for (char **mail = mails; *mail; mail++)
        if (**mail)
            entry_add_string(entry, "mail", *mail);
    if (person->title)
        entry_add_string(entry, "title", person->title);
    return entry;
}

char *people_as_ldif(const Person *people, const char *parent)
{
    GString *text = g_string_new(NULL);
    for (; people->anchor; people++) {
        g_autoptr(Entry) entry = person_entry(people, parent);
        ldif_write_entry(text, entry);
    }
    return g_string_free(text, FALSE);
}

void world_set_people(const World *world, const Person *people)
{
    size_t count = 0;
    while (people[count].anchor)
        count++;
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *records = people_as_ldif(people, DEFAULT_PARENT);
    g_autofree char *text = g_strdup_printf("%s# count: %zu\n", records, count);
    write_text(path, text);
}

/* --- runs --- */

void ran_clear(Ran *ran)
{
    run_result_clear(&ran->result);
    g_clear_error(&ran->error);
}

Ran world_sync_with(const World *world, const RunOptions *options)
{
    Ran ran = {0};
    g_autoptr(Connector) connector = connector_load(world->connector, &ran.error);
    if (connector) {
        RunOptions none = run_options(connector);
        run_sync(connector, options ? options : &none, &ran.result, &ran.error);
    }
    ran.status = ran.error ? error_exit_status(ran.error) : run_exit_status(&ran.result);
    return ran;
}

char *figures_of(const Counts *counts)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < COUNTS; i++)
        if (counts->of[i] && i != COUNT_UNCHANGED)
            g_string_append_printf(text, "%s%zu %s", text->len ? ", " : "", counts->of[i], count_names[i]);
    return g_string_free(text, FALSE);
}

static Ran sync_well(const World *world, const char *figures)
{
    Ran ran = world_sync_with(world, NULL);
    g_autofree char *did = figures_of(&ran.result.step[STEP_IMPORT].counts);
    if (ran.error)
        fail_msg("%s", ran.error->message);
    assert_string_equal(did, figures);
    assert_int_equal(run_left_over(&ran.result), 0);
    return ran;
}

void world_sync(const World *world, const char *figures)
{
    Ran ran = sync_well(world, figures);
    ran_clear(&ran);
}

void world_sync_by_changes(const World *world, const char *figures, size_t most)
{
    g_auto(Ran) ran = sync_well(world, figures);
    if (ran.result.step[STEP_IMPORT].full_reason)
        fail_msg("everything was read: %s", ran.result.step[STEP_IMPORT].full_reason);
    assert_in_range(ran.result.step[STEP_IMPORT].read, 0, most);
}

void world_revert(const World *world, const char *run)
{
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    if (!run_revert(connector, &options, run, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
}
