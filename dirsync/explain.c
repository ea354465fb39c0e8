/*
 * explain.c - see explain.h
 *
 * Plans the steps one after the other, as run_plan() does, each with an inquiry, and
 * puts together which stories are of one and the same recipient.
 */
#include "dirsync/explain_internal.h"

#include "dirsync/schema.h"
#include "dirsync/step.h"

#include <stdarg.h>
#include <string.h>

/* --- values --- */

static ExplainedPass *pass_new(Step step, const PassStory *story)
{
    ExplainedPass *pass = g_new0(ExplainedPass, 1);
    pass->step = step;
    pass->story = story;
    pass->indexed = g_ptr_array_new_with_free_func(g_free);
    pass->planned = g_ptr_array_new_with_free_func(explained_change_free);
    return pass;
}

static void pass_free(ExplainedPass *pass)
{
    if (!pass)
        return;
    link_row_clear(&pass->link);
    g_free(pass->quarantine);
    g_free(pass->quarantined_since);
    g_free(pass->indexed_dn);
    g_ptr_array_unref(pass->indexed);
    g_ptr_array_unref(pass->planned);
    g_free(pass);
}

static void address_free(void *data)
{
    ExplainedAddress *address = data;
    g_free(address->address);
    g_free(address->problem);
    g_free(address->type);
    g_free(address->site);
    g_free(address->because);
    g_free(address->generator);
    g_free(address);
}

static void object_free(void *data)
{
    ExplainedObject *object = data;
    pass_free(object->import);
    pass_free(object->export);
    g_free(object->home_dn);
    g_ptr_array_unref(object->addresses);
    g_ptr_array_unref(object->given);
    g_ptr_array_unref(object->history);
    g_free(object);
}

static ExplainedObject *add_object(Explanation *into)
{
    ExplainedObject *object = g_new0(ExplainedObject, 1);
    object->addresses = g_ptr_array_new_with_free_func(address_free);
    object->given = g_ptr_array_new_with_free_func(explained_change_free);
    object->history = g_ptr_array_new_with_free_func(explained_change_free);
    g_ptr_array_add(into->objects, object);
    return object;
}

static Explanation *explanation_new(const char *object)
{
    Explanation *explanation = g_new0(Explanation, 1);
    explanation->object = g_strdup(object);
    explanation->objects = g_ptr_array_new_with_free_func(object_free);
    explanation->bystanders = g_ptr_array_new();
    explanation->notes = g_ptr_array_new_with_free_func(g_free);
    return explanation;
}

void explanation_free(Explanation *explanation)
{
    if (!explanation)
        return;
    g_free(explanation->object);
    g_free(explanation->looked);
    g_ptr_array_unref(explanation->objects);
    g_ptr_array_unref(explanation->bystanders);
    g_ptr_array_unref(explanation->notes);
    for (int step = 0; step < STEPS; step++)
        inquiry_free(explanation->inquiry[step]);
    g_free(explanation);
}

void explain_note(Explaining *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *note = g_strdup_vprintf(format, args);
    va_end(args);
    for (guint i = 0; i < e->into->notes->len; i++)
        if (!strcmp(g_ptr_array_index(e->into->notes, i), note)) {
            g_free(note);
            return;
        }
    g_ptr_array_add(e->into->notes, note);
}

/* --- planning --- */

static bool is_same_dn(const char *a, const char *b)
{
    return a && b && schema_dn_equal(schema_standard(), a, b);
}

static const char *home_of_import(const PassStory *story)
{
    return story->current ? entry_dn(story->current) : story->desired ? entry_dn(story->desired) : NULL;
}

/* Whom the import is about, the export may be asked about too: as those who are not sent back. */
static Inquiry *ask(const Explaining *e, Step step)
{
    Inquiry *inquiry = inquiry_new();
    g_ptr_array_add(inquiry->objects, g_strdup(e->into->object));
    const Inquiry *import = step == STEP_EXPORT ? e->into->inquiry[STEP_IMPORT] : NULL;
    for (guint i = 0; import && i < import->stories->len; i++) {
        const char *dn = home_of_import(g_ptr_array_index(import->stories, i));
        if (dn && !is_same_dn(dn, e->into->object))
            g_ptr_array_add(inquiry->objects, g_strdup(dn));
    }
    return inquiry;
}

