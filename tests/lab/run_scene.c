/*
 * run_scene.c - servers, people and connectors that a daemon is tested with
 */
#include "tests/lab/run_scene.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>

RunScene scene;

const Person scene_people[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example", NULL},
                               {"3", "Cat Chan", "cat@globex.example", NULL},
                               NOBODY};
const Person scene_others[] = {{"7", "Gus Gans", "gus@globex.example", NULL}, NOBODY};

void scene_define(const char *foreign, const char *schedule)
{
    g_autofree char *element = world_server("home", scene.home->uri, HOME_BASE);
    g_autofree char *rest = g_strconcat(WORLD_NO_LIMITS, schedule, NULL);
    world_define(scene.world, element, foreign, foreign ? SERVER_IMPORT : NULL, rest);
}

void scene_set_up(const char *schedule)
{
    program_needed();
    lab_skip_unless_slapd();
    scene.home = lab_slapd_start("--nosync --port auto --user-writes");
    scene.world = world_at(scene.home);
    scene_define(NULL, schedule);
    world_set_people(scene.world, scene_people);
}

void scene_add_person(const char *name)
{
    g_autofree char *ldif =
        g_strdup_printf("dn: uid=%s," SOURCE_PEOPLE "\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\n"
                        "sn: %s\nmail: %s@globex.example\n",
                        name, name, name, name, name);
    lab_ldif_load(scene.source, ldif);
}

void scene_set_up_servers(const char *schedule)
{
    program_needed();
    lab_skip_unless_slapd();
    scene.home = lab_slapd_start("--nosync --port auto --user-writes");
    scene.source = lab_slapd_start("--nosync --port auto --syncprov --sizelimit 5000 --suffix " SOURCE_BASE);
    lab_ldif_load(scene.source, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    scene_add_person("ada");
    scene.world = world_between(scene.source, scene.home);
    g_autofree char *foreign = world_server("foreign", scene.source->uri, SOURCE_BASE);
    scene_define(foreign, schedule);
}

int scene_tear_down(void **state)
{
    (void)state;
    world_free(scene.world);
    lab_slapd_stop(scene.source);
    lab_slapd_stop(scene.home);
    scene = (RunScene){0};
    return 0;
}

void scene_assert_contacts(size_t n)
{
    assert_int_equal(lab_count(scene.home, WORLD_CONTAINER, CONTACTS), n);
}

void scene_replace_people(const Person *people)
{
    g_autofree char *path = g_build_filename(scene.world->live, "people.ldif", NULL);
    g_autofree char *new = g_strconcat(path, ".new", NULL);
    g_autofree char *kept = text_of(path);
    world_set_people(scene.world, people);
    g_autofree char *text = text_of(path);
    write_text(path, kept);
    write_text(new, text);
    assert_int_equal(g_rename(new, path), 0);
}

char *scene_define_another(const char *name, const char *uuid)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *text = text_of(scene.world->connector);
    g_autofree char *attribute = g_strdup_printf("name=\"%s\"", name);
    g_autofree char *container = g_strdup_printf("ou=%s,dc=example,dc=com", name);
    g_autoptr(GString) another = g_string_new(text);
    g_string_replace(another, "name=\"globex\"", attribute, 0);
    g_string_replace(another, WORLD_UUID, uuid, 0);
    g_string_replace(another, WORLD_CONTAINER, container, 0);
    char *path = g_build_filename(scene.world->folder, file, NULL);
    write_text(path, another->str);
    return path;
}

char *scene_define_bystander(void)
{
    g_autofree char *from = g_build_filename(scene.world->live, "people.ldif", NULL);
    g_autofree char *to = g_build_filename(scene.world->live, "bystanders.ldif", NULL);
    g_autofree char *kept = text_of(from);
    world_set_people(scene.world, scene_others);
    g_autofree char *own = text_of(from);
    write_text(from, kept);
    write_text(to, own);
    char *path = scene_define_another("bystander", "9d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b44");
    g_autofree char *text = text_of(path);
    g_autoptr(GString) definition = g_string_new(text);
    assert_int_equal(g_string_replace(definition, "people.ldif", "bystanders.ldif", 0), 1);
    assert_int_equal(g_string_replace(definition, WATCHED, OFTEN, 0), 1);
    write_text(path, definition->str);
    return path;
}

void scene_let_time_go_by(TestDaemon *daemon)
{
    for (int i = 0; i < 5; i++)
        daemon_says(daemon, "DS0910", "bystander", "");
}

size_t scene_runs_of_globex(TestDaemon *daemon)
{
    size_t count = 0;
    daemon_has_said(daemon, "DS0910"); /* takes what is there */
    g_auto(GStrv) lines = g_strsplit(daemon->said->str, "\n", -1);
    for (char **line = lines; *line; line++)
        count += strstr(*line, "\"id\":\"DS0910\"") && strstr(*line, "\"connector\":\"globex\"");
    return count;
}
