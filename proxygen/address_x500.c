/*
 * address_x500.c - the name that Exchange routes by: /o=Acme/ou=Sales/cn=Recipients/cn=kim
 *
 * An organisation, units below it, and below these common names, of which the last
 * is the recipient's; in this order. A value cannot hold a slash, which nothing
 * escapes here.
 */
#include "proxygen/address_internal.h"

#include <string.h>

static bool x500_take_apart(const AddressType *type, const char *value, GArray *parts, GError **error)
{
    while (*value == '/') {
        const char *field = value + 1;
        size_t len = strcspn(field, "/"), key = strcspn(field, "=/");
        g_autofree char *name = address_strip(field, key);
        const AddressPartRule *rule = address_part_rule(type, name, strlen(name));
        if (field[key] != '=' || !rule)
            break;
        address_add_part(parts, rule->name, strlen(rule->name),
                         address_strip(field + key + 1, len - key - 1));
        value = field + len;
    }
    if (!*value && parts->len)
        return true;
    error_set(error, ERROR_INVALID,
              "after field %u there is no \"/o=\", \"/ou=\" or \"/cn=\"; write it like "
              "\"/o=Acme/ou=Sales/cn=Recipients/cn=kim\"",
              parts->len);
    return false;
}

static void x500_put_together(const AddressType *type, const AddressPart *parts, size_t n_parts, GString *out)
{
    for (size_t i = 0; i < n_parts; i++) {
        const AddressPartRule *rule = address_part_rule(type, parts[i].name, strlen(parts[i].name));
        g_string_append_printf(out, "/%s=%s", rule->name, parts[i].value);
    }
}

/** Whether a field may follow: one o comes first, then ou, then cn, as in the table of rules. */
static bool may_follow(const AddressType *type, const AddressPartRule *before, const AddressPartRule *rule)
{
    if (!before || !rule)
        return rule == type->parts;
    return rule > type->parts && rule >= before;
}

static bool x500_check(const AddressType *type, const AddressPart *parts, size_t n_parts, GError **error)
{
    const AddressPartRule *before = NULL;
    for (size_t i = 0; i < n_parts; i++) {
        const AddressPartRule *rule = address_part_rule(type, parts[i].name, strlen(parts[i].name));
        if (!may_follow(type, before, rule)) {
            error_set(error, ERROR_INVALID,
                      "%s: field %zu cannot be here; one o comes first, then ou, then cn", parts[i].name,
                      i + 1);
            return false;
        }
        if (!address_check_part(rule, rule->name, parts[i].value, error))
            return false;
        before = rule;
    }
    bool ends_well = before && strcmp(before->name, "cn") == 0;
    if (!ends_well)
        error_set(error, ERROR_INVALID, "cn: it is missing; the last field names the recipient");
    return ends_well;
}

const AddressSyntax address_x500_syntax = {
    .take_apart = x500_take_apart,
    .check = x500_check,
    .put_together = x500_put_together,
};
