/*
 * explain_json.c - an explanation for programs
 */
#include "dirsync/report/report.h"

static json_t *entry_json(const Entry *entry)
{
    if (!entry)
        return json_null();
    json_t *attributes = json_object();
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        json_t *values = json_array();
        for (size_t j = 0; j < attribute->n_values; j++)
            json_array_append_new(values, report_value_json(attribute->values[j]));
        json_object_set_new(attributes, attribute->name, values);
    }
    return json_pack("{s:o, s:o}", "dn", text_as_json(entry_dn(entry)), "attributes", attributes);
}

static json_t *values_json(const StoryAttribute *attribute)
{
    json_t *values = json_array();
    for (guint i = 0; i < attribute->values->len; i++) {
        const StoryValue *value = g_ptr_array_index(attribute->values, i);
        json_array_append_new(values, json_pack("{s:o, s:o, s:o, s:o}", "value",
                                                report_value_json((Value){value->data, value->len}), "fate",
                                                text_as_json(story_fate_names[value->fate]), "where",
                                                text_as_json(value->where), "why", text_as_json(value->why)));
    }
    return values;
}

static json_t *attributes_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->attributes->len; i++) {
        const StoryAttribute *attribute = g_ptr_array_index(story->attributes, i);
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text_as_json(attribute->name), "where",
                            text_as_json(attribute->where), "wins",
                            text_as_json(attribute->wins ? attribute->wins : "not managed"), "owns",
                            text_as_json(attribute->owns), "values", values_json(attribute)));
    }
    return list;
}

static json_t *situations_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->situations->len; i++) {
        const StorySituation *situation = g_ptr_array_index(story->situations, i);
        json_array_append_new(list, json_pack("{s:o, s:o}", "name", text_as_json(situation->name), "reason",
                                              text_as_json(situation->reason)));
    }
    return list;
}

static json_t *checks_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->checks->len; i++) {
        const StoryCheck *check = g_ptr_array_index(story->checks, i);
        json_array_append_new(list, json_pack("{s:o, s:o, s:b, s:o}", "check", text_as_json(check->what),
                                              "of", text_as_json(check->of), "passed", !check->why, "why",
                                              text_as_json(check->why)));
    }
    return list;
}

static json_t *recipients_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->recipients->len; i++) {
        const StoryRecipient *recipient = g_ptr_array_index(story->recipients, i);
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:b, s:o}", "of",
                                              text_as_json(recipient->of), "as", text_as_json(recipient->as),
                                              "where", text_as_json(recipient->where), "when",
                                              text_as_json(recipient->condition), "chosen", recipient->chosen,
                                              "verdict", text_as_json(recipient->verdict)));
    }
    return list;
}

static json_t *candidates_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->candidates->len; i++) {
        const StoryCandidate *candidate = g_ptr_array_index(story->candidates, i);
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "dn", text_as_json(candidate->dn), "owner",
                            text_as_json(candidate->owner), "rule", text_as_json(candidate->rule), "value",
                            text_as_json(candidate->value), "refused", text_as_json(candidate->refused)));
    }
    return list;
}

static json_t *flags_json(unsigned flags)
{
    g_auto(GStrv) words = report_link_flags(flags);
    json_t *list = json_array();
    for (char **word = words; *word; word++)
        json_array_append_new(list, text_as_json(*word));
    return list;
}

static json_t *link_json(const LinkRow *link)
{
    if (!link->row)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "anchor", text_as_json(link->anchor), "dn",
                     text_as_json(link->dn), "id", text_as_json(link->id), "source_dn",
                     text_as_json(link->source_dn), "source_id", text_as_json(link->source_id), "flags",
                     flags_json(link->flags));
}

static json_t *change_json(const ExplainedChange *change)
{
    json_t *json = report_change_json(change->change, change->step);
    if (change->run)
        json_object_update_new(json,
                               json_pack("{s:o, s:o, s:o, s:o}", "run", text_as_json(change->run), "kind",
                                         text_as_json(change->kind), "started", text_as_json(change->started),
                                         "outcome", text_as_json(change->outcome)));
    return json;
}

