/*
 * notify_book.c - see notify_book.h
 *
 * The time stamp of the lock says when something was told that could not be noted.
 */
#include "dirsync/notify_book.h"

#include "dirsync/directory/file_writer.h"
#include "dirsync/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define A_DAY 86400
#define MOST_BYTES (4 * 1024 * 1024)

struct NotifyBook {
    char *path;
    int lock;
    json_t *json;
};

static char *book_path(const Connector *connector, const char *state_folder, const char *name)
{
    g_autofree char *folder = state_folder_of(connector, state_folder);
    return g_build_filename(folder, name, NULL);
}

static json_t *member(json_t *json, const char *name, bool (*is_right)(const json_t *), json_t *(*make)(void))
{
    json_t *found = json_object_get(json, name);
    if (!found || !is_right(found))
        json_object_set_new(json, name, found = make());
    return found;
}

static bool is_object(const json_t *json)
{
    return json_is_object(json);
}

static bool is_array(const json_t *json)
{
    return json_is_array(json);
}

static json_t *load(const char *path)
{
    struct stat status;
    json_t *json = NULL;
    if (stat(path, &status) == 0 && status.st_size <= MOST_BYTES)
        json = json_load_file(path, 0, NULL);
    if (!json_is_object(json)) {
        json_decref(json);
        json = json_object();
    }
    member(json, "told", is_object, json_object);
    member(json, "failing", is_object, json_object);
    member(json, "pending", is_array, json_array);
    return json;
}

static bool take_lock(NotifyBook *book, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    const struct timespec long_ago[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};
    g_mkdir_with_parents(folder, 0700);
    book->lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (book->lock >= 0)
        futimens(book->lock, long_ago);
    else if (errno == EEXIST)
        book->lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (book->lock >= 0 && flock(book->lock, LOCK_EX) == 0)
        return true;
    error_set(error, ERROR_IO, "%s: %s; mend the permissions of the state folder", path, g_strerror(errno));
    return false;
}

NotifyBook *notify_book_open(const Connector *connector, const char *state_folder, GError **error)
{
    g_autoptr(NotifyBook) book = g_new0(NotifyBook, 1);
    g_autofree char *lock = book_path(connector, state_folder, "notify.lock");
    book->path = book_path(connector, state_folder, "notify.json");
    book->lock = -1;
    if (!take_lock(book, lock, error))
        return NULL;
    book->json = load(book->path);
    return g_steal_pointer(&book);
}

void notify_book_close(NotifyBook *book)
{
    if (!book)
        return;
    json_decref(book->json);
    if (book->lock >= 0)
        close(book->lock);
    g_free(book->path);
    g_free(book);
}

json_t *notify_book_json(NotifyBook *book)
{
    return book->json;
}

bool notify_book_save(NotifyBook *book, GError **error)
{
    char *dumped = json_dumps(book->json, JSON_INDENT(1));
    g_autoptr(GString) text = g_string_new(dumped);
    free(dumped);
    g_string_append_c(text, '\n');
    g_autoptr(FileWriter) writer = file_writer_new(book->path, 0600, "utf-8", error);
    return writer && file_writer_put(writer, text, error) && file_writer_commit(writer, error);
}

bool notify_book_may_tell_unsaved(NotifyBook *book)
{
    struct stat status;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    bool may = fstat(book->lock, &status) == 0 && (status.st_mtime > now || now - status.st_mtime >= A_DAY);
    return may && futimens(book->lock, NULL) == 0;
}

json_t *notify_book_peek(const Connector *connector, const char *state_folder)
{
    g_autofree char *path = book_path(connector, state_folder, "notify.json");
    return load(path);
}
