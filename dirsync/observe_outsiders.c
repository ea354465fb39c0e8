/*
 * observe_outsiders.c - who is in the source and left out by the definition
 *
 * A pass asks the source for those whom the definition's filter wants, so it never
 * sees the others. Here the same bases are read once more without a filter, which
 * is then looked at by ourselves: an entry for which a server finds a filter
 * undefined matches neither the filter nor its opposite.
 */
#include "dirsync/observe_internal.h"

#include "dirsync/interrupt.h"

/* Who passes all that the definition asks is left out for what was made of them. */
static const ObservedReason reasons[SCOPE_CHECKS + 1] = {
    [SCOPE_SELECTED] = OBSERVED_FILTERED_OUT,  [SCOPE_NOT_OURS] = OBSERVED_FROM_THERE,
    [SCOPE_SHOWN] = OBSERVED_HIDDEN,           [SCOPE_ENABLED] = OBSERVED_DISABLED,
    [SCOPE_RECIPIENT] = OBSERVED_NO_RECIPIENT, [SCOPE_CHECKS] = OBSERVED_ONE_OF_US,
};

ObservedReason observe_scope_reason(ScopeCheck failed)
{
    return reasons[failed];
}

/* Containers, devices and the like are no loss to an address list. In a file without classes everybody is
 * somebody. */
static bool is_somebody(const Pass *pass, const Entry *entry)
{
    static const char *const addresses[] = {"mail", "proxyAddresses", "targetAddress"};
    static const char *const classes[] = {"person", "groupOfNames", "groupOfUniqueNames",
                                          "group",  "contact",      "groupOfMembers"};
    const Schema *schema = pass->side[SOURCE].schema;
    bool is = !schema_find(schema, entry, "objectClass");
    for (size_t i = 0; i < G_N_ELEMENTS(addresses) && !is; i++)
        is = schema_find(schema, entry, addresses[i]) != NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(classes) && !is; i++)
        is = schema_entry_is(schema, entry, classes[i]);
    return is;
}

static char *filter_of(const Pass *pass)
{
    const char *filter = pass->settings->sources[pass->source_at].filter;
    return g_strdup_printf("%s of <%s>, %s", filter ? filter : "(no filter)", step_names[pass->step],
                           pass->settings->where);
}

static bool keep_outsider(Pass *pass, Fingerprint anchor, const Entry *entry, ObservedReason reason,
                          const char *detail, GError **error)
{
    Outsider outsider = {.reason = reason};
    const char *const texts[] = {entry_dn(entry), detail};
    if (!observe_keep_texts(pass, texts, G_N_ELEMENTS(texts), &outsider.at, error))
        return false;
    g_hash_table_replace(pass->observed->outsiders, g_memdup2(&anchor, sizeof anchor),
                         g_memdup2(&outsider, sizeof outsider));
    return true;
}

static void tell_outsider(Pass *pass, const char *anchor, const Entry *entry, ObservedReason reason,
                          const char *detail)
{
    ObservedPair row = {.verdict = reason == OBSERVED_FROM_THERE ? RECONCILED_SAME : RECONCILED_ONLY_SOURCE,
                        .reason = reason,
                        .detail = detail,
                        .source_dn = entry_dn(entry),
                        .anchor = anchor};
    Entry *mapped = observe_describe_source(pass, entry, &row.name, &row.mail);
    pass->observed->tell(&row, pass->observed->data);
    entry_free(mapped);
}

/* Of entries with one anchor a pass keeps the first. */
static bool is_another_one(const Pass *pass, const Item *item, const Entry *entry)
{
    const Record *record = item->source == NOWHERE ? NULL : record_at(&pass->side[SOURCE], item->source);
    return record && record->duplicate &&
           !fingerprint_equal(record->key, pass_source_key(pass, entry_dn(entry)));
}

static bool judge(Pass *pass, const Entry *entry, GError **error)
{
    g_autofree char *anchor = pass_anchor_of(pass, entry);
    Fingerprint key = anchor ? fingerprint_string(anchor) : (Fingerprint){0, 0};
    ScopeCheck failed = pass_failed_check(pass, entry);
    bool outside = failed != SCOPE_CHECKS;
    const Item *item = link_item(pass, fingerprint_index_find(&pass->links->by_anchor, key));
    ObservedReason reason = outside ? observe_scope_reason(failed) : OBSERVED_NOT_SHOWN;
    if (item && !outside && is_another_one(pass, item, entry))
        tell_outsider(pass, anchor, entry, OBSERVED_DUPLICATE, NULL);
    if ((item && item->mark[SOURCE] != MARK_ABSENT) || (!outside && !anchor)) /* it was decided, or told of */
        return true;
    if (reason != OBSERVED_FROM_THERE && !is_somebody(pass, entry))
        return true;
    g_autofree char *detail = reason == OBSERVED_FILTERED_OUT ? filter_of(pass) : NULL;
    if (item && item->mark[TARGET] != MARK_ABSENT)
        return keep_outsider(pass, key, entry, reason, detail, error);
    tell_outsider(pass, anchor, entry, reason, detail);
    return true;
}

static bool take(const DirectoryItem *item, void *data, GError **error)
{
    Pass *pass = data;
    if (++pass->observed->looked_at % 1000 == 0) {
        if (pass->options.progress)
            pass->options.progress("looking who is left out", pass->observed->looked_at, 0,
                                   pass->options.data);
        if (interrupt_pending(error))
            return false;
    }
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, NULL);
    return !entry || judge(pass, entry, error);
}

bool observe_outsiders(Pass *pass, char **incomplete, GError **error)
{
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        ReadRequest request;
        ReadResult result = {0};
        g_autoptr(GError) failure = NULL;
        pass->source_at = i;
        pass_request(pass, SOURCE, i, &request);
        request.filter = NULL;
        bool read = directory_read(pass->side[SOURCE].directory, &request, take, pass, &result, &failure);
        if (!*incomplete && (!read || (result.proof != PROOF_COMPLETE && !pass->work.partial_reason)))
            *incomplete = g_strdup_printf("who is left out of the source is not known for certain: %s",
                                          failure ? failure->message : result.reason);
        read_result_clear(&result);
        if (error_is(failure, ERROR_INTERRUPTED) || error_is(failure, ERROR_IO)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
    }
    return true;
}
