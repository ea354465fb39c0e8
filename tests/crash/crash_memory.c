/*
 * crash_memory.c - homes of crash tests in a memory store
 */
#include "dirsync/directory/memory.h"
#include "tests/crash/crash_internal.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STORE "crash"

static char *home_path(const World *world)
{
    return g_build_filename(world->live, "home.ldif", NULL);
}

static MemoryStore *open_store(const World *world)
{
    static const char *const unique[] = {"proxyAddresses", NULL};
    g_autofree char *path = home_path(world);
    g_autoptr(GError) error = NULL;
    MemoryStore *store = memory_store(STORE);
    memory_store_set_unique(store, unique);
    return memory_store_set_file(store, path, &error) ? store : NULL;
}

static void open_in_child(void *data)
{
    if (!open_store(data))
        abort();
}

static char *dump_store(void *data)
{
    MemoryStore *store = open_store(data);
    assert_non_null(store);
    char *text = memory_store_dump(store, false);
    memory_store_drop(STORE);
    return text;
}

CrashHome crash_memory_home(const World *world)
{
    return (CrashHome){.open = open_in_child,
                       .dump = dump_store,
                       .file = {"home.ldif", "home.ldif", NULL},
                       .data = (void *)world};
}

void crash_memory_load(const World *world, const char *ldif)
{
    g_autofree char *path = home_path(world);
    write_text(path, ldif);
}

static void must_be_done(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)data;
    if (outcome != OUTCOME_DONE)
        fail_msg("%s: %s", change->dn, error ? error->message : "uncertain");
}

void crash_memory_change(const World *world, const char *ldif)
{
    Endpoint endpoint = {.driver = (char *)"memory", .path = (char *)STORE};
    g_autoptr(GError) error = NULL;
    assert_non_null(open_store(world));
    g_autoptr(Directory) directory = directory_open(&endpoint, &error);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "changes");
    RecordStatus status;
    Change *next;
    while ((status = ldif_read_change(reader, &next, &error)) == RECORD_GOOD) {
        g_autoptr(Change) change = next;
        assert_true(directory_submit(directory, change, must_be_done, NULL, &error));
        assert_true(directory_flush(directory, &error));
    }
    if (status != RECORD_END)
        fail_msg("%s", error->message);
    memory_store_drop(STORE);
}

void crash_memory_age(const World *world, unsigned days)
{
    g_autofree char *path = home_path(world);
    g_autofree char *text = text_of(path);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) then = g_date_time_add_days(now, -(int)days);
    g_autofree char *since = g_date_time_format(then, "dirsyncGraceSince: %Y%m%d%H%M%SZ");
    g_autoptr(GRegex) regex = g_regex_new("^dirsyncGraceSince: .*$", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *aged = g_regex_replace_literal(regex, text, -1, 0, since, 0, NULL);
    assert_string_not_equal(aged, text);
    write_text(path, aged);
}

/* Nothing of cmocka may be used in the child. */
static bool sync_in_child(const World *world, CrashHome home)
{
    g_autoptr(Connector) connector = crash_connector(world, home);
    g_autoptr(GError) error = NULL;
    g_auto(RunResult) result = {0};
    RunOptions options = run_options(connector);
    if (run_sync(connector, &options, &result, &error))
        return true;
    g_printerr("%s\n", error->message);
    return false;
}

void crash_sync(const World *world, CrashHome home)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        crash_own_chance();
        if (home.open)
            home.open(home.data);
        _exit(!sync_in_child(world, home));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