/* Whether the directory looks different to the step: as run_plan() has it. */
static bool is_planned(const Explaining *e, Step before)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(e->folder, &head, NULL))
        return false;
    for (int step = 0; step < (int)before; step++)
        if (head.step[step].changes)
            return true;
    return false;
}

static bool plan_step(Explaining *e, Step step, GError **error)
{
    StepOptions options = {.inquiry = e->into->inquiry[step]};
    if (is_planned(e, step))
        options.planned = e->folder;
    g_autoptr(StepWork) work = step_open(e->connector, step, e->state, &options, error);
    if (!work || !step_plan(work, e->folder, "explain", error))
        return false;
    g_autoptr(GError) over = NULL;
    if (!limits_allow(e->connector->limits, work->tally, work->population, &over)) {
        g_strdelimit(over->message, "\n", ';');
        explain_note(e, "%s: the limits refuse this run: %s", step_names[step], over->message);
    }
    if (work->partial_reason)
        explain_note(e, "%s: nobody is removed in this run: %s", step_names[step], work->partial_reason);
    return true;
}

/* Of ourselves, not of a directory or file that could not be asked. */
static bool is_ours_alone(const GError *failure)
{
    return error_is(failure, ERROR_INTERRUPTED) || error_is(failure, ERROR_IO) ||
           error_is(failure, ERROR_STATE);
}

