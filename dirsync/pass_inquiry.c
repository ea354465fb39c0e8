/*
 * pass_inquiry.c - whom an inquiry asks for, and what is written down of them
 *
 * Finds them on both sides, in the index and among the links, and has the pass look
 * at them. Everything else is called where something is decided (inquire_*), and does
 * nothing where nobody asks. What is asked and answered decides nothing.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/dn.h"

#include <string.h>

#define MOST_FOUND 100 /* who asks for an address is not helped by more */

static Inquiry *inquiry_of(const Pass *pass)
{
    return pass->options.inquiry;
}

/* --- finding them --- */

static void add_names(GPtrArray *names, const char *const *more)
{
    for (; more && *more; more++) {
        bool there = false;
        for (guint i = 0; i < names->len && !there; i++)
            there = !g_ascii_strcasecmp(g_ptr_array_index(names, i), *more);
        if (!there)
            g_ptr_array_add(names, (gpointer)*more);
    }
}

/* Where addresses may stand on that side: what the mapping reads there, or writes. NULL-terminated. */
static GPtrArray *address_attributes(const Pass *pass, int side)
{
    static const char *const always[] = {"mail", "proxyAddresses", "targetAddress", NULL};
    GPtrArray *names = g_ptr_array_new();
    add_names(names, always);
    if (side == SOURCE)
        add_names(names, mapping_source_attributes(pass->mapping));
    for (size_t i = 0; side == TARGET && i < mapping_n_recipients(pass->mapping); i++) {
        const MappingRecipient *recipient = mapping_recipient(pass->mapping, i);
        for (size_t j = 0; j < recipient->n_rules; j++)
            add_names(names, (const char *const[]){recipient->rules[j]->name, NULL});
    }
    g_ptr_array_add(names, NULL);
    return names;
}

static GPtrArray *search(Pass *pass, int side, const char *base, const char *filter, GError **error)
{
    ReadRequest request = {.base = base,
                           .scope = base ? SEARCH_BASE : SEARCH_SUBTREE,
                           .filter = filter,
                           .attributes = (const char *const *)pass->requests[side]};
    return directory_search(pass->side[side].directory, &request, MOST_FOUND, error);
}

static char *anchor_filter(const Pass *pass, int side, const char *object)
{
    if (side == TARGET)
        return stamp_filter(target_stamp(pass), pass->connector->uuid, object);
    g_autoptr(GBytes) bytes = anchor_bytes(object);
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);
    return filter_equals(pass->anchor, data, len);
}

GPtrArray *inquire_search(Pass *pass, int side, const char *object, GError **error)
{
    ObjectKind kind = object_kind(object);
    const char *base = directory_describe(pass->side[side].directory)->base;
    if (kind == OBJECT_DN) /* a server may answer with a referral to what is none of its own */
        return base && !schema_dn_within(pass->side[side].schema, object, base)
                   ? g_ptr_array_new()
                   : search(pass, side, object, NULL, error);
    g_autofree char *filter = anchor_filter(pass, side, object);
    if (kind == OBJECT_ADDRESS) {
        g_autoptr(GPtrArray) names = address_attributes(pass, side);
        g_autofree char *anchor = g_steal_pointer(&filter);
        g_autofree char *address = object_filter(object, (const char *const *)names->pdata);
        filter = g_strconcat("(|", anchor, address, ")", NULL);
    }
    return search(pass, side, NULL, filter, error);
}

static void add_bystander(Inquiry *inquiry, const char *dn, const char *owner)
{
    for (guint i = 0; i < inquiry->bystanders->len; i++)
        if (!strcmp(((Bystander *)g_ptr_array_index(inquiry->bystanders, i))->dn, dn))
            return;
    Bystander *bystander = g_new0(Bystander, 1);
    bystander->dn = g_strdup(dn);
    bystander->owner = g_strdup(owner);
    g_ptr_array_add(inquiry->bystanders, bystander);
}

static PassStory *story_of_source(Pass *pass, const Entry *entry)
{
    g_autofree char *anchor = pass_anchor_of(pass, entry);
    PassStory *story = inquiry_story(inquiry_of(pass), anchor);
    if (!story->source)
        story->source = story_copy(entry);
    return story;
}

