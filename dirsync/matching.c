/*
 * matching.c - see matching.h
 */
#include "dirsync/matching.h"

#include "dirsync/interrupt.h"

#include <string.h>

/* What is only needed until it is told. */
static void person_forget(Person *person)
{
    g_clear_pointer(&person->candidates, g_array_unref);
    g_clear_pointer(&person->anchor, g_free);
    g_clear_pointer(&person->name, g_free);
    g_clear_pointer(&person->address, g_free);
    g_clear_pointer(&person->surname, g_free);
    g_clear_pointer(&person->note, g_free);
}

static void person_clear(void *data)
{
    person_forget(data);
}

static void native_clear(void *data)
{
    Native *native = data;
    g_free(native->id);
    g_free(native->dn);
    g_free(native->owner);
    g_free(native->anchor);
    g_free(native->surname);
}

void matching_free(Matching *matching)
{
    if (!matching)
        return;
    g_array_unref(matching->people);
    g_hash_table_unref(matching->by_id);
    g_array_unref(matching->natives);
    g_free(matching);
}

static Matching *matching_new(guint n)
{
    Matching *matching = g_new0(Matching, 1);
    matching->people = g_array_sized_new(FALSE, TRUE, sizeof(Person), n);
    g_array_set_clear_func(matching->people, person_clear);
    g_array_set_size(matching->people, n);
    matching->natives = g_array_new(FALSE, FALSE, sizeof(Native));
    g_array_set_clear_func(matching->natives, native_clear);
    matching->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    return matching;
}

/* --- who there is --- */

static char *surname_of(const Schema *schema, const Entry *entry, const Schema *target)
{
    const char *surname = entry ? schema_find_string(schema, entry, "sn") : NULL;
    return surname ? matching_normalise(target, "sn", (Value){surname, strlen(surname)}) : NULL;
}

static void describe(const Pass *pass, const Subject *subject, Person *person)
{
    const Schema *target = target_schema(pass);
    const char *name = schema_find_string(target, subject->desired, "displayName");
    person->is_group = subject->is_group;
    person->name = name ? g_strdup(name) : subject_plain_name(subject->desired);
    person->surname = surname_of(target, subject->desired, target);
    if (!person->surname)
        person->surname = surname_of(pass->side[SOURCE].schema, subject->source, target);
}

static void note(Person *person, char *text)
{
    g_free(person->note);
    person->note = text;
}

static bool is_account(const Schema *schema, const Entry *entry)
{
    static const char *const classes[] = {"user", "posixAccount", "account", "sambaSamAccount"};
    static const char *const signs[] = {"userPassword", "uid", "sAMAccountName", "userAccountControl",
                                        "krbPrincipalName"};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (schema_entry_is(schema, entry, classes[i]))
            return true;
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        if (schema_find(schema, entry, signs[i]))
            return true;
    return false;
}

/* Only who is one is deleted and made again as an account. */
static bool is_contact(const Schema *schema, const Entry *entry)
{
    return schema_entry_is(schema, entry, "contact") || schema_entry_is(schema, entry, "person");
}

static bool is_in_source(const Item *item)
{
    return item->mark[SOURCE] != MARK_ABSENT;
}

/* Why somebody whom a link knows has no object, and is not to get one; NULL: no such thing. */
static const char *why_without_object(const Subject *subject)
{
    if (subject->current || !(subject->row.flags & (LINK_RELEASED | LINK_YIELDED)))
        return NULL;
    return subject->row.flags & LINK_RELEASED ? "its object was released"
                                              : "has moved home: a native is this person";
}

static bool examine(Pass *pass, uint32_t index, GError **error)
{
    Person *person = matching_person(pass, index);
    g_auto(Subject) subject = {0};
    person->native = NO_NATIVE;
    person->class = MATCH_CLASSES;
    if (!is_in_source(item_at(pass, index)))
        return true;
    if (!subject_load(pass, index, &subject, error))
        return false;
    if (!subject.source)
        return true;
    person->class = MATCH_UNFIT;
    person->anchor = g_strdup(subject.anchor);
    if ((person->note = g_strdup(why_without_object(&subject))) ||
        (person->note = subject_unfit(pass, &subject)))
        return true;
    describe(pass, &subject, person);
    person->class = subject.current ? MATCH_OURS : MATCH_NONE;
    if (!subject.current)
        return matching_find(pass, &subject, person, error);
    person->action = MIGRATE_UPDATE;
    if (!subject_changed_kind(pass, &subject))
        return true;
    bool lost = !subject_is_user(pass, &subject) && is_account(target_schema(pass), subject.current);
    person->action = lost ? MIGRATE_SKIP : MIGRATE_CONVERT;
    if (lost)
        note(person, g_strdup("it is an account, and accounts are never deleted"));
    return true;
}

