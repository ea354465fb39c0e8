/*
 * fuzz_template.c - any template, setting and recipient: what is made is valid, stable and distinct
 *
 * Lines: settings separated by semicolons, template, alias, given name, surname,
 * display name, initials, fax number; those that are missing are NULL. The type is
 * that of the template.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proxygen/address.h"
#include "proxygen/proxygen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const ProxygenGenerator *proxygen_entry(uint32_t abi);

enum { SETTINGS, SITE, ALIAS, FIRST_NAME, LAST_NAME, DISPLAY_NAME, INITIALS, FAX_NUMBER, LINES };

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static char *normal(const char *address)
{
    return address ? address_normalise(address, strlen(address)) : NULL;
}

static char *generate(void *handle, const ProxygenRecipient *recipient, unsigned retry)
{
    const ProxygenGenerator *generator = proxygen_entry(PROXYGEN_ABI);
    char message[PROXYGEN_MESSAGE_SIZE] = "", *address = NULL;
    ProxygenStatus status = generator->generate(handle, recipient, retry, &address, message);
    check((status == PROXYGEN_OK) == !!address);
    check(status == PROXYGEN_OK || status == PROXYGEN_NOT_IMPLEMENTED || message[0]);
    check(g_utf8_validate(message, -1, NULL));
    if (!address)
        return NULL;
    int valid = 0;
    g_autoptr(Address) parsed = address_parse(address, NULL);
    check(generator->validate_address(handle, address, &valid, message) == PROXYGEN_OK && valid && parsed);
    return address;
}

static void check_recipient(void *handle, const ProxygenRecipient *recipient)
{
    static const unsigned retries[] = {0, 1, 2, 3, 10, 11, 12, 21, 100, 112, 1000000};
    char *answers[G_N_ELEMENTS(retries)];
    for (size_t i = 0; i < G_N_ELEMENTS(retries); i++) {
        g_autofree char *address = generate(handle, recipient, retries[i]);
        g_autofree char *again = generate(handle, recipient, retries[i]);
        check(g_strcmp0(address, again) == 0);
        answers[i] = normal(address);
        for (size_t before = 0; answers[i] && before < i; before++)
            check(g_strcmp0(answers[before], answers[i]) != 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(retries); i++)
        g_free(answers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ProxygenGenerator *generator = proxygen_entry(PROXYGEN_ABI);
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", LINES);
    char *field[LINES] = {NULL};
    for (size_t i = 0; lines[i]; i++)
        field[i] = lines[i];
    if (!field[SITE])
        return 0;
    g_auto(GStrv) settings = g_strsplit(field[SETTINGS], ";", -1);
    g_autofree char *type = g_strndup(field[SITE], strcspn(field[SITE], ":"));
    const ProxygenSession session = {.size = sizeof session,
                                     .type = type,
                                     .site = field[SITE],
                                     .organisation = "Acme & Söhne, Inc.",
                                     .domain = "acme.example",
                                     .settings = (const char *const *)settings};
    const ProxygenRecipient recipient = {.size = sizeof recipient,
                                         .alias = field[ALIAS],
                                         .first_name = field[FIRST_NAME],
                                         .last_name = field[LAST_NAME],
                                         .display_name = field[DISPLAY_NAME],
                                         .initials = field[INITIALS],
                                         .fax_number = field[FAX_NUMBER]};
    void *handle = NULL;
    ProxygenStatus status = generator->open(&session, &handle, message);
    check((status == PROXYGEN_OK) == !!handle && (handle || message[0]));
    if (!handle)
        return 0;
    check_recipient(handle, &recipient);
    generator->close(handle);
    return 0;
}
