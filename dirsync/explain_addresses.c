/*
 * explain_addresses.c - which template, policy and generator is behind each address
 *
 * Asks the address step for what its templates would give, whether or not the
 * recipient has it (address_step_preview()), on the home directory as the import
 * will leave it.
 */
#include "dirsync/explain_internal.h"

#include "dirsync/address_step.h"
#include "dirsync/dn.h"
#include "dirsync/filter.h"
#include "dirsync/schema.h"

#include <string.h>

/* The entry that the export sees has it already. */
static bool is_being_given(const ExplainedObject *object, const char *address)
{
    for (guint i = 0; i < object->given->len; i++) {
        const Change *change = ((ExplainedChange *)g_ptr_array_index(object->given, i))->change;
        for (size_t j = 0; j < change->n_modifications; j++) {
            const Modification *one = &change->modifications[j];
            for (size_t k = 0; k < one->n_values && one->kind == MODIFY_ADD; k++)
                if (!strcmp(one->values[k].data, address))
                    return true;
        }
    }
    return false;
}

static bool has_address(const ExplainedObject *object, const char *address)
{
    const Entry *imported = object->import ? object->import->story->current : NULL;
    const Entry *entry = imported ? imported : object->export ? object->export->story->source : NULL;
    const Attribute *there = entry ? schema_find(schema_standard(), entry, "proxyAddresses") : NULL;
    for (size_t i = 0; there && i < there->n_values; i++)
        if (!strcmp(there->values[i].data, address))
            return !is_being_given(object, address);
    return false;
}

static void note(ExplainedObject *object, const AddressPreview *preview)
{
    ExplainedAddress *address = g_new0(ExplainedAddress, 1);
    *address = (ExplainedAddress){.address = g_strdup(preview->address),
                                  .problem = g_strdup(preview->problem),
                                  .type = g_strdup(preview->type),
                                  .site = g_strdup(preview->site),
                                  .because = g_strdup(preview->because),
                                  .generator = g_strdup(preview->generator),
                                  .outside = preview->outside,
                                  .there = preview->address && has_address(object, preview->address)};
    g_ptr_array_add(object->addresses, address);
}

static void previewed(const char *dn, const AddressPreview *preview, void *data)
{
    const Explaining *e = data;
    for (guint i = 0; i < e->into->objects->len; i++) {
        ExplainedObject *object = g_ptr_array_index(e->into->objects, i);
        if (object->home_dn && schema_dn_equal(schema_standard(), object->home_dn, dn))
            note(object, preview);
    }
}

/* A filter cannot say a DN: all of the same RDN are asked about. NULL: nobody is there. */
static char *filter_of_all(const Explaining *e)
{
    GString *filter = g_string_new(NULL);
    for (guint i = 0; i < e->into->objects->len; i++) {
        const ExplainedObject *object = g_ptr_array_index(e->into->objects, i);
        g_autoptr(Dn) dn = object->home_dn ? dn_parse(object->home_dn, NULL) : NULL;
        if (!dn || !dn->n_rdns)
            continue;
        const DnAva *ava = &dn->rdns[0].avas[0];
        g_autofree char *test = filter_equals(ava->type, ava->value, ava->len);
        g_string_append(filter, test);
    }
    if (!filter->len) {
        g_string_free(filter, TRUE);
        return NULL;
    }
    g_string_prepend(filter, "(|");
    g_string_append_c(filter, ')');
    return g_string_free(filter, FALSE);
}

static bool has_changes(const Explaining *e)
{
    g_auto(PlanHead) head = {0};
    return plan_load(e->folder, &head, NULL) && head.step[STEP_IMPORT].changes;
}

bool explain_addresses(Explaining *e, GError **error)
{
    g_autofree char *filter = e->connector->pass[STEP_ADDRESSES].wanted ? filter_of_all(e) : NULL;
    g_autoptr(GError) failure = NULL;
    (void)error;
    if (e->refused || !filter ||
        address_step_preview(e->connector, e->state, filter, has_changes(e) ? e->folder : NULL, previewed, e,
                             &failure))
        return true;
    explain_note(e, "addresses: what templates give is not known: %s", failure->message);
    return true;
}
