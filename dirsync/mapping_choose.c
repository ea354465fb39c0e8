/*
 * mapping_choose.c - which recipient of a mapping an entry is; contract in mapping.h
 *
 * Two questions: what the entry is (of), which the mapping alone says, and what
 * is made of it (as), which the connector asks for. An entry that is nothing to
 * the connector is left out, whatever else of the mapping would fit it.
 */
#include "dirsync/error.h"
#include "dirsync/mapping_internal.h"

/* Sets *holds to what the condition says of the present entry. */
static bool test(const Mapping *mapping, const Recipient *recipient, bool *holds, GError **error)
{
    *holds = true;
    if (!recipient->when)
        return true;
    g_autofree char *reason = NULL;
    xmlXPathObject *result = expression_evaluate(mapping->evaluator, recipient->when, NULL, 0, 0, &reason);
    if (!result) {
        error_set(error, ERROR_INVALID, "%s: when: %s", recipient->where, reason);
        return false;
    }
    *holds = xmlXPathCastToBoolean(result) != 0;
    xmlXPathFreeObject(result);
    return true;
}

const char *const recipient_verdict_names[] = {
    [RECIPIENT_CHOSEN] = "chosen",
    [RECIPIENT_FAILS] = "its condition does not hold",
    [RECIPIENT_NOT_ASKED] = "its condition holds, but the connector does not make that of it",
    [RECIPIENT_OTHER_KIND] = "the entry is of another kind, or made something else",
    [RECIPIENT_NOT_REACHED] = "an earlier one was chosen",
};

typedef struct {
    RecipientJudged judged; /* NULL: nobody asks */
    void *data;
} Telling;

static void tell(const Telling *telling, guint i, RecipientVerdict verdict)
{
    if (telling->judged)
        telling->judged(i, verdict, telling->data);
}

/* The first whose condition holds, says what the entry is; it and those after it can be what is made.
 * Nothing is made where AS_NOTHING is asked for, since no recipient is that. */
static bool choose(const Mapping *mapping, const RecipientAs as[OF_KINDS], int *index, const Telling *telling,
                   GError **error)
{
    int of = -1;
    for (guint i = 0; i < mapping->recipients->len; i++) {
        const Recipient *recipient = mapping_recipient_at(mapping, i);
        bool wanted = (int)recipient->about.of == of && recipient->about.as == as[of], holds;
        if (*index >= 0 || (of >= 0 && !wanted)) {
            tell(telling, i, *index >= 0 ? RECIPIENT_NOT_REACHED : RECIPIENT_OTHER_KIND);
            continue;
        }
        if (!test(mapping, recipient, &holds, error))
            return false;
        if (!holds) {
            tell(telling, i, RECIPIENT_FAILS);
            continue;
        }
        of = (int)recipient->about.of;
        bool is = recipient->about.as == as[of];
        tell(telling, i, is ? RECIPIENT_CHOSEN : RECIPIENT_NOT_ASKED);
        if (!is)
            continue;
        *index = (int)i;
        if (!telling->judged)
            return true;
    }
    return true;
}

bool mapping_choose_told(Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *source_schema,
                         const Entry *source, int *index, RecipientJudged judged, void *data, GError **error)
{
    Telling telling = {judged, data};
    *index = -1;
    evaluator_set_entry(mapping->evaluator, source, source_schema);
    bool good = choose(mapping, as, index, &telling, error);
    evaluator_set_entry(mapping->evaluator, NULL, NULL);
    return good;
}

bool mapping_choose(Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *source_schema,
                    const Entry *source, int *index, GError **error)
{
    return mapping_choose_told(mapping, as, source_schema, source, index, NULL, NULL, error);
}

const char *mapping_condition(const Mapping *mapping, size_t index)
{
    const Recipient *recipient = mapping_recipient_at(mapping, index);
    return recipient->when ? recipient->when->text : NULL;
}
