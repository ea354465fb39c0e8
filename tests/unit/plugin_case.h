/*
 * plugin_case.h - a plugin, loaded and called as any caller would: dlopen and the interface of proxygen.h
 *
 * Everything fails the case that asks for what cannot be. Texts handed out are freed with g_free().
 */
#ifndef TESTS_PLUGIN_CASE_H
#define TESTS_PLUGIN_CASE_H

#include <glib.h>
#include <stdbool.h>

#include "proxygen/proxygen.h"

typedef struct {
    const ProxygenGenerator *generator;
    void *handle;
    char message[PROXYGEN_MESSAGE_SIZE]; /* of the last call that said something */
    ProxygenSession session;
    char **settings, *type, *site; /* what it borrows */
} PluginCase;

/** A session of the plugin in $DIRSYNC_GENERATORS that makes @type: "X400" is x400.so's, all others
 * simple.so's. The organisation is "Acme", its domain acme.example; @settings are "a=b;c=d", or NULL. Answers
 * open()'s status; only after PROXYGEN_OK may more be asked. */
ProxygenStatus plugin_case_open(PluginCase *plugin, const char *type, const char *site, const char *language,
                                const char *settings);
/** The same of any shared object. */
ProxygenStatus plugin_case_open_file(PluginCase *plugin, const char *path, const char *type,
                                     const char *site);
void plugin_case_close(PluginCase *plugin);

/** The address, or "none" for PROXYGEN_NOT_IMPLEMENTED, or "error". */
char *plugin_case_generate(PluginCase *plugin, const ProxygenRecipient *recipient, unsigned retry);
char *plugin_case_update(PluginCase *plugin, const ProxygenRecipient *recipient, const char *old_site,
                         const char *new_site, const char *current);
bool plugin_case_valid_address(PluginCase *plugin, const char *address);
bool plugin_case_valid_template(PluginCase *plugin, const char *site);

/** The address of @site's default session at once. */
char *plugin_case_make(const char *site, const ProxygenRecipient *recipient, unsigned retry);

#endif
