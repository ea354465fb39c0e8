/*
 * generator_load.c - from a name to the functions of a plugin
 *
 * Loading a plugin is running it, so everything is checked before, and on the
 * descriptor that is then loaded: between check and loading nobody can put another
 * file in its place. Folder and file must be such that only root and the running
 * user could have written them; that is why the folder may come from the
 * environment.
 *
 * A plugin stays loaded, and its descriptor open, until the process ends. dlopen()
 * takes equal names for the same object, and the name here is the descriptor's
 * number: were it used again while the object is still loaded, another file would
 * seem to be loaded already. Unloading could not be relied on anyway, since an object
 * may ask not to be.
 */
#include "proxygen/generator_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define NAME_LENGTH 128  /* of a file */
#define CAUSE_LENGTH 512 /* of what dlopen() says */

const char *generator_folder(const char *of_definition)
{
    if (of_definition && *of_definition)
        return of_definition;
    const char *of_environment = secure_getenv("DIRSYNC_GENERATORS");
    return of_environment && *of_environment ? of_environment : DIRSYNC_GENERATORS_DIR;
}

/* --- the file ----------------------------------------------------------------------------------- */

static bool name_is_safe(const char *name, GError **error)
{
    static const char characters[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._+-";
    size_t len = strnlen(name, NAME_LENGTH + 1);
    if (len > 0 && len <= NAME_LENGTH && name[0] != '.' && strspn(name, characters) == len)
        return true;
    g_autofree char *shown = answer_text(name, NAME_LENGTH);
    error_set(error, ERROR_DEFINITION,
              "generator \"%s\": is no file name; give the name alone, of letters, digits and . _ + -, not "
              "beginning with a dot, at most %d characters, and put the file into the generator folder",
              shown, NAME_LENGTH);
    return false;
}

bool plugin_only_we_write(const struct stat *status, const char *path, GError **error)
{
    if (status->st_uid != 0 && status->st_uid != geteuid())
        error_set(error, ERROR_DEFINITION,
                  "%s: belongs to another user (%u); chown it to root or to the user dirsync runs as", path,
                  (unsigned)status->st_uid);
    else if (status->st_mode & (S_IWGRP | S_IWOTH))
        error_set(error, ERROR_DEFINITION,
                  "%s: others than its owner can write to it (mode %04o); chmod go-w %s", path,
                  (unsigned)(status->st_mode & 07777), path);
    else
        return true;
    return false;
}

static int open_folder(const char *folder, GError **error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        error_set(error, ERROR_DEFINITION,
                  "generator folder %s: is not a folder, or a link to one; name the folder itself", folder);
    else if (fd < 0 || fstat(fd, &status) < 0)
        error_set(error, ERROR_DEFINITION,
                  "generator folder %s: cannot be opened: %s; make it or name another one, in the definition "
                  "or in DIRSYNC_GENERATORS",
                  folder, g_strerror(errno));
    else if (plugin_only_we_write(&status, folder, error))
        return fd;
    else
        g_prefix_error(error, "generator folder ");
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool digest_file(int fd, char digest[PLUGIN_DIGEST_SIZE])
{
    g_autofree char *buffer = g_malloc(65536);
    XXH3_state_t *state = XXH3_createState();
    bool read_all = state && XXH3_128bits_reset(state) == XXH_OK;
    ssize_t n = 1;
    for (off_t at = 0; read_all && n != 0; at += n) {
        n = TEMP_FAILURE_RETRY(pread(fd, buffer, 65536, at));
        read_all = n >= 0 && XXH3_128bits_update(state, buffer, (size_t)n) == XXH_OK;
    }
    if (read_all) {
        XXH128_hash_t hash = XXH3_128bits_digest(state);
        g_snprintf(digest, PLUGIN_DIGEST_SIZE, "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                   (guint64)hash.high64, (guint64)hash.low64);
    }
    XXH3_freeState(state);
    return read_all;
}

static void explain_open(const char *path, GError **error)
{
    if (errno == ENOENT)
        error_set(error, ERROR_DEFINITION, "generator %s: is not there; install it, or mend its name", path);
    else if (errno == ELOOP)
        error_set(error, ERROR_DEFINITION, "generator %s: is a link; put the file itself there", path);
    else
        error_set(error, ERROR_DEFINITION, "generator %s: cannot be opened: %s", path, g_strerror(errno));
}

/* Not blocking, lest a named pipe of that name stop the run. */
static bool open_file(int folder, const char *path, PluginFile *found, GError **error)
{
    struct stat status;
    found->fd = openat(folder, found->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (found->fd < 0 || fstat(found->fd, &status) < 0) {
        explain_open(path, error);
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(error, ERROR_DEFINITION, "generator %s: is not a regular file; put a shared object there",
                  path);
        return false;
    }
    if (!plugin_only_we_write(&status, path, error)) {
        g_prefix_error(error, "generator ");
        return false;
    }
    found->device = status.st_dev;
    found->inode = status.st_ino;
    if (!digest_file(found->fd, found->digest)) {
        error_set(error, ERROR_DEFINITION, "generator %s: cannot be read: %s", path, g_strerror(errno));
        return false;
    }
    return true;
}

bool plugin_file_find(const char *folder, const char *name, PluginFile *found, GError **error)
{
    *found = (PluginFile){.fd = -1};
    if (!name_is_safe(name, error))
        return false;
    found->name = g_strdup(name);
    int folder_fd = open_folder(folder, error);
    if (folder_fd < 0)
        return false;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    bool good = open_file(folder_fd, path, found, error);
    close(folder_fd);
    return good;
}

void plugin_file_clear(PluginFile *file)
{
    g_clear_pointer(&file->name, g_free);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

/* --- what is loaded ----------------------------------------------------------------------------- */

typedef struct {
    PluginFile file;
    void *object;
    const ProxygenGenerator *functions; /* NULL until they were found good */
} Plugin;

/* Every plugin of this process; one for each file, however many sessions it has. */
static GPtrArray *loaded;

static Plugin *loaded_find(const PluginFile *file)
{
    for (guint i = 0; loaded && i < loaded->len; i++) {
        Plugin *plugin = g_ptr_array_index(loaded, i);
        if (plugin->file.device == file->device && plugin->file.inode == file->inode)
            return plugin;
    }
    return NULL;
}

/* The descriptor goes over to the plugin. */
static Plugin *load_object(PluginFile *file, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", file->fd);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        const char *told = dlerror(); /* with names out of the file in it */
        size_t prefix = g_str_has_prefix(told, path) ? strlen(path) + strlen(":") : 0;
        g_autofree char *cause = answer_text(told + MIN(prefix, strlen(told)), CAUSE_LENGTH);
        error_set(error, ERROR_DEFINITION,
                  "generator %s: cannot be loaded: %s; it must be a shared object for this machine, linked "
                  "with all that it needs",
                  file->name, cause);
        return NULL;
    }
    Plugin *plugin = g_new0(Plugin, 1);
    *plugin = (Plugin){.file = *file, .object = object};
    *file = (PluginFile){.fd = -1};
    if (!loaded)
        loaded = g_ptr_array_new();
    g_ptr_array_add(loaded, plugin);
    return plugin;
}

static Plugin *find_or_load(PluginFile *file, GError **error)
{
    Plugin *plugin = loaded_find(file);
    if (!plugin)
        return load_object(file, error);
    if (strcmp(plugin->file.digest, file->digest) == 0)
        return plugin;
    error_set(error, ERROR_DEFINITION,
              "generator %s: was written over while it is in use; start again, and next time put a new file "
              "in its place (install, mv)",
              file->name);
    return NULL;
}

const ProxygenGenerator *plugin_load(PluginFile *file, GError **error)
{
    Plugin *plugin = find_or_load(file, error);
    if (!plugin || plugin->functions)
        return plugin ? plugin->functions : NULL;
    ProxygenEntry entry;
    *(void **)&entry = dlsym(plugin->object, PROXYGEN_ENTRY); /* as POSIX wants it for functions */
    if (!entry) {
        error_set(error, ERROR_DEFINITION,
                  "generator %s: has no function %s(), so it is no generator; name another file",
                  plugin->file.name, PROXYGEN_ENTRY);
        return NULL;
    }
    const ProxygenGenerator *functions = entry(PROXYGEN_ABI);
    if (plugin_is_described(functions, plugin->file.name, error))
        plugin->functions = functions;
    return plugin->functions;
}

bool generator_probe(const char *folder, const char *file, ProxygenVersion *version, GError **error)
{
    g_auto(PluginFile) found = {.fd = -1};
    const ProxygenGenerator *functions =
        plugin_file_find(folder, file, &found, error) ? plugin_load(&found, error) : NULL;
    if (functions && version)
        *version = functions->version;
    return functions;
}