static void note_target(Pass *pass, const Entry *entry)
{
    g_auto(Stamp) stamp = {0};
    bool stamped = stamp_read(target_stamp(pass), target_schema(pass), entry, &stamp);
    if (stamped && !strcmp(stamp.connector, pass->connector->uuid)) {
        PassStory *story = inquiry_story(inquiry_of(pass), stamp.anchor);
        if (!story->current)
            story->current = story_copy(entry);
    } else {
        add_bystander(inquiry_of(pass), entry_dn(entry), stamp.connector);
    }
}

static bool find_on_side(Pass *pass, int side, const char *object, GError **error)
{
    g_autoptr(GPtrArray) found = inquire_search(pass, side, object, error);
    for (guint i = 0; found && i < found->len; i++) {
        if (side == SOURCE)
            story_of_source(pass, g_ptr_array_index(found, i));
        else
            note_target(pass, g_ptr_array_index(found, i));
    }
    return found != NULL;
}

/* Who is not there any more is known by what is remembered. */
static bool find_remembered(Pass *pass, const char *object, GError **error)
{
    g_auto(LinkRow) row = {0};
    g_auto(LinkRow) by_name = {0};
    if (!state_find_link_by_anchor(pass->state, pass->step, object, &row, error) ||
        !state_find_link_by_source(pass->state, pass->step, pass_source_key(pass, object), &by_name, error))
        return false;
    if (row.row)
        inquiry_story(inquiry_of(pass), row.anchor);
    if (by_name.row)
        inquiry_story(inquiry_of(pass), by_name.anchor);
    return true;
}

static bool find_in_index(Pass *pass, const char *object, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autofree char *address = object_address(object);
    g_autofree char *name = holder_dn_key(&pass->view, object);
    bool ok = object_kind(object) == OBJECT_DN
                  ? holder_index_find_dn(pass->index, name, found, error)
                  : holder_index_find(pass->index, KEY_ADDRESS, address, found, error);
    for (guint i = 0; ok && i < found->len; i++) {
        const Holder *holder = g_ptr_array_index(found, i);
        if (!g_strcmp0(holder->owner, pass->connector->uuid))
            inquiry_story(inquiry_of(pass), holder->anchor);
        else
            add_bystander(inquiry_of(pass), holder->dn, holder->owner);
    }
    return ok;
}

/* Who is only found on the other side has an anchor by now, by which the source is asked. */
static bool find_sources(Pass *pass, GError **error)
{
    for (guint i = 0; i < inquiry_of(pass)->stories->len; i++) {
        PassStory *story = g_ptr_array_index(inquiry_of(pass)->stories, i);
        if (!story->anchor || story->source)
            continue;
        g_autofree char *filter = anchor_filter(pass, SOURCE, story->anchor);
        g_autoptr(GPtrArray) found = search(pass, SOURCE, NULL, filter, error);
        if (!found)
            return false;
        if (found->len)
            story->source = story_copy(g_ptr_array_index(found, 0));
    }
    return true;
}

bool inquire_find(Pass *pass, GError **error)
{
    const Inquiry *inquiry = inquiry_of(pass);
    for (guint i = 0; inquiry && i < inquiry->objects->len; i++) {
        const char *object = g_ptr_array_index(inquiry->objects, i);
        if (!find_on_side(pass, SOURCE, object, error) || !find_on_side(pass, TARGET, object, error) ||
            !find_remembered(pass, object, error) || !find_in_index(pass, object, error))
            return false;
    }
    return !inquiry || find_sources(pass, error);
}

void inquire_open(Pass *pass, void (*open)(const char *anchor, void *data))
{
    const Inquiry *inquiry = inquiry_of(pass);
    for (guint i = 0; inquiry && i < inquiry->stories->len; i++) {
        const PassStory *story = g_ptr_array_index(inquiry->stories, i);
        if (story->anchor)
            open(story->anchor, pass);
    }
}

/* --- while they are decided --- */

void inquire_note(const Pass *pass, const char *anchor, const char *situation, const char *reason)
{
    PassStory *story = inquiry_find(inquiry_of(pass), anchor);
    if (story)
        story_note(story, situation, reason);
}

