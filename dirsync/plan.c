/*
 * plan.c - writing a plan; see plan.h
 *
 * Changes are appended to work files as they come; finishing copies them in the
 * order of their waves. The undo holds the inverse of each change, in exactly the
 * reverse order. Memory has eight bytes a change: its wave, and where it stands in
 * the work file, which says where its inverse stands.
 */
#include "dirsync/plan_internal.h"

#include "dirsync/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW ((size_t)256 * 1024) /* of a file in memory */

enum { FORWARD, UNDO };

/* Before each change in the work file. */
typedef struct {
    uint64_t undo;      /* where its inverse begins */
    uint32_t length[2]; /* FORWARD, UNDO */
} Lengths;

/* Wave and place of a change, in the order in which they are written. */
typedef uint64_t Placed;
#define PLACE_BITS 40
#define LAST_PLACE ((UINT64_C(1) << PLACE_BITS) - 1)
#define LAST_WAVE ((UINT64_C(1) << (64 - PLACE_BITS)) - 1)

struct PlanWriter {
    Step step;
    char *folder, *undo;
    bool asserts, finished;
    FILE *work[2];
    char *buffer[2]; /* theirs: what glibc would take itself is small */
    uint64_t size[2];
    GArray *placed; /* of Placed */
    GString *text;
};

const char *const plan_files[STEPS] = {
    [STEP_IMPORT] = "1-home.ldif", [STEP_ADDRESSES] = "2-addresses.ldif", [STEP_EXPORT] = "3-foreign.ldif"};

static void plan_step_clear(PlanStep *step)
{
    g_free(step->digest);
    g_free(step->uri);
    g_free(step->summary);
    g_free(step->refused);
    g_free(step->waves);
}

void plan_head_clear(PlanHead *head)
{
    for (int step = 0; step < STEPS; step++)
        plan_step_clear(&head->step[step]);
    g_free(head->run);
    g_free(head->kind);
    g_free(head->created);
    g_free(head->connector_path);
    g_free(head->connector_name);
    g_free(head->connector_uuid);
    *head = (PlanHead){0};
}

static bool io_error(GError **error, const char *path, const char *what)
{
    error_set(error, ERROR_IO, "%s: cannot %s: %s", path, what, g_strerror(errno));
    return false;
}

/* Empty, or with the earlier steps of the plan. */
static bool may_hold_step(const char *path, Step step)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    if (dir && !g_dir_read_name(dir))
        return true;
    g_autofree char *head = g_build_filename(path, PLAN_HEAD, NULL);
    g_autofree char *changes = g_build_filename(path, plan_files[step], NULL);
    return dir && g_file_test(head, G_FILE_TEST_EXISTS) && !g_file_test(changes, G_FILE_TEST_EXISTS);
}

static bool make_plan_folder(const char *path, Step step, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) != 0)
        return io_error(error, path, "make the plan's folder");
    if (may_hold_step(path, step))
        return true;
    error_set(error, ERROR_IO, "%s: exists and is not empty; name a new folder for the plan", path);
    return false;
}

static FILE *open_work(const char *folder, char **buffer, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "changes.work", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (!file) {
        io_error(error, path, "be written");
        return NULL;
    }
    *buffer = g_malloc(WINDOW);
    setvbuf(file, *buffer, _IOFBF, WINDOW);
    return file;
}

PlanWriter *plan_writer_new(const char *folder, Step step, bool asserts, GError **error)
{
    if (!make_plan_folder(folder, step, error))
        return NULL;
    g_autoptr(PlanWriter) writer = g_new0(PlanWriter, 1);
    writer->step = step;
    writer->folder = g_strdup(folder);
    writer->undo = g_build_filename(folder, PLAN_UNDO, NULL);
    writer->asserts = asserts;
    writer->placed = g_array_new(FALSE, FALSE, sizeof(Placed));
    writer->text = g_string_new(NULL);
    if (!make_plan_folder(writer->undo, step, error) ||
        !(writer->work[FORWARD] = open_work(writer->folder, &writer->buffer[FORWARD], error)) ||
        !(writer->work[UNDO] = open_work(writer->undo, &writer->buffer[UNDO], error)))
        return NULL;
    fault_step("plan begun");
    return g_steal_pointer(&writer);
}

