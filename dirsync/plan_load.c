/*
 * plan_load.c - plan.json, and reading a plan back; see plan.h
 */
#include "dirsync/plan_internal.h"

#include "dirsync/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define PLAN_FORM 3

static const char *const directories[STEPS] = {
    [STEP_IMPORT] = "home", [STEP_ADDRESSES] = "home", [STEP_EXPORT] = "foreign"};

static json_t *step_to_json(const PlanStep *step, Step which)
{
    json_t *waves = json_array();
    for (size_t i = 0; i < step->n_waves; i++)
        json_array_append_new(waves, json_integer((json_int_t)step->waves[i]));
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:I, s:o, s:b}", "step", step_names[which],
                     "file", plan_files[which], "directory", directories[which], "uri", step->uri, "digest",
                     step->digest, "summary", step->summary, "refused", step->refused, "changes",
                     (json_int_t)step->changes, "waves", waves, "asserts", step->asserts);
}

static json_t *head_to_json(const PlanHead *head)
{
    json_t *steps = json_array();
    size_t changes = 0;
    for (int step = 0; step < STEPS; step++)
        if (head->step[step].planned) {
            json_array_append_new(steps, step_to_json(&head->step[step], (Step)step));
            changes += head->step[step].changes;
        }
    return json_pack("{s:i, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:b, s:o}", "format", PLAN_FORM, "run",
                     head->run, "kind", head->kind, "created", head->created, "connector", "name",
                     head->connector_name, "uuid", head->connector_uuid, "path", head->connector_path,
                     "empty", changes == 0, "steps", steps);
}

static bool write_durably(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, PLAN_HEAD, NULL);
    if (!g_file_set_contents_full(path, text, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error))
        return false;
    fault_step("plan head written");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        error_set(error, ERROR_IO, "%s: cannot be written: %s", folder, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool plan_save_head(const char *folder, const PlanHead *head, GError **error)
{
    json_t *json = head_to_json(head);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text) {
        error_set(error, ERROR_IO,
                  "%s: cannot be written as JSON: not enough memory, or a name that is not UTF-8", folder);
        return false;
    }
    bool ok = write_durably(folder, text, error);
    free(text);
    return ok;
}

static char *member(json_t *object, const char *name)
{
    return g_strdup(json_string_value(json_object_get(object, name)));
}

static bool fill_waves(json_t *json, PlanStep *step)
{
    json_t *waves = json_object_get(json, "waves");
    step->changes = (size_t)json_integer_value(json_object_get(json, "changes"));
    step->n_waves = json_array_size(waves);
    step->waves = g_new0(size_t, step->n_waves + 1);
    size_t sum = 0;
    for (size_t i = 0; i < step->n_waves; i++)
        sum += step->waves[i] = (size_t)json_integer_value(json_array_get(waves, i));
    return sum == step->changes;
}

static bool fill_step(json_t *json, PlanHead *head)
{
    const char *name = json_string_value(json_object_get(json, "step"));
    for (int which = 0; which < STEPS; which++) {
        PlanStep *step = &head->step[which];
        if (g_strcmp0(name, step_names[which]) != 0 || step->planned)
            continue;
        step->planned = true;
        step->digest = member(json, "digest");
        step->uri = member(json, "uri");
        step->summary = member(json, "summary");
        step->refused = member(json, "refused");
        step->asserts = json_is_true(json_object_get(json, "asserts"));
        bool ok = step->digest && fill_waves(json, step);
        head->changes += step->changes;
        return ok;
    }
    return false;
}

static bool fill_head(json_t *json, PlanHead *head)
{
    json_t *connector = json_object_get(json, "connector");
    json_t *steps = json_object_get(json, "steps");
    head->run = member(json, "run");
    head->kind = member(json, "kind");
    head->created = member(json, "created");
    head->connector_name = member(connector, "name");
    head->connector_uuid = member(connector, "uuid");
    head->connector_path = member(connector, "path");
    for (size_t i = 0; i < json_array_size(steps); i++)
        if (!fill_step(json_array_get(steps, i), head))
            return false;
    return json_integer_value(json_object_get(json, "format")) == PLAN_FORM && json_array_size(steps) &&
           head->run && head->kind && head->connector_uuid && head->connector_path;
}

/* NULL when every file of the plan is there, else the path of one that is not; g_free(). */
static char *missing_file(const char *folder, const PlanHead *head)
{
    for (int step = 0; step < STEPS; step++) {
        g_autofree char *path = g_build_filename(folder, plan_files[step], NULL);
        if (head->step[step].planned && !g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

bool plan_load(const char *folder, PlanHead *head, GError **error)
{
    *head = (PlanHead){0};
    g_autofree char *path = g_build_filename(folder, PLAN_HEAD, NULL);
    json_error_t why;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json) {
        error_set(error, ERROR_SOURCE, "%s: no plan can be read: %s; make one with dirsync plan -o FOLDER",
                  path, why.text);
        return false;
    }
    bool ok = fill_head(json, head);
    json_decref(json);
    g_autofree char *missing = ok ? missing_file(folder, head) : NULL;
    if (!ok)
        error_set(error, ERROR_SOURCE, "%s: not a plan of this version of dirsync; make a new one", path);
    else if (missing)
        error_set(error, ERROR_SOURCE, "%s: missing; the plan is not whole, make a new one", missing);
    if (!ok || missing)
        plan_head_clear(head);
    return ok && !missing;
}

bool plan_refuse(const char *folder, Step step, const char *why, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    g_free(head.step[step].refused);
    head.step[step].refused = g_strdup(why);
    return plan_save_head(folder, &head, error);
}

struct PlanReader {
    int fd;
    char *path;
    LdifReader *ldif;
};

PlanReader *plan_reader_new(const char *folder, Step step, GError **error)
{
    g_autofree char *path = g_build_filename(folder, plan_files[step], NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(error, ERROR_IO, "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    PlanReader *reader = g_new0(PlanReader, 1);
    reader->fd = fd;
    reader->path = g_steal_pointer(&path);
    reader->ldif = ldif_reader_new(fd, reader->path);
    return reader;
}

void plan_reader_free(PlanReader *reader)
{
    if (!reader)
        return;
    ldif_reader_free(reader->ldif);
    close(reader->fd);
    g_free(reader->path);
    g_free(reader);
}

bool plan_read(PlanReader *reader, Change **change, GError **error)
{
    *change = NULL;
    switch (ldif_read_change(reader->ldif, change, error)) {
    case RECORD_GOOD:
    case RECORD_END:
        return true;
    case RECORD_CUT:
        error_set(error, ERROR_SOURCE, "%s: cut off in the middle; make a new plan", reader->path);
        return false;
    case RECORD_BAD:
    case RECORD_FAILED:
        break;
    }
    return false;
}

bool plan_add_made(const char *folder, Step step, GHashTable *anchors, GError **error)
{
    g_autoptr(PlanReader) reader = plan_reader_new(folder, step, error);
    while (reader) {
        g_autoptr(Change) change = NULL;
        if (!plan_read(reader, &change, error))
            return false;
        if (!change)
            return true;
        if (change->kind != CHANGE_ADD || !change->anchor)
            continue;
        Fingerprint anchor = fingerprint_string(change->anchor);
        g_hash_table_add(anchors, g_memdup2(&anchor, sizeof anchor));
    }
    return false;
}