void inquire_change(const Pass *pass, const Subject *subject, const char *situation, const char *because)
{
    PassStory *story = inquiry_find(inquiry_of(pass), subject->anchor);
    if (!story)
        return;
    story->changes++;
    story_note(story, situation, because);
}

bool inquire_wants(const Pass *pass, const Subject *subject)
{
    return inquiry_find(inquiry_of(pass), subject->anchor) != NULL;
}

void inquire_trouble(const Pass *pass, EventId event, const char *anchor, const char *reason)
{
    static const struct {
        EventId event;
        const char *situation;
    } situations[] = {{EVENT_AMBIGUOUS, "ambiguous"},
                      {EVENT_UNOWNED, "unowned"},
                      {EVENT_CONFLICT, "conflict"},
                      {EVENT_MEMBERS_UNRESOLVED, "members-unresolved"}};
    const char *situation = "invalid";
    for (size_t i = 0; i < G_N_ELEMENTS(situations); i++)
        if (situations[i].event == event)
            situation = situations[i].situation;
    inquire_note(pass, anchor, situation, reason);
}

static bool is_noted(const PassStory *story, const char *dn, const char *rule, const char *value)
{
    for (guint i = 0; i < story->candidates->len; i++) {
        const StoryCandidate *known = g_ptr_array_index(story->candidates, i);
        if (!strcmp(known->dn, dn) && !strcmp(known->rule, rule) && !strcmp(known->value, value))
            return true;
    }
    return false;
}

static const char *why_refused(const Pass *pass, const Holder *holder, bool is_new)
{
    if (!g_strcmp0(holder->owner, pass->connector->uuid))
        return "it is another recipient's object of this connector";
    if (holder->owner)
        return "another connector made it; those are never joined";
    return is_new ? "the address is new to this recipient's own object: that is a conflict, nobody moved home"
                  : NULL;
}

void inquire_candidates(const Pass *pass, const Subject *subject, const char *rule, const char *value,
                        const GPtrArray *holders, bool is_new)
{
    PassStory *story = inquiry_find(inquiry_of(pass), subject->anchor);
    for (guint i = 0; story && i < holders->len; i++) {
        const Holder *holder = g_ptr_array_index(holders, i);
        bool own =
            !g_strcmp0(holder->owner, pass->connector->uuid) && !g_strcmp0(holder->anchor, subject->anchor);
        if (own || is_noted(story, holder->dn, rule, value))
            continue;
        StoryCandidate *candidate = g_new0(StoryCandidate, 1);
        *candidate = (StoryCandidate){.dn = g_strdup(holder->dn),
                                      .owner = g_strdup(holder->owner),
                                      .rule = g_strdup(rule),
                                      .value = g_strdup(value),
                                      .refused = why_refused(pass, holder, is_new)};
        g_ptr_array_add(story->candidates, candidate);
    }
}

/* --- what was decided --- */

static void tell_grace(const Pass *pass, const Subject *subject, PassStory *story)
{
    if (!subject->stamp.grace || story->grace)
        return;
    story->grace = g_strdup(subject->stamp.grace);
    story->grace_until = grace_end(pass, story->grace);
}

void inquire_decided(const Pass *pass, const Subject *subject)
{
    PassStory *story = inquiry_find(inquiry_of(pass), subject->anchor);
    if (!story)
        return;
    if (!story->decided) { /* later it may be what an earlier change of this run leaves */
        g_clear_pointer(&story->current, entry_free);
        story->current = story_copy(subject->current);
    }
    story->decided = true;
    if (subject->source) {
        entry_free(story->source);
        story->source = story_copy(subject->source);
    }
    entry_free(story->desired);
    story->desired = story_copy(subject->desired);
    tell_grace(pass, subject, story);
    inquire_attributes(pass, subject, story);
}

/* --- afterwards --- */

typedef struct {
    const Mapping *mapping;
    PassStory *story;
} Choosing;

