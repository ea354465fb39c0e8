/*
 * fuzz_address.c - any text as an address: what is read is written so that it is read the same again
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proxygen/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_same_parts(const Address *one, const Address *two)
{
    check(one->n_parts == two->n_parts);
    for (size_t i = 0; i < one->n_parts; i++) {
        check(strcmp(one->parts[i].name, two->parts[i].name) == 0);
        check(strcmp(one->parts[i].value, two->parts[i].value) == 0);
    }
}

/** Joined again it may be a little longer, by escapes, and then too long. */
static void check_joined(const Address *address)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *value = address_join(address->type, address->parts, address->n_parts, &error);
    check(value || strstr(error->message, "it is too long"));
    if (!value)
        return;
    g_autofree char *text = address_format(address->type, address->primary, value);
    g_autoptr(Address) again = address_parse(text, NULL);
    check(again && strcmp(again->value, value) == 0);
    check_same_parts(address, again);
    g_autofree char *as_read = address_format(address->type, false, address->value);
    check(address_equal(text, as_read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Address) address = address_parse(text, &error);
    check(!address == !!error);
    check(!error || g_utf8_validate(error->message, -1, NULL));
    if (address && address->n_parts)
        check_joined(address);
    g_autofree char *once = address_normalise((const char *)data, size);
    check(g_utf8_validate(once, -1, NULL));
    g_autofree char *twice = address_normalise(once, strlen(once));
    check(strcmp(once, twice) == 0);
    return 0;
}
