/*
 * registrar_publish.c - one object of the configuration, made, mended or removed
 *
 * A write is one add, modify or delete, awaited before the next: an errand that is
 * cut short is simply run again. Old values are deleted by name, so that a change
 * that somebody else made meanwhile is refused by the server instead of lost.
 *
 * Values are compared to the letter: the name of a file differs by a capital. Only
 * DNs are compared by their rule, because servers spell them their own way.
 */
#include "proxygen/registrar_internal.h"

#include "dirsync/dn.h"
#include "dirsync/fault.h"

#include <string.h>

/* --- writing --- */

/* In the order of ChangeKind. */
static const struct {
    const char *done, *would, *refused;
} words[CHANGE_KINDS] = {
    [CHANGE_ADD] = {"added", "would add", "cannot be added"},
    [CHANGE_MODIFY] = {"changed", "would change", "cannot be changed"},
    [CHANGE_RENAME] = {"renamed", "would rename", "cannot be renamed"},
    [CHANGE_DELETE] = {"removed", "would remove", "cannot be removed"},
};

void registrar_tell(const Registrar *registrar, const char *what, const char *dn)
{
    if (registrar->told)
        registrar->told(what, dn, registrar->data);
}

typedef struct {
    Outcome outcome;
    GError *error;
} Answer;

static void take_answer(const Change *change, Outcome outcome, const GError *error, void *data)
{
    Answer *answer = data;
    (void)change;
    answer->outcome = outcome;
    answer->error = error ? g_error_copy(error) : NULL;
}

static bool send(const Registrar *registrar, const Change *change, GError **error)
{
    Answer answer = {.outcome = OUTCOME_UNCERTAIN};
    bool sent = directory_submit(registrar->home, change, take_answer, &answer, error) &&
                directory_flush(registrar->home, error);
    fault_step("registrar: answer");
    if (sent && answer.error)
        g_propagate_error(error, g_steal_pointer(&answer.error));
    else if (sent && answer.outcome != OUTCOME_DONE)
        error_set(error, ERROR_UNCERTAIN, "no answer came; run the command again, it does what is left");
    g_clear_error(&answer.error);
    return sent && answer.outcome == OUTCOME_DONE;
}

static bool write_change(const Registrar *registrar, const Change *change, GError **error)
{
    GError *why = NULL;
    if (!registrar->dry && !send(registrar, change, &why)) {
        g_propagate_prefixed_error(error, why, "%s: %s: ", change->dn, words[change->kind].refused);
        return false;
    }
    registrar_tell(registrar, registrar->dry ? words[change->kind].would : words[change->kind].done,
                   change->dn);
    return true;
}

bool registrar_add(const Registrar *registrar, const Entry *entry, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_ADD, entry_dn(entry));
    change->entry = entry_copy(entry);
    for (size_t i = entry_n_attributes(change->entry); i-- > 0;)
        if (!entry_attribute(change->entry, i)->n_values)
            entry_remove(change->entry, i);
    GError *why = NULL;
    if (!schema_check_entry(registrar->schema, change->entry, &why)) {
        error_set(error, ERROR_DEFINITION, "%s: the schema does not take it: %s; " REGISTRAR_SCHEMA_REMEDY,
                  entry_dn(entry), why->message);
        g_error_free(why);
        return false;
    }
    return write_change(registrar, change, error);
}

bool registrar_remove(const Registrar *registrar, const char *dn, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_DELETE, dn);
    return write_change(registrar, change, error);
}

/* --- publishing --- */

static bool same_value(const Registrar *registrar, const AttributeType *type, Value a, Value b)
{
    if (type && type->equality == EQUALITY_DN)
        return schema_values_equal(registrar->schema, type, a, b);
    return a.len == b.len && !memcmp(a.data, b.data, a.len);
}

static bool holds(const Registrar *registrar, const AttributeType *type, const Attribute *attribute,
                  Value value)
{
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (same_value(registrar, type, attribute->values[i], value))
            return true;
    return false;
}

/* Values of @from that are not in @in, as one modification. Without an equality rule no server finds a value
 * to delete: then all of @from goes or comes. */
static void modify_rest(const Registrar *registrar, Change *change, ModifyKind kind, const Attribute *from,
                        const Attribute *in, bool all)
{
    const AttributeType *type = from ? schema_attribute(registrar->schema, from->name) : NULL;
    g_autoptr(GArray) rest = g_array_new(FALSE, FALSE, sizeof(Value));
    for (size_t i = 0; from && i < from->n_values; i++)
        if (all || !holds(registrar, type, in, from->values[i]))
            g_array_append_val(rest, from->values[i]);
    if (all && kind == MODIFY_DELETE && rest->len)
        change_modify(change, kind, from->name, NULL, 0);
    else if (rest->len)
        change_modify(change, kind, from->name, (const Value *)rest->data, rest->len);
}

static bool same_attribute(const Registrar *registrar, const Attribute *a, const Attribute *b)
{
    const AttributeType *type = schema_attribute(registrar->schema, a->name);
    if (a->n_values != (b ? b->n_values : 0))
        return false;
    for (size_t i = 0; i < a->n_values; i++)
        if (!holds(registrar, type, b, a->values[i]))
            return false;
    return true;
}

static bool is_kept(const RegistrarObject *object, const char *name)
{
    return !g_ascii_strcasecmp(name, "objectClass") || !g_ascii_strcasecmp(name, "cn") ||
           (object->given && g_strv_contains(object->given, name));
}

Change *registrar_difference(const Registrar *registrar, const RegistrarObject *object, const Entry *current)
{
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, entry_dn(object->wanted));
    for (size_t i = 0; i < entry_n_attributes(object->wanted); i++) {
        const Attribute *wanted = entry_attribute(object->wanted, i);
        const Attribute *there = schema_find(registrar->schema, current, wanted->name);
        const AttributeType *type = schema_attribute(registrar->schema, wanted->name);
        bool all = type && !type->has_equality;
        if (is_kept(object, wanted->name) || same_attribute(registrar, wanted, there))
            continue;
        modify_rest(registrar, change, MODIFY_DELETE, there, wanted, all);
        modify_rest(registrar, change, MODIFY_ADD, wanted, there, all);
    }
    return change->n_modifications ? g_steal_pointer(&change) : NULL;
}

bool registrar_fits(const Registrar *registrar, const RegistrarObject *object, const Entry *current,
                    GError **error)
{
    if (schema_entry_is(registrar->schema, current, object->class_name))
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s: something of this name is there already, and it is no %s; remove it if nobody needs it",
              entry_dn(object->wanted), object->class_name);
    return false;
}

static bool make(const Registrar *registrar, const RegistrarObject *object, GError **error)
{
    g_autofree char *parent = dn_parent(entry_dn(object->wanted));
    return registrar_make_container(registrar, parent, error) &&
           registrar_add(registrar, object->wanted, error);
}

bool registrar_publish(const Registrar *registrar, const RegistrarObject *object, GError **error)
{
    GError *why = NULL;
    g_autoptr(Entry) current = registrar_look(registrar, entry_dn(object->wanted), &why);
    if (why) {
        g_propagate_error(error, why);
        return false;
    }
    if (!current)
        return make(registrar, object, error);
    if (!registrar_fits(registrar, object, current, error))
        return false;
    g_autoptr(Change) change = registrar_difference(registrar, object, current);
    if (change)
        return write_change(registrar, change, error);
    registrar_tell(registrar, "unchanged", entry_dn(object->wanted));
    return true;
}