static void note_recipient(size_t index, RecipientVerdict verdict, void *data)
{
    const Choosing *choosing = data;
    const MappingRecipient *recipient = mapping_recipient(choosing->mapping, index);
    StoryRecipient *told = g_new0(StoryRecipient, 1);
    *told =
        (StoryRecipient){.of = g_strdup(recipient_of_names[recipient->of]),
                         .as = g_strdup(recipient_as_names[recipient->as]),
                         .where = g_strdup(recipient->where),
                         .condition = g_strdup(mapping_condition(choosing->mapping, index)),
                         .verdict = recipient_verdict_names[verdict],
                         .chosen = verdict == RECIPIENT_CHOSEN,
                         .passed_over = verdict == RECIPIENT_NOT_REACHED || verdict == RECIPIENT_OTHER_KIND};
    g_ptr_array_add(choosing->story->recipients, told);
}

/* What a source asks for; of several it is enough that one of them takes the entry. */
static void tell_sources(const Pass *pass, PassStory *story)
{
    bool selected = !pass_scope_check(pass, SCOPE_SELECTED, story->source, NULL);
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        const SourceSettings *source = &pass->settings->sources[i];
        g_autofree char *why = pass_why_not_selected(pass, i, story->source);
        const char *base = source->base ? source->base : pass->side[SOURCE].endpoint->base;
        g_autofree char *filter = pass->scopes[i] ? filter_format(pass->scopes[i]) : NULL;
        char *of =
            g_strdup_printf("%s%s%s", base ? base : "", base && filter ? " " : "", filter ? filter : "");
        story_check(story, "source and filter", of,
                    why && selected ? g_strdup_printf("%s, but another source takes it", why)
                                    : g_steal_pointer(&why));
    }
}

static void tell_checks(const Pass *pass, PassStory *story)
{
    g_ptr_array_set_size(story->checks, 0);
    tell_sources(pass, story);
    for (int check = SCOPE_SELECTED + 1; check < SCOPE_CHECKS; check++) {
        const char *name;
        const char *reason = pass_scope_check(pass, (ScopeCheck)check, story->source, &name);
        story_check(story, name, NULL, g_strdup(reason));
    }
    if (story->desired && pass->step == STEP_IMPORT)
        story_check(story, "own domains", NULL, g_strdup(subject_why_one_of_us(pass, story->desired)));
}

static void tell_scope(const Pass *pass, PassStory *story)
{
    int index;
    Choosing choosing = {pass->mapping, story};
    g_autoptr(GError) failure = NULL;
    if (!story->source)
        return;
    tell_checks(pass, story);
    if (!mapping_choose_told(pass->mapping, pass->as, pass->side[SOURCE].schema, story->source, &index,
                             note_recipient, &choosing, &failure))
        story_check(story, "recipient", NULL, g_strdup(failure->message));
    if (story->decided)
        return;
    const char *outside = pass_out_of_scope(pass, story->source);
    g_autofree char *none = g_strdup_printf("no %s, which the definition names as anchor", pass->anchor);
    if (outside)
        story_note(story, "out-of-scope", outside);
    else if (!story->anchor)
        story_note(story, "invalid", none);
}

/* What was worked out, and then left: somebody else is this person, or it is not as it must be. */
static void tell_that_nothing_is_written(PassStory *story)
{
    for (guint i = 0; i < story->attributes->len; i++) {
        const StoryAttribute *attribute = g_ptr_array_index(story->attributes, i);
        for (guint j = 0; j < attribute->values->len; j++) {
            StoryValue *value = g_ptr_array_index(attribute->values, j);
            bool added = value->fate == VALUE_ADDED;
            if (!added && value->fate != VALUE_REMOVED)
                continue;
            value->fate = added ? VALUE_NOT_GIVEN : VALUE_KEPT;
            g_free(value->why);
            value->why = g_strdup("nothing is written");
        }
    }
}

void inquire_finish(const Pass *pass)
{
    const Inquiry *inquiry = inquiry_of(pass);
    for (guint i = 0; inquiry && i < inquiry->stories->len; i++) {
        PassStory *story = g_ptr_array_index(inquiry->stories, i);
        tell_scope(pass, story);
        if (!story->changes)
            tell_that_nothing_is_written(story);
        if (story->situations->len)
            continue;
        if (story->decided && story->source && story->current)
            story_note(story, "in-sync", NULL);
        else
            story_note(story, "unknown", "this run did not come to look at it");
    }
}
