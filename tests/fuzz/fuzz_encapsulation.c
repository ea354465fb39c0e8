/*
 * fuzz_encapsulation.c - any text as an encapsulated or a one-off address, and as the value inside one
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proxygen/encapsulation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_imcea(const char *type, const char *value)
{
    g_autofree char *smtp = imcea_encode(type, value, "acme.example", NULL);
    g_autofree char *type_back = NULL, *value_back = NULL;
    check(smtp && imcea_looks_like(smtp));
    check(imcea_decode(smtp, NULL, &type_back, &value_back, NULL));
    check(strcmp(type_back, type) == 0 && strcmp(value_back, value) == 0);
}

static void check_one_off(const char *name, const char *type, const char *value)
{
    g_autofree char *text = one_off_format(name, type, value, NULL);
    g_autofree char *name_back = NULL, *type_back = NULL, *value_back = NULL;
    check(text && one_off_parse(text, &name_back, &type_back, &value_back, NULL));
    check(g_strcmp0(name_back, name) == 0);
    check(strcmp(type_back, type) == 0 && strcmp(value_back, value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *type = NULL, *value = NULL;
    g_autoptr(GError) error = NULL;
    if (imcea_decode(text, NULL, &type, &value, &error)) {
        check(imcea_looks_like(text));
        check_imcea(type, value);
    } else {
        check(error && g_utf8_validate(error->message, -1, NULL));
    }
    g_autofree char *name = NULL, *one_off_type = NULL, *one_off_value = NULL;
    if (one_off_parse(text, &name, &one_off_type, &one_off_value, NULL))
        check_one_off(name, one_off_type, one_off_value);
    if (*text && g_utf8_validate(text, -1, NULL)) {
        check_imcea("EDK", text);
        check_one_off(text, "EDK", text);
        check_one_off(NULL, "EDK", text);
    }
    return 0;
}