static json_t *changes_json(const GPtrArray *changes)
{
    json_t *list = json_array();
    for (guint i = 0; i < changes->len; i++)
        json_array_append_new(list, change_json(g_ptr_array_index(changes, i)));
    return list;
}

static json_t *index_json(const ExplainedPass *pass)
{
    if (!pass->indexed_dn)
        return json_null();
    json_t *list = json_array();
    for (guint i = 0; i < pass->indexed->len; i++)
        json_array_append_new(list, text_as_json(g_ptr_array_index(pass->indexed, i)));
    return json_pack("{s:o, s:o}", "dn", text_as_json(pass->indexed_dn), "addresses", list);
}

static json_t *pass_json(const ExplainedPass *pass)
{
    if (!pass)
        return json_null();
    const PassStory *story = pass->story;
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "anchor", text_as_json(story->anchor),
        "situations", situations_json(story), "planned", changes_json(pass->planned), "source",
        entry_json(story->source), "checks", checks_json(story), "recipients", recipients_json(story),
        "candidates", candidates_json(story), "current", entry_json(story->current), "attributes",
        attributes_json(story), "link", link_json(&pass->link), "indexed", index_json(pass));
    json_object_update_new(json, json_pack("{s:o, s:o, s:o, s:o, s:o}", "desired_dn",
                                           text_as_json(story->desired ? entry_dn(story->desired) : NULL),
                                           "grace_since", text_as_json(story->grace), "grace_until",
                                           text_as_json(story->grace_until), "quarantine",
                                           text_as_json(pass->quarantine), "quarantined_since",
                                           text_as_json(pass->quarantined_since)));
    return json;
}

static json_t *addresses_json(const ExplainedObject *object)
{
    json_t *list = json_array();
    for (guint i = 0; i < object->addresses->len; i++) {
        const ExplainedAddress *address = g_ptr_array_index(object->addresses, i);
        json_array_append_new(
            list,
            json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "address", text_as_json(address->address),
                      "there", address->there, "outside", address->outside, "type",
                      text_as_json(address->type), "template", text_as_json(address->site), "because",
                      text_as_json(address->because), "generator", text_as_json(address->generator),
                      "problem", text_as_json(address->problem)));
    }
    return list;
}

static json_t *object_json(const ExplainedObject *object)
{
    return json_pack("{s:o, s:o, s:{s:o, s:o}, s:o, s:o}", "home_dn", text_as_json(object->home_dn), "import",
                     pass_json(object->import), "addresses", "templates", addresses_json(object), "planned",
                     changes_json(object->given), "export", pass_json(object->export), "history",
                     changes_json(object->history));
}

json_t *report_explanation_json(const char *connector, const Explanation *explanation)
{
    json_t *objects = json_array(), *strangers = json_array(), *notes = json_array();
    for (guint i = 0; i < explanation->objects->len; i++)
        json_array_append_new(objects, object_json(g_ptr_array_index(explanation->objects, i)));
    for (guint i = 0; i < explanation->bystanders->len; i++) {
        const Bystander *stranger = g_ptr_array_index(explanation->bystanders, i);
        json_array_append_new(strangers, json_pack("{s:o, s:o}", "dn", text_as_json(stranger->dn), "owner",
                                                   text_as_json(stranger->owner)));
    }
    for (guint i = 0; i < explanation->notes->len; i++)
        json_array_append_new(notes, text_as_json(g_ptr_array_index(explanation->notes, i)));
    return json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "verb", "explain", "connector",
                     text_as_json(connector), "object", text_as_json(explanation->object), "reachable",
                     !explanation->unreachable, "notes", notes, "recipients", objects, "others", strangers,
                     "looked", text_as_json(explanation->looked));
}
