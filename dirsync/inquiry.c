/*
 * inquiry.c - the values of inquiry.h, and how an object that somebody names is looked for
 */
#include "dirsync/inquiry.h"

#include "dirsync/dn.h"
#include "dirsync/filter.h"
#include "dirsync/schema.h"
#include "proxygen/address.h"

#include <string.h>

const char *const story_fate_names[] = {[VALUE_STAYS] = "same",
                                        [VALUE_ADDED] = "added",
                                        [VALUE_REMOVED] = "removed",
                                        [VALUE_KEPT] = "kept",
                                        [VALUE_NOT_GIVEN] = "not given"};

/* --- values --- */

static void situation_free(void *data)
{
    StorySituation *situation = data;
    g_free(situation->name);
    g_free(situation->reason);
    g_free(situation);
}

static void check_free(void *data)
{
    StoryCheck *check = data;
    g_free(check->what);
    g_free(check->of);
    g_free(check->why);
    g_free(check);
}

static void recipient_clear(void *data)
{
    StoryRecipient *recipient = data;
    g_free(recipient->of);
    g_free(recipient->as);
    g_free(recipient->where);
    g_free(recipient->condition);
    g_free(recipient);
}

static void candidate_free(void *data)
{
    StoryCandidate *candidate = data;
    g_free(candidate->dn);
    g_free(candidate->owner);
    g_free(candidate->rule);
    g_free(candidate->value);
    g_free(candidate);
}

static void value_free(void *data)
{
    StoryValue *value = data;
    g_free(value->data);
    g_free(value->where);
    g_free(value->why);
    g_free(value);
}

static void attribute_free(void *data)
{
    StoryAttribute *attribute = data;
    g_free(attribute->name);
    g_free(attribute->where);
    g_free(attribute->owns);
    g_ptr_array_unref(attribute->values);
    g_free(attribute);
}

static void story_free(void *data)
{
    PassStory *story = data;
    g_free(story->anchor);
    entry_free(story->source);
    entry_free(story->current);
    entry_free(story->desired);
    g_free(story->grace);
    g_free(story->grace_until);
    g_ptr_array_unref(story->situations);
    g_ptr_array_unref(story->checks);
    g_ptr_array_unref(story->recipients);
    g_ptr_array_unref(story->candidates);
    g_ptr_array_unref(story->attributes);
    g_free(story);
}

static void bystander_free(void *data)
{
    Bystander *bystander = data;
    g_free(bystander->dn);
    g_free(bystander->owner);
    g_free(bystander);
}

Inquiry *inquiry_new(void)
{
    Inquiry *inquiry = g_new0(Inquiry, 1);
    inquiry->objects = g_ptr_array_new_with_free_func(g_free);
    inquiry->stories = g_ptr_array_new_with_free_func(story_free);
    inquiry->bystanders = g_ptr_array_new_with_free_func(bystander_free);
    return inquiry;
}

void inquiry_free(Inquiry *inquiry)
{
    if (!inquiry)
        return;
    g_ptr_array_unref(inquiry->objects);
    g_ptr_array_unref(inquiry->stories);
    g_ptr_array_unref(inquiry->bystanders);
    g_free(inquiry);
}

PassStory *inquiry_find(const Inquiry *inquiry, const char *anchor)
{
    for (guint i = 0; inquiry && anchor && i < inquiry->stories->len; i++) {
        PassStory *story = g_ptr_array_index(inquiry->stories, i);
        if (!g_strcmp0(story->anchor, anchor))
            return story;
    }
    return NULL;
}

PassStory *inquiry_story(Inquiry *inquiry, const char *anchor)
{
    PassStory *story = inquiry_find(inquiry, anchor);
    if (story)
        return story;
    story = g_new0(PassStory, 1);
    story->anchor = g_strdup(anchor);
    story->situations = g_ptr_array_new_with_free_func(situation_free);
    story->checks = g_ptr_array_new_with_free_func(check_free);
    story->recipients = g_ptr_array_new_with_free_func(recipient_clear);
    story->candidates = g_ptr_array_new_with_free_func(candidate_free);
    story->attributes = g_ptr_array_new_with_free_func(attribute_free);
    g_ptr_array_add(inquiry->stories, story);
    return story;
}

