/*
 * check_state.c - see check_state.h
 *
 * What is not there yet is made by the first run: then it is the nearest folder
 * above it that must let us write.
 */
#include "dirsync/check_state.h"

#include "dirsync/check_server.h"
#include "dirsync/state.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MEBIBYTE (1024 * 1024)
#define ROOM_MIN (64 * (guint64)MEBIBYTE) /* plans, and the log that SQLite keeps */

/* "dirsync (998)"; g_free(). */
static char *name_of_user(uid_t id)
{
    const struct passwd *user = getpwuid(id);
    return user ? g_strdup(user->pw_name) : g_strdup_printf("user %u", (unsigned)id);
}

static bool may_write(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

static void refuse_to_write(const char *what, const char *path, GPtrArray *findings)
{
    g_autofree char *why = g_strdup(g_strerror(errno));
    g_autofree char *us = name_of_user(geteuid());
    finding_add(findings, FINDING_ERROR, ERROR_IO,
                "give it to who runs dirsync (chown), or name another folder with --state or "
                "<state folder=\"…\">",
                "%s %s: %s cannot write there: %s", what, path, us, why);
}

/* --- a folder that is there --- */

/* With <state readers=""> others may pass through the folder of all connectors. */
static mode_t allowed_mode(const Connector *connector, bool top)
{
    return top && connector->organisation->readers ? 02710 : 02700;
}

static void check_mode(const Connector *connector, const char *path, bool top, mode_t mode,
                       GPtrArray *findings)
{
    mode_t allowed = allowed_mode(connector, top);
    if (!(mode & 07777 & ~allowed))
        return;
    g_autofree char *remedy = g_strdup_printf("chmod %04o %s", mode & allowed, path);
    finding_add(findings, FINDING_WARNING, ERROR_STATE, remedy,
                "state folder %s: others may %s it (mode %04o), and what it remembers is about people", path,
                mode & 0022 ? "write into" : "look into", mode & 07777);
}

static void check_owner(const char *path, uid_t owner, GPtrArray *findings)
{
    if (owner == geteuid())
        return;
    g_autofree char *theirs = name_of_user(owner), *ours = name_of_user(geteuid());
    g_autofree char *remedy = g_strdup_printf(
        "run dirsync as %s, always; or give the folder to %s: chown -R %s %s", theirs, ours, ours, path);
    finding_add(findings, FINDING_WARNING, ERROR_STATE, remedy,
                "state folder %s: belongs to %s, but this is %s: files that one of them makes keep the other "
                "from running",
                path, theirs, ours);
}

/* True: it can be used. */
static bool check_folder(const Connector *connector, const char *path, bool top, GPtrArray *findings)
{
    struct stat folder;
    if (stat(path, &folder) != 0 || !may_write(path)) {
        refuse_to_write("state folder", path, findings);
        return false;
    }
    check_owner(path, folder.st_uid, findings);
    check_mode(connector, path, top, folder.st_mode, findings);
    return true;
}

/* --- one that is not --- */

/* The nearest one above that is there; g_free(). */
static char *nearest(const char *path)
{
    g_autofree char *above = g_path_get_dirname(path);
    return access(above, F_OK) == 0 || !strcmp(above, path) ? g_steal_pointer(&above) : nearest(above);
}

/* The folder that will be written to, and is there; NULL: none can be. g_free(). */
static char *usable_place(const Connector *connector, const char *top, const char *own, GPtrArray *findings)
{
    const char *const paths[] = {top, own};
    g_autofree char *last = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (access(paths[i], F_OK) != 0 && errno == ENOENT)
            break;
        if (!check_folder(connector, paths[i], i == 0, findings))
            return NULL;
        g_free(last);
        last = g_strdup(paths[i]);
    }
    if (last)
        return g_steal_pointer(&last);
    g_autofree char *above = nearest(top);
    if (may_write(above))
        return g_steal_pointer(&above);
    refuse_to_write("no state folder yet, and", above, findings);
    return NULL;
}

/* --- room --- */

static guint64 size_of(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat file;
    return stat(path, &file) == 0 ? (guint64)file.st_size : 0;
}

/* A run may write as much again as is there: pages into the log first. */
static void check_room(const char *place, const char *own, GPtrArray *findings)
{
    static const char remedy[] = "free some space, or have fewer old runs kept: <history> in "
                                 "dirsync-definitions(5)";
    struct statvfs disk;
    guint64 wanted = MAX(ROOM_MIN, 2 * (size_of(own, "state.db") + size_of(own, "foreign.db")));
    if (statvfs(place, &disk) != 0)
        return;
    guint64 room = (guint64)disk.f_bavail * disk.f_frsize;
    if (room < wanted)
        finding_add(findings, FINDING_WARNING, ERROR_IO, remedy,
                    "state folder %s: %" G_GUINT64_FORMAT " MiB are free on its disk, and %" G_GUINT64_FORMAT
                    " MiB may be needed",
                    place, room / MEBIBYTE, wanted / MEBIBYTE);
    if (disk.f_files && !disk.f_favail)
        finding_add(findings, FINDING_ERROR, ERROR_IO, remedy,
                    "state folder %s: its disk takes no more files (no inodes are free)", place);
}

/* --- what is in it --- */

static void check_holder(const Connector *connector, const char *folder, GPtrArray *findings)
{
    g_auto(LockHolder) holder = {0};
    state_lock_holder(connector, folder, &holder);
    if (!holder.held)
        return;
    if (holder.pid && holder.who)
        finding_add(findings, FINDING_NOTE, ERROR_LOCKED, "another run has to wait until it has ended",
                    "a run is going on: since %s, by %s, process %d", holder.since, holder.who, holder.pid);
    else
        finding_add(findings, FINDING_NOTE, ERROR_LOCKED, "another run has to wait until it has ended",
                    "a run is going on");
}

void check_state(const Connector *connector, const char *folder, GPtrArray *findings)
{
    g_autofree char *top = state_place(connector, folder);
    g_autofree char *own = state_folder_of(connector, folder);
    guint before = findings->len;
    g_autofree char *place = usable_place(connector, top, own, findings);
    GError *error = NULL;
    if (!place)
        return;
    check_room(place, own, findings);
    if (!state_look(connector, folder, &error))
        check_add_error(findings, error);
    g_clear_error(&error);
    bool there = !strcmp(place, own);
    if (findings->len == before && there)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "state folder %s: is ours and in order", own);
    else if (findings->len == before)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "state folder %s: the first run will make it",
                    own);
    check_holder(connector, folder, findings);
}
