/*
 * plugin_case.c - loading and calling plugins, see plugin_case.h
 */
#include "tests/unit/plugin_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <string.h>

static const ProxygenGenerator *load(const char *path)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        fail_msg("%s", dlerror());
    ProxygenEntry entry = NULL;
    *(void **)&entry = dlsym(object, PROXYGEN_ENTRY);
    const ProxygenGenerator *generator = entry ? entry(PROXYGEN_ABI) : NULL;
    assert_non_null(generator);
    assert_int_equal(generator->abi, PROXYGEN_ABI);
    assert_int_equal(generator->size, sizeof *generator);
    assert_null(entry(PROXYGEN_ABI + 1));
    return generator;
}

static ProxygenStatus open_session(PluginCase *plugin, const char *path, const char *type, const char *site,
                                   const char *language, const char *settings)
{
    memset(plugin, 0, sizeof *plugin);
    plugin->generator = load(path);
    plugin->settings = g_strsplit(settings ? settings : "", ";", -1);
    plugin->type = g_strdup(type);
    plugin->site = g_strdup(site);
    plugin->session = (ProxygenSession){
        .size = sizeof plugin->session,
        .type = plugin->type,
        .site = plugin->site,
        .language = language,
        .organisation = "Acme",
        .domain = "acme.example",
        .settings = (const char *const *)plugin->settings,
    };
    return plugin->generator->open(&plugin->session, &plugin->handle, plugin->message);
}

ProxygenStatus plugin_case_open(PluginCase *plugin, const char *type, const char *site, const char *language,
                                const char *settings)
{
    const char *folder = g_getenv("DIRSYNC_GENERATORS");
    if (!folder)
        fail_msg("DIRSYNC_GENERATORS is not set; it is where simple.so was built");
    const char *file = g_ascii_strcasecmp(type, "X400") == 0 ? "x400.so" : "simple.so";
    g_autofree char *path = g_build_filename(folder, file, NULL);
    return open_session(plugin, path, type, site, language, settings);
}

ProxygenStatus plugin_case_open_file(PluginCase *plugin, const char *path, const char *type, const char *site)
{
    return open_session(plugin, path, type, site, NULL, NULL);
}

void plugin_case_close(PluginCase *plugin)
{
    if (plugin->handle)
        plugin->generator->close(plugin->handle);
    g_strfreev(plugin->settings);
    g_free(plugin->type);
    g_free(plugin->site);
    memset(plugin, 0, sizeof *plugin);
}

/** Takes over what a function of the plugin returned. */
static char *answer(PluginCase *plugin, ProxygenStatus status, char *address)
{
    if (status == PROXYGEN_OK) {
        assert_non_null(address);
        char *copy = g_strdup(address);
        plugin->generator->free_address(address);
        return copy;
    }
    assert_null(address);
    if (status == PROXYGEN_NOT_IMPLEMENTED)
        return g_strdup("none");
    assert_int_equal(status, PROXYGEN_ERROR);
    assert_true(plugin->message[0]);
    return g_strdup("error");
}

char *plugin_case_generate(PluginCase *plugin, const ProxygenRecipient *recipient, unsigned retry)
{
    ProxygenRecipient sized = *recipient;
    char *address = NULL;
    sized.size = sizeof sized;
    ProxygenStatus status =
        plugin->generator->generate(plugin->handle, &sized, retry, &address, plugin->message);
    return answer(plugin, status, address);
}

char *plugin_case_update(PluginCase *plugin, const ProxygenRecipient *recipient, const char *old_site,
                         const char *new_site, const char *current)
{
    ProxygenRecipient sized = *recipient;
    char *address = NULL;
    sized.size = sizeof sized;
    ProxygenStatus status = plugin->generator->update(plugin->handle, &sized, old_site, new_site, current,
                                                      &address, plugin->message);
    return answer(plugin, status, address);
}

bool plugin_case_valid_address(PluginCase *plugin, const char *address)
{
    int valid = -1;
    assert_int_equal(plugin->generator->validate_address(plugin->handle, address, &valid, plugin->message),
                     PROXYGEN_OK);
    assert_int_equal(valid, !plugin->message[0]);
    return valid;
}

bool plugin_case_valid_template(PluginCase *plugin, const char *site)
{
    int valid = -1;
    assert_int_equal(plugin->generator->validate_template(plugin->handle, site, &valid, plugin->message),
                     PROXYGEN_OK);
    assert_int_equal(valid, !plugin->message[0]);
    return valid;
}

char *plugin_case_make(const char *site, const ProxygenRecipient *recipient, unsigned retry)
{
    PluginCase plugin;
    g_autofree char *type = g_strndup(site, strcspn(site, ":"));
    if (plugin_case_open(&plugin, type, site, NULL, NULL) != PROXYGEN_OK)
        fail_msg("%s", plugin.message);
    char *address = plugin_case_generate(&plugin, recipient, retry);
    plugin_case_close(&plugin);
    return address;
}
