/*
 * file_watch.c - see file_watch.h
 */
#include "dirsync/directory/file_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WRITTEN (IN_CLOSE_WRITE | IN_MOVED_TO)
#define FOLDER_GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)

/* A file to look out for: its folder's watch, and its name there. */
typedef struct {
    int folder;
    char *name;
} Wanted;

typedef struct {
    DirectoryWatch watch;
    const Endpoint *endpoint;
    GArray *wanted;
} FileWatch;

static void wanted_clear(gpointer data)
{
    g_free(((Wanted *)data)->name);
}

static bool look_out_for(FileWatch *self, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    Wanted wanted = {
        .folder = inotify_add_watch(self->watch.descriptor, folder, WRITTEN | FOLDER_GONE | IN_ONLYDIR)};
    if (wanted.folder < 0) {
        error_set(error, ERROR_SOURCE, "%s: its folder cannot be watched: %s", path,
                  errno == ENOSPC ? "the system has no watches left; raise fs.inotify.max_user_watches"
                                  : g_strerror(errno));
        return false;
    }
    wanted.name = g_path_get_basename(path);
    g_array_append_val(self->wanted, wanted);
    return true;
}

static bool look_out_for_all(FileWatch *self, GError **error)
{
    const char *checksum = self->endpoint->checksum;
    char *target = realpath(self->endpoint->path, NULL);
    bool linked = target && strcmp(target, self->endpoint->path) != 0;
    bool good = look_out_for(self, self->endpoint->path, error) &&
                (!linked || look_out_for(self, target, error)) &&
                (!checksum || look_out_for(self, checksum, error));
    free(target);
    return good;
}

static bool is_wanted(const FileWatch *self, const struct inotify_event *event)
{
    for (guint i = 0; event->len && i < self->wanted->len; i++) {
        const Wanted *wanted = &g_array_index(self->wanted, Wanted, i);
        if (wanted->folder == event->wd && !strcmp(wanted->name, event->name))
            return true;
    }
    return false;
}

/* When events were lost anything may have changed. */
static bool take_event(const FileWatch *self, const struct inotify_event *event, bool *changed,
                       GError **error)
{
    if (event->mask & FOLDER_GONE) {
        error_set(error, ERROR_SOURCE, "%s: its folder was moved, removed or unmounted",
                  self->endpoint->path);
        return false;
    }
    if (event->mask & IN_Q_OVERFLOW || (event->mask & WRITTEN && is_wanted(self, event)))
        *changed = true;
    return true;
}

static bool file_watch_take(DirectoryWatch *watch, bool *changed, GError **error)
{
    const FileWatch *self = (const FileWatch *)watch;
    _Alignas(struct inotify_event) char buffer[16 * 1024];
    ssize_t got;
    *changed = false;
    while ((got = read(watch->descriptor, buffer, sizeof buffer)) > 0) {
        for (const char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            if (!take_event(self, event, changed, error))
                return false;
            at += sizeof *event + event->len;
        }
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        error_set(error, ERROR_SOURCE, "%s: cannot be watched: %s", self->endpoint->path, g_strerror(errno));
        return false;
    }
    return true;
}

static void file_watch_close(DirectoryWatch *watch)
{
    FileWatch *self = (FileWatch *)watch;
    if (watch->descriptor >= 0)
        close(watch->descriptor);
    g_array_unref(self->wanted);
    g_free(self);
}

DirectoryWatch *file_watch(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                           GError **error)
{
    (void)requests;
    (void)n_requests;
    FileWatch *self = g_new0(FileWatch, 1);
    self->watch = (DirectoryWatch){.take = file_watch_take, .close = file_watch_close};
    self->endpoint = endpoint;
    self->wanted = g_array_new(FALSE, FALSE, sizeof(Wanted));
    g_array_set_clear_func(self->wanted, wanted_clear);
    self->watch.descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (self->watch.descriptor < 0)
        error_set(error, ERROR_SOURCE, "%s: cannot be watched: %s; raise fs.inotify.max_user_instances",
                  endpoint->path, g_strerror(errno));
    else if (look_out_for_all(self, error))
        return &self->watch;
    file_watch_close(&self->watch);
    return NULL;
}
