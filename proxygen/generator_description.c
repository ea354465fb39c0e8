/*
 * generator_description.c - whether a plugin is what this dirsync can call
 *
 * The structure that a plugin gives is believed in one thing: where it lies. Each
 * refusal says what its user can do, or that only its maker can.
 */
#include "proxygen/generator_internal.h"

#include "proxygen/address.h"

#include <string.h>

#define TITLE_LENGTH 256 /* bytes of the name for people */
#define TYPES_LENGTH 64  /* address types that one generator can have */

static const char *missing_function(const ProxygenGenerator *functions)
{
    const struct {
        const char *name;
        bool there;
    } all[] = {
        {"open", functions->open},
        {"generate", functions->generate},
        {"update", functions->update},
        {"validate_address", functions->validate_address},
        {"validate_template", functions->validate_template},
        {"free_address", functions->free_address},
        {"close", functions->close},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (!all[i].there)
            return all[i].name;
    return NULL;
}

static bool types_are_legal(const char *const *types, const char *file, GError **error)
{
    size_t n = 0;
    for (; types && n <= TYPES_LENGTH && types[n]; n++)
        if (!answer_type_is_legal(types[n])) {
            g_autofree char *shown = answer_text(types[n], ADDRESS_TYPE_MAX);
            error_set(error, ERROR_DEFINITION,
                      "generator %s: \"%s\" in its list cannot be an address type (capitals and digits, at "
                      "most %d); its maker must mend it",
                      file, shown, ADDRESS_TYPE_MAX);
            return false;
        }
    if (n <= TYPES_LENGTH && (!types || n > 0))
        return true;
    error_set(error, ERROR_DEFINITION, "generator %s: its list of address types %s; its maker must mend it",
              file, n ? "has no end" : "is empty");
    return false;
}

static bool title_is_legal(const char *title)
{
    return title && strnlen(title, TITLE_LENGTH + 1) <= TITLE_LENGTH && g_utf8_validate(title, -1, NULL);
}

/* Nothing behind abi and size is looked at before these two have been found right. */
bool plugin_is_described(const ProxygenGenerator *functions, const char *file, GError **error)
{
    const char *missing;
    if (!functions)
        error_set(
            error, ERROR_DEFINITION,
            "generator %s: does not work with interface %d of this dirsync; install one that was made for it",
            file, PROXYGEN_ABI);
    else if (functions->abi != PROXYGEN_ABI)
        error_set(
            error, ERROR_DEFINITION,
            "generator %s: was made for interface %u, this dirsync has %d; install one that was made for it",
            file, (unsigned)functions->abi, PROXYGEN_ABI);
    else if (functions->size != sizeof *functions)
        error_set(error, ERROR_DEFINITION,
                  "generator %s: its description has %u bytes instead of %zu; compile it with the proxygen.h "
                  "of this dirsync",
                  file, (unsigned)functions->size, sizeof *functions);
    else if ((missing = missing_function(functions)))
        error_set(error, ERROR_DEFINITION, "generator %s: has no function %s(); its maker must mend it", file,
                  missing);
    else if (!title_is_legal(functions->name))
        error_set(
            error, ERROR_DEFINITION,
            "generator %s: has no name, or one that is no text of at most %d bytes; its maker must mend it",
            file, TITLE_LENGTH);
    else
        return types_are_legal(functions->types, file, error);
    return false;
}
