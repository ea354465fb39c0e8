/*
 * file_watch.c - see file_watch.h
 */
#include "dirsync/directory/file_watch.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WRITTEN (IN_CLOSE_WRITE | IN_MOVED_TO)
#define FOLDER_GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)
#define MOST_LINKS 40 /* as the kernel */

/* A name to look out for: its folder's watch, and how it is called there. */
typedef struct {
    int folder;
    char *path;
    const char *name; /* the end of it */
} Wanted;

typedef struct {
    DirectoryWatch watch;
    const Endpoint *endpoint;
    GArray *wanted; /* the file, its checksum, and all folders and links on the way to them */
} FileWatch;

static void wanted_clear(gpointer data)
{
    g_free(((Wanted *)data)->path);
}

static GArray *wanted_new(void)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(Wanted));
    g_array_set_clear_func(wanted, wanted_clear);
    return wanted;
}

/* @on_the_way: of a name in a folder that may be gone through and not be read nobody tells. */
static bool look_out_for(FileWatch *self, const char *folder, const char *path, bool on_the_way,
                         GError **error)
{
    Wanted wanted = {.folder = inotify_add_watch(self->watch.descriptor, folder,
                                                 WRITTEN | IN_CREATE | FOLDER_GONE | IN_ONLYDIR)};
    if (wanted.folder < 0 && on_the_way && errno == EACCES)
        return true;
    if (wanted.folder < 0) {
        error_set(error, ERROR_SOURCE, "%s: its folder cannot be watched: %s", path,
                  errno == ENOSPC ? "the system has no watches left; raise fs.inotify.max_user_watches"
                                  : g_strerror(errno));
        return false;
    }
    wanted.path = g_strdup(path);
    wanted.name = strrchr(wanted.path, '/') + 1;
    g_array_append_val(self->wanted, wanted);
    return true;
}

/* --- the way to a file --- */

/* What is left of the way, next part first; a link's target goes before it. Empty parts and "." count for
 * nothing. */
static void go_by(GQueue *parts, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    for (guint i = g_strv_length(names); i-- > 0;)
        if (*names[i] && strcmp(names[i], ".") != 0)
            g_queue_push_head(parts, g_strdup(names[i]));
}

/* One part further from @at, which has no links in it. A name is looked out for before it is read, so that
 * whoever switches it then is told of. */
static bool step(FileWatch *self, GString *at, GQueue *parts, unsigned *links, GError **error)
{
    g_autofree char *name = g_queue_pop_head(parts);
    g_autofree char *path = g_strdup_printf("%s/%s", at->str, name);
    if (!strcmp(name, "..")) {
        const char *last = strrchr(at->str, '/');
        g_string_truncate(at, last ? (gsize)(last - at->str) : 0);
        return true;
    }
    if (!look_out_for(self, at->len ? at->str : "/", path, parts->length, error))
        return false;
    g_autofree char *target = g_file_read_link(path, NULL);
    if (!target) {
        g_string_assign(at, path);
        return true;
    }
    ++*links;
    go_by(parts, target);
    if (*target == '/')
        g_string_truncate(at, 0);
    return true;
}

static bool look_out_along(FileWatch *self, const char *file, GError **error)
{
    g_autofree char *folder = g_get_current_dir();
    g_autofree char *path = g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(folder, file, NULL);
    g_autoptr(GString) at = g_string_new(NULL);
    GQueue parts = G_QUEUE_INIT;
    unsigned links = 0;
    bool good = true;
    go_by(&parts, path);
    while (good && parts.length && links <= MOST_LINKS)
        good = step(self, at, &parts, &links, error);
    if (good && links > MOST_LINKS)
        error_set(error, ERROR_SOURCE, "%s: too many symbolic links, or a circle of them", file);
    g_queue_clear_full(&parts, g_free);
    return good && links <= MOST_LINKS;
}

static bool is_among(const GArray *wanted, int folder)
{
    for (guint i = 0; i < wanted->len; i++)
        if (g_array_index(wanted, Wanted, i).folder == folder)
            return true;
    return false;
}

/* Looks where the links lead now. */
static bool look_out_for_all(FileWatch *self, GError **error)
{
    const char *checksum = self->endpoint->checksum;
    g_autoptr(GArray) before = self->wanted;
    self->wanted = wanted_new();
    if (!look_out_along(self, self->endpoint->path, error) ||
        (checksum && !look_out_along(self, checksum, error)))
        return false;
    for (guint i = 0; i < before->len; i++) {
        int folder = g_array_index(before, Wanted, i).folder;
        if (!is_among(self->wanted, folder))
            inotify_rm_watch(self->watch.descriptor, folder); /* what it tells of that is not ours any more */
    }
    return true;
}

/* --- events --- */

static const Wanted *find_wanted(const FileWatch *self, const struct inotify_event *event)
{
    for (guint i = 0; event->len && i < self->wanted->len; i++) {
        const Wanted *wanted = &g_array_index(self->wanted, Wanted, i);
        if (wanted->folder == event->wd && !strcmp(wanted->name, event->name))
            return wanted;
    }
    return NULL;
}

/* A file that is made is not yet written, a link that is made is all there. When events were lost anything
 * may have changed. */
static bool take_event(FileWatch *self, const struct inotify_event *event, bool *changed, GError **error)
{
    const Wanted *wanted = find_wanted(self, event);
    if (event->mask & FOLDER_GONE && is_among(self->wanted, event->wd)) {
        error_set(error, ERROR_SOURCE, "%s: its folder was moved, removed or unmounted",
                  self->endpoint->path);
        return false;
    }
    bool lost = event->mask & IN_Q_OVERFLOW;
    if (!wanted && !lost)
        return true;
    *changed |= lost || event->mask & WRITTEN || g_file_test(wanted->path, G_FILE_TEST_IS_SYMLINK);
    return look_out_for_all(self, error);
}

static bool file_watch_take(DirectoryWatch *watch, bool *changed, GError **error)
{
    FileWatch *self = (FileWatch *)watch;
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
    self->wanted = wanted_new();
    self->watch.descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (self->watch.descriptor < 0)
        error_set(error, ERROR_SOURCE, "%s: cannot be watched: %s; raise fs.inotify.max_user_instances",
                  endpoint->path, g_strerror(errno));
    else if (look_out_for_all(self, error))
        return &self->watch;
    file_watch_close(&self->watch);
    return NULL;
}
