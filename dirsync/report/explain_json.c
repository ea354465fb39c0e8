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
    return json_pack("{s:o, s:o}", "dn", report_json_text(entry_dn(entry)), "attributes", attributes);
}

static json_t *values_json(const StoryAttribute *attribute)
{
    json_t *values = json_array();
    for (guint i = 0; i < attribute->values->len; i++) {
        const StoryValue *value = g_ptr_array_index(attribute->values, i);
        json_array_append_new(values,
                              json_pack("{s:o, s:o, s:o, s:o}", "value",
                                        report_value_json((Value){value->data, value->len}), "fate",
                                        report_json_text(story_fate_names[value->fate]), "where",
                                        report_json_text(value->where), "why", report_json_text(value->why)));
    }
    return values;
}

static json_t *attributes_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->attributes->len; i++) {
        const StoryAttribute *attribute = g_ptr_array_index(story->attributes, i);
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", report_json_text(attribute->name), "where",
                            report_json_text(attribute->where), "wins",
                            report_json_text(attribute->wins ? attribute->wins : "not managed"), "owns",
                            report_json_text(attribute->owns), "values", values_json(attribute)));
    }
    return list;
}

static json_t *situations_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->situations->len; i++) {
        const StorySituation *situation = g_ptr_array_index(story->situations, i);
        json_array_append_new(list, json_pack("{s:o, s:o}", "name", report_json_text(situation->name),
                                              "reason", report_json_text(situation->reason)));
    }
    return list;
}

static json_t *checks_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->checks->len; i++) {
        const StoryCheck *check = g_ptr_array_index(story->checks, i);
        json_array_append_new(list, json_pack("{s:o, s:o, s:b, s:o}", "check", report_json_text(check->what),
                                              "of", report_json_text(check->of), "passed", !check->why, "why",
                                              report_json_text(check->why)));
    }
    return list;
}

static json_t *recipients_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->recipients->len; i++) {
        const StoryRecipient *recipient = g_ptr_array_index(story->recipients, i);
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:b, s:o}", "of", report_json_text(recipient->of), "as",
                            report_json_text(recipient->as), "where", report_json_text(recipient->where),
                            "when", report_json_text(recipient->condition), "chosen", recipient->chosen,
                            "verdict", report_json_text(recipient->verdict)));
    }
    return list;
}

static json_t *candidates_json(const PassStory *story)
{
    json_t *list = json_array();
    for (guint i = 0; i < story->candidates->len; i++) {
        const StoryCandidate *candidate = g_ptr_array_index(story->candidates, i);
        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "dn", report_json_text(candidate->dn), "owner",
                      report_json_text(candidate->owner), "rule", report_json_text(candidate->rule), "value",
                      report_json_text(candidate->value), "refused", report_json_text(candidate->refused)));
    }
    return list;
}

static json_t *flags_json(unsigned flags)
{
    g_auto(GStrv) words = report_link_flags(flags);
    json_t *list = json_array();
    for (char **word = words; *word; word++)
        json_array_append_new(list, report_json_text(*word));
    return list;
}

static json_t *link_json(const LinkRow *link)
{
    if (!link->row)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "anchor", report_json_text(link->anchor), "dn",
                     report_json_text(link->dn), "id", report_json_text(link->id), "source_dn",
                     report_json_text(link->source_dn), "source_id", report_json_text(link->source_id),
                     "flags", flags_json(link->flags));
}

static json_t *change_json(const ExplainedChange *change)
{
    json_t *json = report_change_json(change->change, change->step);
    if (change->run)
        json_object_update_new(json, json_pack("{s:o, s:o, s:o, s:o}", "run", report_json_text(change->run),
                                               "kind", report_json_text(change->kind), "started",
                                               report_json_text(change->started), "outcome",
                                               report_json_text(change->outcome)));
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
        json_array_append_new(list, report_json_text(g_ptr_array_index(pass->indexed, i)));
    return json_pack("{s:o, s:o}", "dn", report_json_text(pass->indexed_dn), "addresses", list);
}

static json_t *pass_json(const ExplainedPass *pass)
{
    if (!pass)
        return json_null();
    const PassStory *story = pass->story;
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "anchor", report_json_text(story->anchor),
        "situations", situations_json(story), "planned", changes_json(pass->planned), "source",
        entry_json(story->source), "checks", checks_json(story), "recipients", recipients_json(story),
        "candidates", candidates_json(story), "current", entry_json(story->current), "attributes",
        attributes_json(story), "link", link_json(&pass->link), "indexed", index_json(pass));
    json_object_update_new(json, json_pack("{s:o, s:o, s:o, s:o, s:o}", "desired_dn",
                                           report_json_text(story->desired ? entry_dn(story->desired) : NULL),
                                           "grace_since", report_json_text(story->grace), "grace_until",
                                           report_json_text(story->grace_until), "quarantine",
                                           report_json_text(pass->quarantine), "quarantined_since",
                                           report_json_text(pass->quarantined_since)));
    return json;
}

static json_t *addresses_json(const ExplainedObject *object)
{
    json_t *list = json_array();
    for (guint i = 0; i < object->addresses->len; i++) {
        const ExplainedAddress *address = g_ptr_array_index(object->addresses, i);
        json_array_append_new(
            list, json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "address",
                            report_json_text(address->address), "there", address->there, "outside",
                            address->outside, "type", report_json_text(address->type), "template",
                            report_json_text(address->site), "because", report_json_text(address->because),
                            "generator", report_json_text(address->generator), "problem",
                            report_json_text(address->problem)));
    }
    return list;
}

static json_t *object_json(const ExplainedObject *object)
{
    return json_pack("{s:o, s:o, s:{s:o, s:o}, s:o, s:o}", "home_dn", report_json_text(object->home_dn),
                     "import", pass_json(object->import), "addresses", "templates", addresses_json(object),
                     "planned", changes_json(object->given), "export", pass_json(object->export), "history",
                     changes_json(object->history));
}

json_t *report_explanation_json(const char *connector, const Explanation *explanation)
{
    json_t *objects = json_array(), *strangers = json_array(), *notes = json_array();
    for (guint i = 0; i < explanation->objects->len; i++)
        json_array_append_new(objects, object_json(g_ptr_array_index(explanation->objects, i)));
    for (guint i = 0; i < explanation->bystanders->len; i++) {
        const Bystander *stranger = g_ptr_array_index(explanation->bystanders, i);
        json_array_append_new(strangers, json_pack("{s:o, s:o}", "dn", report_json_text(stranger->dn),
                                                   "owner", report_json_text(stranger->owner)));
    }
    for (guint i = 0; i < explanation->notes->len; i++)
        json_array_append_new(notes, report_json_text(g_ptr_array_index(explanation->notes, i)));
    return json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "verb", "explain", "connector",
                     report_json_text(connector), "object", report_json_text(explanation->object),
                     "reachable", !explanation->unreachable, "notes", notes, "recipients", objects, "others",
                     strangers, "looked", report_json_text(explanation->looked));
}
