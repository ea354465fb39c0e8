/*
 * fuzz_generator.c - any bytes as what a generator gives: an address, a message
 *
 * What is taken as an address can be written as it is; what is shown of the rest is
 * one line of UTF-8.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proxygen/address.h"
#include "proxygen/generator_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool is_one_line(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return false;
    return true;
}

static void free_address(char *address)
{
    g_free(address);
}

static void take_as(const char *type, const char *text)
{
    static const ProxygenGenerator functions = {.free_address = free_address};
    g_autoptr(GError) error = NULL;
    g_autofree char *address = answer_take_address(&functions, g_strdup(text), type, &error);
    check(!address == (error != NULL));
    if (error)
        check(error_is(error, ERROR_PROTOCOL) && is_one_line(error->message));
    if (!address)
        return;
    check(strcmp(address, text) == 0 && is_one_line(address));
    check(g_utf8_strlen(address, -1) <= PROXYGEN_ADDRESS_MAX);
    check(g_str_has_prefix(address, type) && address[strlen(type)] == ':');
    check(!g_str_has_suffix(address, " ") && address[strlen(type) + 1] != ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    for (size_t max = 0; max <= 80; max += 20) {
        g_autofree char *shown = answer_text(text, max);
        check(is_one_line(shown) && g_utf8_strlen(shown, -1) <= (glong)max);
    }
    const AddressType *const *types = address_types();
    for (size_t i = 0; types[i]; i++)
        take_as(types[i]->name, text);
    take_as("FREE", text);
    return 0;
}
