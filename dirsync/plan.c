/*
 * plan.c - writing a plan; see plan.h
 *
 * Changes are appended to work files as they come, with an index of where each
 * one stands; finishing copies them in the order of their waves. The undo holds
 * the inverse of each change, in exactly the reverse order.
 */
#include "dirsync/plan_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    unsigned wave;
    uint64_t start[2]; /* FORWARD, UNDO */
    uint32_t length[2];
} Placed;

enum { FORWARD, UNDO };

struct PlanWriter {
    char *folder, *undo;
    bool asserts, finished;
    FILE *work[2];
    uint64_t size[2];
    GArray *placed; /* of Placed */
    GString *text;
};

void plan_head_clear(PlanHead *head)
{
    g_free(head->run);
    g_free(head->kind);
    g_free(head->created);
    g_free(head->connector_path);
    g_free(head->connector_name);
    g_free(head->connector_uuid);
    g_free(head->digest);
    g_free(head->uri);
    g_free(head->summary);
    g_free(head->refused);
    g_free(head->waves);
    *head = (PlanHead){0};
}

static bool io_error(GError **error, const char *path, const char *what)
{
    error_set(error, ERROR_IO, "%s: cannot %s: %s", path, what, g_strerror(errno));
    return false;
}

static bool make_plan_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) != 0)
        return io_error(error, path, "make the plan's folder");
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    if (dir && !g_dir_read_name(dir))
        return true;
    error_set(error, ERROR_IO, "%s: exists and is not empty; name a new folder for the plan", path);
    return false;
}

static FILE *open_work(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "changes.work", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (!file)
        io_error(error, path, "be written");
    return file;
}

PlanWriter *plan_writer_new(const char *folder, bool asserts, GError **error)
{
    if (!make_plan_folder(folder, error))
        return NULL;
    g_autoptr(PlanWriter) writer = g_new0(PlanWriter, 1);
    writer->folder = g_strdup(folder);
    writer->undo = g_build_filename(folder, PLAN_UNDO, NULL);
    writer->asserts = asserts;
    writer->placed = g_array_new(FALSE, FALSE, sizeof(Placed));
    writer->text = g_string_new(NULL);
    if (!make_plan_folder(writer->undo, error) ||
        !(writer->work[FORWARD] = open_work(writer->folder, error)) ||
        !(writer->work[UNDO] = open_work(writer->undo, error)))
        return NULL;
    return g_steal_pointer(&writer);
}

static bool append_record(PlanWriter *writer, int side, const Change *change, Placed *placed, GError **error)
{
    g_string_truncate(writer->text, 0);
    ldif_write_change(writer->text, change, writer->asserts);
    placed->start[side] = writer->size[side];
    placed->length[side] = (uint32_t)writer->text->len;
    writer->size[side] += writer->text->len;
    if (fwrite(writer->text->str, 1, writer->text->len, writer->work[side]) == writer->text->len)
        return true;
    return io_error(error, side ? writer->undo : writer->folder, "be written");
}

bool plan_add(PlanWriter *writer, const Change *change, const Change *inverse, GError **error)
{
    Placed placed = {.wave = change->wave};
    if (!append_record(writer, FORWARD, change, &placed, error) ||
        !append_record(writer, UNDO, inverse, &placed, error))
        return false;
    g_array_append_val(writer->placed, placed);
    return true;
}

size_t plan_changes(const PlanWriter *writer)
{
    return writer->placed->len;
}

static gint compare_placed(gconstpointer a, gconstpointer b)
{
    const Placed *x = a, *y = b;
    if (x->wave != y->wave)
        return x->wave < y->wave ? -1 : 1;
    return (x->start[FORWARD] > y->start[FORWARD]) - (x->start[FORWARD] < y->start[FORWARD]);
}

static bool copy_record(PlanWriter *writer, int side, const Placed *placed, FILE *out)
{
    g_string_set_size(writer->text, placed->length[side]);
    return fseeko(writer->work[side], (off_t)placed->start[side], SEEK_SET) == 0 &&
           fread(writer->text->str, 1, placed->length[side], writer->work[side]) == placed->length[side] &&
           fwrite(writer->text->str, 1, placed->length[side], out) == placed->length[side];
}

static bool copy_sorted(PlanWriter *writer, int side, FILE *out)
{
    guint n = writer->placed->len;
    fputs("version: 1\n\n", out);
    for (guint i = 0; i < n; i++) {
        guint at = side == FORWARD ? i : n - 1 - i;
        if (!copy_record(writer, side, &g_array_index(writer->placed, Placed, at), out))
            return false;
    }
    return fflush(out) == 0 && fsync(fileno(out)) == 0;
}

static bool write_changes(PlanWriter *writer, int side, GError **error)
{
    const char *folder = side == FORWARD ? writer->folder : writer->undo;
    g_autofree char *path = g_build_filename(folder, PLAN_CHANGES, NULL);
    g_autofree char *work = g_build_filename(folder, "changes.work", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool ok = out && copy_sorted(writer, side, out);
    if (!ok)
        io_error(error, path, "be written");
    if (out)
        fclose(out);
    fclose(writer->work[side]);
    writer->work[side] = NULL;
    unlink(work);
    return ok;
}

static void count_waves(const PlanWriter *writer, PlanHead *head)
{
    guint n = writer->placed->len;
    head->changes = n;
    head->n_waves = n ? g_array_index(writer->placed, Placed, n - 1).wave : 0;
    head->waves = g_new0(size_t, head->n_waves + 1);
    for (guint i = 0; i < n; i++)
        head->waves[g_array_index(writer->placed, Placed, i).wave - 1]++;
}

static void reverse_waves(PlanHead *head)
{
    for (size_t i = 0; i < head->n_waves / 2; i++) {
        size_t other = head->waves[head->n_waves - 1 - i];
        head->waves[head->n_waves - 1 - i] = head->waves[i];
        head->waves[i] = other;
    }
}

bool plan_writer_finish(PlanWriter *writer, const PlanHead *given, GError **error)
{
    g_array_sort(writer->placed, compare_placed);
    if (!write_changes(writer, FORWARD, error) || !write_changes(writer, UNDO, error))
        return false;
    PlanHead head = *given; /* borrows the strings */
    head.asserts = writer->asserts;
    count_waves(writer, &head);
    reverse_waves(&head);
    head.kind = (char *)"undo";
    bool ok = plan_save_head(writer->undo, &head, error);
    reverse_waves(&head);
    head.kind = (char *)"plan";
    ok = ok && plan_save_head(writer->folder, &head, error);
    g_free(head.waves);
    writer->finished = ok;
    return ok;
}

void plan_writer_free(PlanWriter *writer)
{
    if (!writer)
        return;
    for (int side = FORWARD; side <= UNDO; side++)
        if (writer->work[side])
            fclose(writer->work[side]);
    if (!writer->finished)
        plan_remove(writer->folder);
    if (writer->placed)
        g_array_unref(writer->placed);
    if (writer->text)
        g_string_free(writer->text, TRUE);
    g_free(writer->folder);
    g_free(writer->undo);
    g_free(writer);
}

static void remove_files(const char *folder)
{
    static const char *const names[] = {PLAN_HEAD, PLAN_CHANGES, "changes.work", PLAN_HEAD ".new"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        unlink(path);
    }
}

void plan_remove(const char *folder)
{
    g_autofree char *undo = g_build_filename(folder, PLAN_UNDO, NULL);
    remove_files(undo);
    rmdir(undo);
    remove_files(folder);
    rmdir(folder);
}
