/*
 * crash_slapd.c - a site whose directories are held by a real slapd; see crash_slapd.h
 */
#include "tests/crash/crash_slapd.h"

#include "dirsync/directory/memory.h"
#include "tests/lab/tree.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* One at a time: the hooks of a site have no place for more than one. */
static struct {
    const World *world;
    CrashHome home; /* as in memory */
    CrashTree tree[CRASH_TREES];
    LabTree *server[CRASH_TREES];
} here;

static Lab *slapd;

static char *file_of(size_t i)
{
    return g_build_filename(here.world->live, here.tree[i].file, NULL);
}

/* --- into the server, and out of it --- */

static bool put(char **refused)
{
    for (size_t i = 0; i < CRASH_TREES; i++) {
        g_autofree char *path = here.server[i] ? file_of(i) : NULL;
        g_autofree char *text = path ? text_of(path) : NULL;
        if (path && !lab_tree_put(here.server[i], text, refused))
            return false;
    }
    return true;
}

static void restore(void *data)
{
    (void)data;
    g_autofree char *refused = NULL;
    if (!put(&refused))
        fail_msg("what the server had is refused: %s", refused);
}

/* A password is another one each time; it is known by the mark that the memory store gives its own. */
static char *mask_passwords(const char *ldif)
{
    g_autoptr(GRegex) password =
        g_regex_new("^userPassword:.*\\n( .*\\n)*", G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    return g_regex_replace_literal(password, ldif, -1, 0, "userPassword: " MEMORY_RANDOM_PASSWORD "\n", 0,
                                   NULL);
}

static void get(void)
{
    for (size_t i = 0; i < CRASH_TREES; i++) {
        if (!here.server[i])
            continue;
        g_autofree char *path = file_of(i), *text = lab_tree_get(here.server[i]);
        g_autofree char *masked = mask_passwords(text);
        write_text(path, masked);
    }
}

static char *dump(void *data)
{
    (void)data;
    get();
    return here.home.dump(here.home.data);
}

/* --- runs --- */

static void lead_to_server(Endpoint *endpoint)
{
    if (g_strcmp0(endpoint->driver, "memory") != 0)
        return;
    g_free(endpoint->driver);
    g_clear_pointer(&endpoint->path, g_free);
    g_strfreev(endpoint->uris);
    endpoint->driver = g_strdup("ldap");
    endpoint->uris = g_strsplit(slapd->uri, " ", 1);
    endpoint->bind = BIND_EXTERNAL;
}

static Connector *connector(void *data)
{
    (void)data;
    Connector *defined =
        here.home.connector ? here.home.connector(here.home.data) : world_connector(here.world);
    lead_to_server(&defined->organisation->home);
    lead_to_server(&defined->foreign);
    return defined;
}

static void call(RunOptions *options, void *data)
{
    (void)data;
    here.home.call(options, here.home.data);
}

static char *mask(char *text, void *data)
{
    (void)data;
    return here.home.mask(text, here.home.data);
}

/* --- begin and end --- */

static void disconnect(void)
{
    for (size_t i = 0; i < CRASH_TREES; i++)
        g_clear_pointer(&here.server[i], lab_tree_close);
}

static void connect(const CrashTree trees[CRASH_TREES])
{
    lab_skip_unless_slapd();
    if (!slapd)
        slapd = lab_slapd_start("--nosync --unique --ppolicy --sessionlog 10000 --also o=acme --also o=globex");
    for (size_t i = 0; i < CRASH_TREES; i++) {
        here.tree[i] = trees[i];
        here.server[i] = trees[i].suffix ? lab_tree_open(slapd, trees[i].suffix) : NULL;
    }
}

bool crash_on_slapd(const World *world, CrashHome home, const CrashTree trees[CRASH_TREES], CrashHome *site,
                    char **refused)
{
    disconnect();
    connect(trees);
    here.world = world;
    here.home = home;
    if (!put(refused))
        return false;
    get(); /* as the server writes it */
    home.open = NULL;
    home.restore = restore;
    home.dump = dump;
    home.connector = connector;
    home.call = home.call ? call : NULL;
    home.mask = home.mask ? mask : NULL;
    home.server = "slapd";
    *site = home;
    return true;
}

void crash_slapd_stop(void)
{
    disconnect();
    g_clear_pointer(&slapd, lab_stop);
}