void story_note(PassStory *story, const char *name, const char *reason)
{
    for (guint i = 0; i < story->situations->len; i++) {
        StorySituation *known = g_ptr_array_index(story->situations, i);
        if (strcmp(known->name, name) != 0)
            continue;
        if (!known->reason)
            known->reason = g_strdup(reason);
        if (!reason || !strcmp(known->reason, reason))
            return;
    }
    StorySituation *situation = g_new0(StorySituation, 1);
    situation->name = g_strdup(name);
    situation->reason = g_strdup(reason);
    g_ptr_array_add(story->situations, situation);
}

void story_check(PassStory *story, const char *what, char *of, char *why)
{
    StoryCheck *check = g_new0(StoryCheck, 1);
    check->what = g_strdup(what);
    check->of = of;
    check->why = why;
    g_ptr_array_add(story->checks, check);
}

StoryAttribute *story_attribute(PassStory *story, const char *name)
{
    StoryAttribute *attribute = g_new0(StoryAttribute, 1);
    attribute->name = g_strdup(name);
    attribute->values = g_ptr_array_new_with_free_func(value_free);
    g_ptr_array_add(story->attributes, attribute);
    return attribute;
}

StoryValue *story_value(StoryAttribute *attribute, Value value, StoryFate fate)
{
    StoryValue *told = g_new0(StoryValue, 1);
    told->data = g_malloc(value.len + 1);
    memcpy(told->data, value.data, value.len);
    told->data[value.len] = '\0';
    told->len = value.len;
    told->fate = fate;
    g_ptr_array_add(attribute->values, told);
    return told;
}

Entry *story_copy(const Entry *entry)
{
    Entry *copy = entry ? entry_copy(entry) : NULL;
    for (size_t i = copy ? entry_n_attributes(copy) : 0; i-- > 0;)
        if (schema_is_secret(entry_attribute(copy, i)->name))
            entry_remove(copy, i);
    return copy;
}

/* --- objects --- */

ObjectKind object_kind(const char *object)
{
    if (address_split(object, NULL, NULL))
        return OBJECT_ADDRESS;
    g_autoptr(Dn) dn = strchr(object, '=') ? dn_parse(object, NULL) : NULL;
    if (dn && dn->n_rdns)
        return OBJECT_DN;
    return strchr(object, '@') ? OBJECT_ADDRESS : OBJECT_WORD;
}

char *object_address(const char *object)
{
    g_autofree char *whole =
        address_split(object, NULL, NULL) ? g_strdup(object) : g_strconcat("SMTP:", object, NULL);
    return address_normalise(whole, strlen(whole));
}

static void add_test(GString *filter, const char *name, const char *value)
{
    g_autofree char *test = filter_equals(name, value, strlen(value));
    g_string_append(filter, test);
}

/* With and without its type, since mail attributes have none; primary and secondary, where case counts. */
char *object_filter(const char *object, const char *const *attributes)
{
    g_autofree char *type = NULL;
    const char *value = address_split(object, &type, NULL);
    g_autofree char *primary = g_strconcat(type ? type : "SMTP", ":", value ? value : object, NULL);
    g_autofree char *lower = g_ascii_strdown(type ? type : "smtp", -1);
    g_autofree char *secondary = g_strconcat(lower, ":", value ? value : object, NULL);
    GString *filter = g_string_new("(|");
    for (; *attributes; attributes++) {
        add_test(filter, *attributes, primary);
        add_test(filter, *attributes, secondary);
        if (!strcmp(lower, "smtp"))
            add_test(filter, *attributes, value ? value : object);
    }
    g_string_append_c(filter, ')');
    return g_string_free(filter, FALSE);
}