static bool append(PlanWriter *writer, int side, const void *data, size_t len, GError **error)
{
    writer->size[side] += len;
    return fwrite(data, 1, len, writer->work[side]) == len ||
           io_error(error, side ? writer->undo : writer->folder, "be written");
}

static const GString *record_of(PlanWriter *writer, const Change *change, uint32_t *length)
{
    g_string_truncate(writer->text, 0);
    ldif_write_change(writer->text, change, writer->asserts);
    *length = (uint32_t)writer->text->len;
    return writer->text;
}

bool plan_add(PlanWriter *writer, const Change *change, const Change *inverse, GError **error)
{
    Lengths lengths = {.undo = writer->size[UNDO]};
    Placed placed = (Placed)change->wave << PLACE_BITS | writer->size[FORWARD];
    if (writer->size[FORWARD] > LAST_PLACE || change->wave > LAST_WAVE) {
        error_set(error, ERROR_IO, "%s: the plan is too large; plan with --only, part by part",
                  writer->folder);
        return false;
    }
    const GString *text = record_of(writer, inverse, &lengths.length[UNDO]);
    if (!append(writer, UNDO, text->str, text->len, error))
        return false;
    text = record_of(writer, change, &lengths.length[FORWARD]);
    if (!append(writer, FORWARD, &lengths, sizeof lengths, error) ||
        !append(writer, FORWARD, text->str, text->len, error))
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
    return (*x > *y) - (*x < *y);
}

/** A part of a work file in memory: records are read one after the other, the undo's from the end. */
typedef struct {
    GByteArray *bytes;
    uint64_t start; /* of what is in it */
} Window;

/* What is at that place of the work file, until the next is asked for; @back: what is before it comes next.
 * NULL: it cannot be read, see errno. */
static const void *look_at(PlanWriter *writer, int side, uint64_t start, size_t length, bool back,
                           Window *window)
{
    uint64_t first = start, end = start + length;
    if (start < window->start || end > window->start + window->bytes->len) {
        if (back)
            first = MIN(start, end - MIN(end, WINDOW));
        else
            end = MAX(end, MIN(start + WINDOW, writer->size[side]));
        g_byte_array_set_size(window->bytes, (guint)(end - first));
        window->start = first;
        if (fseeko(writer->work[side], (off_t)first, SEEK_SET) != 0 ||
            fread(window->bytes->data, 1, window->bytes->len, writer->work[side]) != window->bytes->len)
            return NULL;
    }
    return window->bytes->data + (start - window->start);
}

static bool copy_record(PlanWriter *writer, int side, Placed placed, Window windows[2], FILE *out)
{
    uint64_t place = placed & LAST_PLACE;
    bool back = side == UNDO;
    Lengths lengths;
    const void *bytes = look_at(writer, FORWARD, place, sizeof lengths, back, &windows[FORWARD]);
    if (!bytes)
        return false;
    memcpy(&lengths, bytes, sizeof lengths);
    uint64_t start = back ? lengths.undo : place + sizeof lengths;
    bytes = look_at(writer, side, start, lengths.length[side], back, &windows[side]);
    return bytes && fwrite(bytes, 1, lengths.length[side], out) == lengths.length[side];
}

static bool copy_sorted(PlanWriter *writer, int side, FILE *out)
{
    guint n = writer->placed->len;
    g_autoptr(GByteArray) forward = g_byte_array_new();
    g_autoptr(GByteArray) undo = g_byte_array_new();
    Window windows[2] = {{forward, 0}, {undo, 0}};
    fputs("version: 1\n\n", out);
    for (guint i = 0; i < n; i++)
        if (!copy_record(writer, side, g_array_index(writer->placed, Placed, side == FORWARD ? i : n - 1 - i),
                         windows, out))
            return false;
    return fflush(out) == 0 && fsync(fileno(out)) == 0;
}