static bool examine_all(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->items->len; i++) {
        if (interrupt_pending(error) || !examine(pass, i, error))
            return false;
        if (i % 1000 == 0 && pass->options.progress)
            pass->options.progress("matching", i, pass->items->len, pass->options.data);
    }
    return true;
}

/* --- what they are --- */

static bool is_group(const Schema *schema, const Entry *entry)
{
    static const char *const classes[] = {"group",          "groupOfNames", "groupOfUniqueNames",
                                          "groupOfMembers", "posixGroup",   "msExchDynamicDistributionList"};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (schema_entry_is(schema, entry, classes[i]))
            return true;
    return false;
}

static bool fetched(size_t index, Entry *entry, void *data, GError **error)
{
    Pass *pass = data;
    const Schema *schema = target_schema(pass);
    Native *native = matching_native(pass, (uint32_t)index);
    g_autoptr(Entry) owned = entry;
    if (!owned)
        return true;
    native->is_group = is_group(schema, owned);
    native->is_account = is_account(schema, owned);
    native->surname = surname_of(schema, owned, schema);
    g_free(native->dn);
    native->dn = g_strdup(entry_dn(owned));
    return spool_append(pass->side[TARGET].spool, owned, &native->at, error);
}

static void bytes_free(void *bytes)
{
    g_bytes_unref(bytes);
}

/* All at once: one filter for many instead of a search for each. */
static bool fetch_natives(Pass *pass, GError **error)
{
    GArray *natives = pass->matching->natives;
    g_autoptr(GArray) ids = g_array_sized_new(FALSE, TRUE, sizeof(FetchId), natives->len);
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(bytes_free);
    for (guint i = 0; i < natives->len; i++) {
        const Native *native = &g_array_index(natives, Native, i);
        GBytes *bytes = anchor_bytes(native->id);
        GBytes *dn = g_bytes_new(native->dn, strlen(native->dn) + 1); /* it may change on the way */
        FetchId id = {.id_attribute = pass->view.id_attribute, .index = i};
        id.dn = g_bytes_get_data(dn, NULL);
        id.id.data = g_bytes_get_data(bytes, &id.id.len);
        g_array_append_val(ids, id);
        g_ptr_array_add(owned, bytes);
        g_ptr_array_add(owned, dn);
    }
    return !ids->len ||
           directory_fetch(pass->side[TARGET].directory, (const FetchId *)(void *)ids->data, ids->len,
                           (const char *const *)pass->requests[TARGET], fetched, pass, error);
}

/* --- classes --- */

/* A namesake of another family, or somebody who is gone by now. */
static bool is_nobody(const Pass *pass, const Person *person, const Candidate *candidate)
{
    const Native *native = matching_native(pass, candidate->native);
    if (native->at == SPOOL_NOWHERE)
        return true;
    return candidate->rule == RULE_NAME &&
           (native->is_group ||
            (person->surname && native->surname && strcmp(person->surname, native->surname) != 0));
}

static void drop_nobodies(const Pass *pass, Person *person)
{
    for (guint i = person->candidates->len; i-- > 0;)
        if (is_nobody(pass, person, &g_array_index(person->candidates, Candidate, i)))
            g_array_remove_index(person->candidates, i);
}

static void judge_owner(const Pass *pass, Person *person)
{
    const Native *native = matching_native(pass, person->native);
    if (!native->owner)
        return;
    note(person, !strcmp(native->owner, pass->connector->uuid)
                     ? g_strdup_printf("it is ours already, for the anchor %s", native->anchor)
                     : g_strdup("it is another connector's, which alone may change it"));
    person->class = MATCH_AMBIGUOUS;
    person->native = NO_NATIVE;
}

static void classify(const Pass *pass, Person *person)
{
    guint n[2] = {0, 0}; /* probable, exact */
    drop_nobodies(pass, person);
    for (guint i = 0; i < person->candidates->len; i++)
        n[g_array_index(person->candidates, Candidate, i).exact]++;
    guint best = n[1] ? n[1] : n[0];
    if (!best)
        return;
    if (best > 1) {
        person->class = MATCH_AMBIGUOUS;
        note(person, g_strdup_printf("%u recipients match", best));
        return;
    }
    person->class = n[1] ? MATCH_EXACT : MATCH_PROBABLE;
    for (guint i = 0; i < person->candidates->len; i++) {
        const Candidate *candidate = &g_array_index(person->candidates, Candidate, i);
        if (candidate->exact == (n[1] > 0))
            person->native = candidate->native;
    }
    judge_owner(pass, person);
    if (person->native != NO_NATIVE)
        matching_native(pass, person->native)->wanted[person->class]++;
}

