/*
 * pass_origins.c - of each value of an object, who gave it and what becomes of it
 *
 * Which line of the mapping gave a value is told by the mapping itself, what is
 * written by managed_difference(), as the pass does it. For inquiries alone.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

typedef struct {
    const Pass *pass;
    PassStory *story;
    const MappingRecipient *recipient;
    GPtrArray *where;     /* "file:line" of each value that the mapping gives: char *, borrowed */
    GPtrArray *origins;   /* of the same: attribute */
    GArray *values;       /* of the same: Value */
    const Change *change; /* what is different */
    bool to_be_made, graced;
} Judging;

static void note_given(const MappingRule *rule, Value value, void *data)
{
    Judging *judging = data;
    if (schema_is_secret(rule->name))
        return;
    g_ptr_array_add(judging->origins, (gpointer)rule->name);
    g_ptr_array_add(judging->where, (gpointer)rule->where);
    g_array_append_val(judging->values, value);
}

static bool same_value(const Pass *pass, const char *name, Value a, Value b)
{
    return schema_values_equal(target_schema(pass), schema_attribute(target_schema(pass), name), a, b);
}

/* The line that gave the value; NULL: none did. */
static const char *origin_of(const Judging *judging, const char *name, Value value)
{
    for (guint i = 0; i < judging->values->len; i++) {
        Value given = g_array_index(judging->values, Value, i);
        if (schema_same_attribute(target_schema(judging->pass), g_ptr_array_index(judging->origins, i),
                                  name) &&
            same_value(judging->pass, name, given, value))
            return g_ptr_array_index(judging->where, i);
    }
    return NULL;
}

static bool is_changed(const Judging *judging, ModifyKind kind, const char *name, Value value)
{
    for (size_t i = 0; judging->change && i < judging->change->n_modifications; i++) {
        const Modification *modification = &judging->change->modifications[i];
        if (modification->kind != kind ||
            !schema_same_attribute(target_schema(judging->pass), modification->name, name))
            continue;
        if (!modification->n_values)
            return true;
        for (size_t j = 0; j < modification->n_values; j++)
            if (modification->values[j].len == value.len &&
                !memcmp(modification->values[j].data, value.data, value.len))
                return true;
    }
    return false;
}

static const MappingRule *rule_of(const Judging *judging, const char *name)
{
    for (size_t i = 0; i < judging->recipient->n_rules; i++)
        if (schema_same_attribute(target_schema(judging->pass), judging->recipient->rules[i]->name, name))
            return judging->recipient->rules[i];
    return NULL;
}

static bool is_of_stamp(const Judging *judging, const char *name)
{
    const Schema *schema = target_schema(judging->pass);
    for (const char *const *stamp = stamp_attributes(target_stamp(judging->pass)); *stamp; stamp++)
        if (schema_same_attribute(schema, *stamp, name))
            return true;
    return judging->graced && schema_same_attribute(schema, name, HIDE_ATTRIBUTE);
}

static const char *const wins_names[] = {
    [WINS_REPLACE] = "replace", [WINS_INITIAL] = "initial", [WINS_MERGE] = "merge"};

static void describe_rule(const Judging *judging, StoryAttribute *attribute, const MappingRule *rule)
{
    if (rule) {
        attribute->where = g_strdup(rule->where);
        attribute->wins = rule->is_name ? "name" : wins_names[rule->wins];
        attribute->owns = rule->wins == WINS_MERGE ? g_strjoinv(" ", (char **)rule->owns) : NULL;
    } else if (!g_ascii_strcasecmp(attribute->name, "objectClass")) {
        attribute->where = g_strdup(judging->recipient->where);
        attribute->wins = "classes";
    } else if (is_of_stamp(judging, attribute->name)) {
        attribute->wins = "stamp";
    }
}

/* Why a value of the object stays although nobody gives it, or is not given. */
static const char *why_kept(const Judging *judging, const char *name, const MappingRule *rule)
{
    if (rule && rule->is_name)
        return "the name is kept by renaming alone";
    if (rule && rule->wins == WINS_INITIAL)
        return "given once, when the object is made; then it is the directory's";
    if (rule && rule->wins == WINS_MERGE)
        return "not ours: it begins with none of the prefixes that the mapping owns";
    return is_of_stamp(judging, name) ? "ours, and stays" : "not managed";
}

static const Attribute *find_in(const Judging *judging, const Entry *entry, const char *name)
{
    return entry ? schema_find(target_schema(judging->pass), entry, name) : NULL;
}

static bool has_value(const Judging *judging, const Attribute *attribute, const char *name, Value value)
{
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (same_value(judging->pass, name, attribute->values[i], value))
            return true;
    return false;
}

