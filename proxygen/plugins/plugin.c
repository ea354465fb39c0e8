/*
 * plugin.c - errors to messages, values to addresses
 */
#include "proxygen/plugins/plugin.h"

#include "proxygen/address.h"

/** Errors name what was wrong, which need not be UTF-8. */
static void say(const GError *error, char *message)
{
    g_autofree char *text = g_utf8_make_valid(error ? error->message : "", -1);
    const char *end = NULL;
    g_strlcpy(message, text, PROXYGEN_MESSAGE_SIZE);
    if (!g_utf8_validate(message, -1, &end))
        message[end - message] = '\0';
}

ProxygenStatus plugin_fail(GError *error, char *message)
{
    say(error, message);
    g_clear_error(&error);
    return PROXYGEN_ERROR;
}

ProxygenStatus plugin_judge(GError *error, int *valid, char *message)
{
    *valid = !error;
    say(error, message);
    g_clear_error(&error);
    return PROXYGEN_OK;
}

ProxygenStatus plugin_give(const char *type, const char *value, char **address)
{
    *address = address_format(type, true, value);
    return PROXYGEN_OK;
}

void plugin_free_address(char *address)
{
    g_free(address);
}