static bool look_at_step(Explaining *e, Step step, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (!e->connector->pass[step].wanted)
        return true;
    if (step != STEP_ADDRESSES)
        e->into->inquiry[step] = ask(e, step);
    if (!e->refused && plan_step(e, step, &failure))
        return true;
    if (e->refused)
        error_set(&failure, ERROR_CREDENTIALS, "a password was refused, and is not tried again");
    if (is_ours_alone(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    e->refused |= error_is(failure, ERROR_CREDENTIALS);
    return explain_from_state(e, step, failure, error);
}

/* --- who is who --- */

static ExplainedObject *object_of_home(const Explanation *into, const char *dn)
{
    for (guint i = 0; i < into->objects->len; i++) {
        ExplainedObject *object = g_ptr_array_index(into->objects, i);
        if (!object->export && is_same_dn(object->home_dn, dn))
            return object;
    }
    return NULL;
}

static bool add_import(Explaining *e, const PassStory *story, GError **error)
{
    ExplainedObject *object = add_object(e->into);
    object->import = pass_new(STEP_IMPORT, story);
    if (!explain_state(e, object->import, error))
        return false;
    const char *home = home_of_import(story);
    const LinkRow *link = &object->import->link;
    object->home_dn = g_strdup(home       ? home
                               : link->dn ? link->dn
                                          : object->import->indexed_dn); /* yielded: a native */
    return true;
}

/* The import has found our own object there, and leaves it alone. */
static ExplainedObject *object_of_foreign(const Explanation *into, const char *dn)
{
    for (guint i = 0; i < into->objects->len; i++) {
        ExplainedObject *object = g_ptr_array_index(into->objects, i);
        const PassStory *import = object->import ? object->import->story : NULL;
        if (!object->export && import && import->source && is_same_dn(entry_dn(import->source), dn))
            return object;
    }
    return NULL;
}

static bool add_export(Explaining *e, const PassStory *story, GError **error)
{
    const char *home = story->source ? entry_dn(story->source) : NULL;
    ExplainedObject *object = home ? object_of_home(e->into, home) : NULL;
    if (!object && story->current)
        object = object_of_foreign(e->into, entry_dn(story->current));
    if (!object)
        object = add_object(e->into);
    object->export = pass_new(STEP_EXPORT, story);
    if (!explain_state(e, object->export, error))
        return false;
    if (!object->home_dn)
        object->home_dn = g_strdup(home ? home : object->export->link.source_dn);
    return true;
}

static bool is_of_pass(const ExplainedPass *pass, const char *dn)
{
    return pass && ((pass->story->source && is_same_dn(entry_dn(pass->story->source), dn)) ||
                    is_same_dn(pass->link.source_dn, dn) || is_same_dn(pass->link.dn, dn));
}

static bool is_told_of(const Explanation *into, const char *dn)
{
    for (guint i = 0; i < into->objects->len; i++) {
        const ExplainedObject *object = g_ptr_array_index(into->objects, i);
        if (is_same_dn(object->home_dn, dn) || is_of_pass(object->import, dn) ||
            is_of_pass(object->export, dn))
            return true;
    }
    for (guint i = 0; i < into->bystanders->len; i++)
        if (is_same_dn(((Bystander *)g_ptr_array_index(into->bystanders, i))->dn, dn))
            return true;
    return false;
}

static bool put_together(Explaining *e, GError **error)
{
    bool (*const add[STEPS])(Explaining *, const PassStory *,
                             GError **) = {[STEP_IMPORT] = add_import, [STEP_EXPORT] = add_export};
    for (int step = 0; step < STEPS; step++) {
        const Inquiry *inquiry = e->into->inquiry[step];
        for (guint i = 0; inquiry && i < inquiry->stories->len; i++)
            if (!add[step](e, g_ptr_array_index(inquiry->stories, i), error))
                return false;
    }
    for (int step = 0; step < STEPS; step++) {
        const Inquiry *inquiry = e->into->inquiry[step];
        for (guint i = 0; inquiry && i < inquiry->bystanders->len; i++) {
            Bystander *bystander = g_ptr_array_index(inquiry->bystanders, i);
            if (!is_told_of(e->into, bystander->dn))
                g_ptr_array_add(e->into->bystanders, bystander);
        }
    }
    return true;
}

/* --- the whole --- */

static char *where_looked(const Connector *connector, const Explanation *into)
{
    GString *text = g_string_new(NULL);
    for (int step = 0; step < STEPS; step++)
        for (int side = 0; connector->pass[step].wanted && side < SIDES; side++) {
            const Endpoint *endpoint = connector_endpoint(connector, (Step)step, side);
            const char *name = endpoint->uris && endpoint->uris[0] ? endpoint->uris[0] : endpoint->path;
            if (name && !strstr(text->str, name))
                g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
        }
    g_string_append(text, into->no_state ? "; the connector has no state yet"
                                         : ", and the state (links, index of addresses)");
    return g_string_free(text, FALSE);
}

static bool look(Explaining *e, GError **error)
{
    for (int step = 0; step < STEPS; step++)
        if (!look_at_step(e, (Step)step, error))
            return false;
    return put_together(e, error) && explain_changes(e, error) && explain_addresses(e, error);
}

static bool is_anybody(const Explanation *into)
{
    return into->objects->len || into->bystanders->len;
}

static void tell_nobody(const Explaining *e, GError **error)
{
    const Explanation *into = e->into;
    g_autofree char *notes = NULL;
    if (into->notes->len) {
        g_ptr_array_add(into->notes, NULL);
        notes = g_strjoinv("; ", (char **)into->notes->pdata);
        g_ptr_array_remove_index(into->notes, into->notes->len - 1);
    }
    error_set(
        error, into->unreachable ? ERROR_UNREACHABLE : ERROR_NOT_FOUND,
        "%s: not found%s%s; looked in %s; name a mail address, a proxy address (TYPE:value), a DN or an "
        "anchor, as it stands there",
        into->object, notes ? ": " : "", notes ? notes : "", into->looked);
}

Explanation *explain(const Connector *connector, const char *state_folder_name, const char *object,
                     GError **error)
{
    g_autoptr(Explanation) into = explanation_new(object);
    g_autoptr(State) state = state_open_copy(connector, state_folder_name, error);
    if (!state)
        return NULL;
    g_autofree char *folder = g_build_filename(state_folder(state), "plan", NULL);
    Explaining e = {connector, state, folder, into, false};
    into->no_state = state_is_new(state);
    into->looked = where_looked(connector, into);
    bool ok = look(&e, error);
    plan_remove(folder);
    if (ok && is_anybody(into))
        return g_steal_pointer(&into);
    if (ok)
        tell_nobody(&e, error);
    return NULL;
}