static void judge_current(const Judging *judging, StoryAttribute *attribute, const MappingRule *rule,
                          Value value)
{
    const Attribute *wanted = find_in(judging, judging->story->desired, attribute->name);
    bool removed = is_changed(judging, MODIFY_DELETE, attribute->name, value);
    bool given = has_value(judging, wanted, attribute->name, value);
    StoryValue *told = story_value(attribute, value,
                                   removed                             ? VALUE_REMOVED
                                   : given || !judging->story->desired ? VALUE_STAYS
                                                                       : VALUE_KEPT);
    told->where = g_strdup(origin_of(judging, attribute->name, value));
    if (told->fate == VALUE_KEPT)
        told->why = g_strdup(why_kept(judging, attribute->name, rule));
}

static void judge_desired(const Judging *judging, StoryAttribute *attribute, const MappingRule *rule,
                          Value value)
{
    bool added = judging->to_be_made || is_changed(judging, MODIFY_ADD, attribute->name, value);
    const Attribute *had = find_in(judging, judging->story->current, attribute->name);
    if (!added && has_value(judging, had, attribute->name, value))
        return; /* told as one that stays */
    StoryValue *told = story_value(attribute, value, added ? VALUE_ADDED : VALUE_NOT_GIVEN);
    told->where = g_strdup(origin_of(judging, attribute->name, value));
    if (!added)
        told->why = g_strdup(why_kept(judging, attribute->name, rule));
}

static void judge_attribute(const Judging *judging, const char *name)
{
    PassStory *story = judging->story;
    for (guint i = 0; i < story->attributes->len; i++)
        if (schema_same_attribute(target_schema(judging->pass),
                                  ((StoryAttribute *)g_ptr_array_index(story->attributes, i))->name, name))
            return;
    const MappingRule *rule = rule_of(judging, name);
    StoryAttribute *attribute = story_attribute(story, name);
    describe_rule(judging, attribute, rule);
    const Attribute *had = find_in(judging, story->current, name);
    const Attribute *wanted = find_in(judging, story->desired, name);
    for (size_t i = 0; had && i < had->n_values; i++)
        judge_current(judging, attribute, rule, had->values[i]);
    for (size_t i = 0; wanted && i < wanted->n_values; i++)
        judge_desired(judging, attribute, rule, wanted->values[i]);
    /* What the mapping gave, and a check took away again. */
    for (guint i = 0; i < judging->values->len; i++) {
        Value given = g_array_index(judging->values, Value, i);
        bool same =
            schema_same_attribute(target_schema(judging->pass), g_ptr_array_index(judging->origins, i), name);
        bool by_dn = judging->recipient->members && schema_same_attribute(target_schema(judging->pass), name,
                                                                          judging->recipient->members->name);
        if (!same || by_dn || !story->desired || has_value(judging, wanted, name, given) ||
            (rule && rule->is_name))
            continue;
        StoryValue *told = story_value(attribute, given, VALUE_NOT_GIVEN);
        told->where = g_strdup(g_ptr_array_index(judging->where, i));
        told->why = g_strdup("somebody else has it, or it was changed to be unique");
    }
}

static void judge_attributes(const Judging *judging)
{
    const Entry *both[] = {judging->story->desired, judging->story->current};
    g_ptr_array_set_size(judging->story->attributes, 0);
    for (size_t i = 0; i < judging->recipient->n_rules; i++)
        judge_attribute(judging, judging->recipient->rules[i]->name);
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++)
        for (size_t j = 0; both[i] && j < entry_n_attributes(both[i]); j++)
            judge_attribute(judging, entry_attribute(both[i], j)->name);
}

/* The difference that the pass would write, in every value. */
static Change *difference(const Pass *pass, const Subject *subject, const PassStory *story)
{
    if (!story->current || !subject->desired)
        return NULL;
    DifferenceOptions options = {subject_is_respelled(pass, subject), subject->stamp.grace != NULL};
    return managed_difference(managed_of(pass, subject->kind), story->current, subject->desired, options,
                              NULL, NULL);
}

void inquire_attributes(const Pass *pass, const Subject *subject, PassStory *story)
{
    g_autoptr(GPtrArray) where = g_ptr_array_new(), origins = g_ptr_array_new();
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(Value));
    g_autoptr(Change) change = difference(pass, subject, story);
    Judging judging = {.pass = pass,
                       .story = story,
                       .recipient = mapping_recipient(pass->mapping, (size_t)subject->kind),
                       .where = where,
                       .origins = origins,
                       .values = values,
                       .change = change,
                       .to_be_made = !story->current,
                       .graced = subject->stamp.grace != NULL};
    Entry *given = NULL; /* where the values live */
    if (subject->source && subject->desired)
        given = mapping_apply_told(pass->mapping, (size_t)subject->kind, target_schema(pass),
                                   pass->side[SOURCE].schema, subject->source, note_given, &judging, NULL);
    judge_attributes(&judging);
    entry_free(given);
}