/* Where several of the source are one recipient nobody can say who it is. */
static void contest(const Pass *pass, Person *person)
{
    const Native *native = person->native == NO_NATIVE ? NULL : matching_native(pass, person->native);
    if (!native)
        return;
    if (native->wanted[person->class] > 1) {
        note(person,
             g_strdup_printf("%u entries of the source match %s", native->wanted[person->class], native->dn));
        person->class = MATCH_AMBIGUOUS;
    } else if (person->class == MATCH_PROBABLE && native->wanted[MATCH_EXACT]) {
        note(person, g_strdup_printf("%s is somebody else of the source for sure", native->dn));
        person->class = MATCH_NONE;
    } else {
        return;
    }
    person->native = NO_NATIVE;
}

/* --- actions --- */

/* Whether the native can become what the mapping makes of the person; else why not. */
static MatchAction taking_over(Pass *pass, uint32_t index, const Native *native, char **why, GError **error)
{
    g_auto(Subject) subject = {0};
    g_autoptr(Entry) entry = NULL;
    if (!subject_load(pass, index, &subject, error) ||
        !(entry = spool_read(pass->side[TARGET].spool, native->at, error)))
        return MIGRATE_ACTIONS;
    if ((*why = subject_unfit(pass, &subject)))
        return MIGRATE_SKIP;
    subject.current = g_steal_pointer(&entry);
    if (native->is_group != subject.is_group) {
        *why = g_strdup(native->is_group ? "it is a group" : "it is no group");
        return MIGRATE_SKIP;
    }
    if (!subject_changed_kind(pass, &subject))
        return MIGRATE_ADOPT;
    if (!subject_is_user(pass, &subject) || native->is_account ||
        !is_contact(target_schema(pass), subject.current)) {
        *why = g_strdup_printf("it is of another kind, and %s", native->is_account
                                                                    ? "accounts are never deleted"
                                                                    : "only contacts become accounts");
        return MIGRATE_SKIP;
    }
    return MIGRATE_CONVERT;
}

static bool choose_action(Pass *pass, uint32_t index, GError **error)
{
    Person *person = matching_person(pass, index);
    MatchAction chosen = pass->options.migration->action[person->class];
    if (chosen != MIGRATE_ADOPT) {
        person->action = (uint8_t)chosen;
        return true;
    }
    char *why = NULL;
    person->action = (uint8_t)taking_over(pass, index, matching_native(pass, person->native), &why, error);
    if (why)
        note(person, why);
    return person->action != MIGRATE_ACTIONS;
}

static bool is_matched(const Person *person)
{
    return person->class != MATCH_CLASSES && person->class != MATCH_OURS && person->class != MATCH_UNFIT;
}

/* --- telling --- */

static void tell(const Pass *pass, uint32_t index)
{
    const Migration *migration = pass->options.migration;
    const Person *person = matching_person(pass, index);
    guint n = person->candidates ? person->candidates->len : 0;
    g_autofree MatchCandidate *candidates = g_new0(MatchCandidate, n + 1);
    for (guint i = 0; i < n; i++) {
        const Candidate *candidate = &g_array_index(person->candidates, Candidate, i);
        const Native *native = matching_native(pass, candidate->native);
        candidates[i] = (MatchCandidate){native->dn, native->owner, candidate->why};
    }
    Match match = {.class = (MatchClass)person->class,
                   .action = (MatchAction)person->action,
                   .anchor = person->anchor,
                   .name = person->name,
                   .address = person->address,
                   .note = person->note,
                   .candidates = candidates,
                   .n_candidates = n};
    migration->told(&match, migration->data);
}

/* Nobody looks at them again. */
static size_t count_in_sync(const Pass *pass)
{
    size_t n = 0;
    for (guint i = 0; i < pass->links->links->len; i++)
        n += link_at(pass->links, i)->item == NOWHERE && link_at(pass->links, i)->mark[SOURCE] != MARK_ABSENT;
    return n;
}

bool matching_make(Pass *pass, GError **error)
{
    pass->matching = matching_new(pass->items->len);
    pass->options.migration->in_sync = count_in_sync(pass);
    if (!examine_all(pass, error) || !fetch_natives(pass, error))
        return false;
    for (guint i = 0; i < pass->items->len; i++)
        if (matching_person(pass, i)->candidates)
            classify(pass, matching_person(pass, i));
    for (guint i = 0; i < pass->items->len; i++)
        contest(pass, matching_person(pass, i));
    for (guint i = 0; i < pass->items->len; i++) {
        Person *person = matching_person(pass, i);
        if (is_matched(person) && !choose_action(pass, i, error))
            return false;
        if (person->class != MATCH_CLASSES && pass->options.migration->told)
            tell(pass, i);
        person_forget(person);
    }
    return true;
}
