/*
 * run_result.c - what a run came to, in words and figures
 */
#include "dirsync/run.h"

#include "dirsync/text_json.h"

#include <jansson.h>
#include <string.h>

void run_result_clear(RunResult *result)
{
    g_free(result->id);
    g_free(result->folder);
    for (int step = 0; step < STEPS; step++) {
        g_free(result->step[step].full_reason);
        g_free(result->step[step].partial_reason);
    }
    *result = (RunResult){0};
}

size_t run_planned(const RunResult *result)
{
    size_t sum = 0;
    for (int step = 0; step < STEPS; step++)
        sum += result->step[step].planned;
    return sum;
}

size_t run_left_over(const RunResult *result)
{
    size_t sum = 0;
    for (int step = 0; step < STEPS; step++)
        sum += result->step[step].left_over;
    return sum;
}

/* "48119" -> "48,119" */
static char *grouped(size_t number)
{
    g_autofree char *digits = g_strdup_printf("%zu", number);
    GString *text = g_string_new(NULL);
    size_t len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

static void append_step(GString *text, Step step, const StepResult *result)
{
    g_string_append_printf(text, "%s%s:", text->len ? "\n" : "", step_names[step]);
    for (int i = 0; i < COUNTS; i++) {
        g_autofree char *number = grouped(result->counts.of[i]);
        g_string_append_printf(text, "%s %s %s", i ? "," : "", number, count_names[i]);
    }
    g_string_append_printf(text, " in %.1f s", result->seconds);
    if (result->full_reason)
        g_string_append_printf(text, "; everything was read: %s", result->full_reason);
}

char *run_summary(const RunResult *result)
{
    GString *text = g_string_new(NULL);
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].ran)
            append_step(text, (Step)step, &result->step[step]);
    return g_string_free(text, FALSE);
}

int run_exit_status(const RunResult *result)
{
    for (int i = 0; i < STEPS; i++) {
        const StepResult *step = &result->step[i];
        if (step->counts.of[COUNT_FAILED] || step->counts.newly_quarantined || step->partial)
            return 3;
    }
    return 0;
}

static json_t *step_as_json(const StepResult *result)
{
    json_t *json = json_object();
    for (int i = 0; i < COUNTS; i++)
        json_object_set_new(json, count_names[i], json_integer((json_int_t)result->counts.of[i]));
    return json;
}

static json_t *counts_as_json(const RunResult *result)
{
    json_t *json = json_object();
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].ran)
            json_object_set_new(json, step_names[step], step_as_json(&result->step[step]));
    return json;
}

/* Takes the reference. */
static char *as_text(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

/* A reason may hold what a server or file has sent. */
static void set_text(json_t *json, const char *name, const char *text)
{
    if (text)
        json_object_set_new(json, name, text_as_json(text));
}

static void set_number(json_t *json, const char *name, size_t number)
{
    json_object_set_new(json, name, json_integer((json_int_t)number));
}

char *run_figures_json(const RunResult *result, const GError *failure)
{
    json_t *json = counts_as_json(result);
    for (int i = 0; i < STEPS; i++) {
        const StepResult *from = &result->step[i];
        json_t *step = json_object_get(json, step_names[i]);
        if (!step)
            continue;
        json_object_set_new(step, "seconds", json_real(from->seconds));
        set_number(step, "planned", from->planned);
        set_number(step, "left_over", from->left_over);
        set_number(step, "entries_read", from->read);
        set_number(step, "newly_quarantined", from->counts.newly_quarantined);
        set_text(step, "full_because", from->full_reason);
        set_text(step, "nothing_removed_because", from->partial_reason);
    }
    json_object_set_new(json, "seconds", json_real(result->seconds));
    set_text(json, "error", failure ? failure->message : NULL);
    set_text(json, "error_kind", failure ? error_name(failure) : NULL);
    return as_text(json);
}