static bool write_changes(PlanWriter *writer, int side, GError **error)
{
    const char *folder = side == FORWARD ? writer->folder : writer->undo;
    g_autofree char *path = g_build_filename(folder, plan_files[writer->step], NULL);
    g_autofree char *work = g_build_filename(folder, "changes.work", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    g_autofree char *buffer = g_malloc(WINDOW);
    if (out)
        setvbuf(out, buffer, _IOFBF, WINDOW);
    bool ok = out && copy_sorted(writer, side, out);
    if (!ok)
        io_error(error, path, "be written");
    if (out)
        fclose(out);
    fault_step("plan file written");
    fclose(writer->work[side]);
    writer->work[side] = NULL;
    unlink(work);
    return ok;
}

/* Waves without a change do not count. */
static void count_waves(const PlanWriter *writer, PlanStep *step)
{
    guint n = writer->placed->len;
    unsigned last = 0;
    step->changes = n;
    step->waves = g_new0(size_t, n + 1);
    for (guint i = 0; i < n; i++) {
        unsigned wave = (unsigned)(g_array_index(writer->placed, Placed, i) >> PLACE_BITS);
        step->n_waves += wave != last;
        last = wave;
        step->waves[step->n_waves - 1]++;
    }
}

static void reverse_waves(PlanStep *step)
{
    for (size_t i = 0; i < step->n_waves / 2; i++) {
        size_t other = step->waves[step->n_waves - 1 - i];
        step->waves[step->n_waves - 1 - i] = step->waves[i];
        step->waves[i] = other;
    }
}

/* The head of @folder with this step in it; the earlier steps are those that are there already. */
static bool save_step(const PlanWriter *writer, const char *folder, const char *kind, const PlanHead *given,
                      const PlanStep *step, GError **error)
{
    g_autofree char *path = g_build_filename(folder, PLAN_HEAD, NULL);
    g_auto(PlanHead) before = {0};
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !plan_load(folder, &before, error))
        return false;
    PlanHead head = *given; /* borrows the strings */
    head.kind = (char *)kind;
    memcpy(head.step, before.step, sizeof head.step);
    head.step[writer->step] = *step;
    return plan_save_head(folder, &head, error);
}

bool plan_writer_finish(PlanWriter *writer, const PlanHead *head, GError **error)
{
    g_array_sort(writer->placed, compare_placed);
    if (!write_changes(writer, UNDO, error) || !write_changes(writer, FORWARD, error))
        return false;
    PlanStep step = head->step[writer->step];
    step.planned = true;
    step.asserts = writer->asserts;
    count_waves(writer, &step);
    reverse_waves(&step);
    bool ok = save_step(writer, writer->undo, "undo", head, &step, error);
    reverse_waves(&step);
    ok = ok && save_step(writer, writer->folder, "plan", head, &step, error);
    g_free(step.waves);
    writer->finished = ok;
    return ok;
}

static void remove_step(const char *folder, Step step)
{
    const char *const names[] = {plan_files[step], "changes.work"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        unlink(path);
    }
}

/* What this step wrote; the folder too when nothing else is in it. */
static void give_up(const PlanWriter *writer)
{
    g_autofree char *head = g_build_filename(writer->folder, PLAN_HEAD, NULL);
    remove_step(writer->undo, writer->step);
    remove_step(writer->folder, writer->step);
    if (!g_file_test(head, G_FILE_TEST_EXISTS))
        plan_remove(writer->folder);
}

void plan_writer_free(PlanWriter *writer)
{
    if (!writer)
        return;
    for (int side = FORWARD; side <= UNDO; side++) {
        if (writer->work[side])
            fclose(writer->work[side]);
        g_free(writer->buffer[side]);
    }
    if (!writer->finished)
        give_up(writer);
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
    const char *const names[] = {PLAN_HEAD,
                                 plan_files[STEP_IMPORT],
                                 plan_files[STEP_ADDRESSES],
                                 plan_files[STEP_EXPORT],
                                 "changes.work",
                                 PLAN_HEAD_NEW};
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
    fault_step("undo removed");
    remove_files(folder);
    fault_step("plan removed");
    rmdir(folder);
}
