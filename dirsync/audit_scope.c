/*
 * audit_scope.c - see audit_scope.h
 */
#include "dirsync/audit_scope.h"

#include <string.h>

void audit_scope_clear(AuditScope *scope)
{
    g_clear_pointer(&scope->chosen, g_ptr_array_unref);
    g_clear_pointer(&scope->known, g_ptr_array_unref);
    g_clear_pointer(&scope->problems, g_ptr_array_unref);
    g_clear_pointer(&scope->own, organisation_free);
    *scope = (AuditScope){0};
}

static const Connector *find_path(const AuditScope *scope, const char *path)
{
    for (guint i = 0; i < scope->known->len; i++) {
        const Connector *connector = g_ptr_array_index(scope->known, i);
        if (!strcmp(connector->path, path))
            return connector;
    }
    return NULL;
}

/* Adds the connectors of a folder, of whatever organisation; @organisations gets those of the folder. */
static void know_folder(AuditScope *scope, const char *folder, GPtrArray *organisations)
{
    g_auto(GStrv) paths = connector_list_folder(folder, organisations, NULL);
    for (char **path = paths; path && *path; path++) {
        g_autoptr(GError) why = NULL;
        if (find_path(scope, *path))
            continue;
        Connector *connector = connector_load(*path, &why);
        if (connector && !find_path(scope, connector->path))
            g_ptr_array_add(scope->known, connector);
        else if (connector)
            connector_free(connector);
        else
            g_ptr_array_add(scope->problems, g_strdup(why->message));
    }
}

static bool same_organisation(const Organisation *a, const Organisation *b)
{
    return a && b && !strcmp(a->path, b->path);
}

/* What was read of other organisations is of no interest any more. */
static void forget_others(AuditScope *scope)
{
    for (guint i = scope->known->len; i-- > 0;) {
        const Connector *connector = g_ptr_array_index(scope->known, i);
        if (!same_organisation(connector->organisation, scope->organisation))
            g_ptr_array_remove_index(scope->known, i);
    }
}

static bool choose_named(AuditScope *scope, char *const *names, size_t n_names, GError **error)
{
    for (size_t i = 0; i < n_names; i++) {
        Connector *connector = connector_load(names[i], error);
        if (!connector)
            return false;
        const Connector *there = find_path(scope, connector->path);
        if (there) {
            connector_free(connector);
            continue;
        }
        g_ptr_array_add(scope->known, connector);
        g_ptr_array_add(scope->chosen, connector);
        if (!scope->organisation)
            scope->organisation = connector->organisation;
        if (!same_organisation(connector->organisation, scope->organisation)) {
            error_set(
                error, ERROR_DEFINITION,
                "connector %s is of another organisation (%s) than %s; audit one organisation at a time",
                connector->name, connector->organisation->path, names[0]);
            return false;
        }
    }
    for (size_t i = 0; i < n_names; i++) {
        const Connector *connector = g_ptr_array_index(scope->chosen, MIN(i, scope->chosen->len - 1));
        g_autofree char *folder = g_path_get_dirname(connector->path);
        know_folder(scope, folder, NULL);
    }
    return true;
}

/* The only organisation that the folder has, as files of its own or behind its connectors. */
static char *only_organisation(const AuditScope *scope, GPtrArray *organisations, const char *folder,
                               GError **error)
{
    for (guint i = 0; i < scope->known->len; i++) {
        const Connector *connector = g_ptr_array_index(scope->known, i);
        if (!g_ptr_array_find_with_equal_func(organisations, connector->organisation->path, g_str_equal,
                                              NULL))
            g_ptr_array_add(organisations, g_strdup(connector->organisation->path));
    }
    if (organisations->len == 1)
        return g_strdup(g_ptr_array_index(organisations, 0));
    if (organisations->len)
        error_set(error, ERROR_DEFINITION,
                  "%s: has %u organisations; say which with --organisation, or name a connector", folder,
                  organisations->len);
    else if (scope->problems->len)
        error_set(error, ERROR_DEFINITION, "%s", (const char *)g_ptr_array_index(scope->problems, 0));
    else
        error_set(error, ERROR_DEFINITION,
                  "%s: has no definitions; name a connector such as ./globex.xml, or say --organisation",
                  folder);
    return NULL;
}

/* Borrows the organisation of a connector where there is one. */
static bool take_organisation(AuditScope *scope, const char *path, GError **error)
{
    g_autoptr(Organisation) loaded = organisation_load(path, error);
    if (!loaded)
        return false;
    for (guint i = 0; i < scope->known->len && !scope->organisation; i++) {
        const Connector *connector = g_ptr_array_index(scope->known, i);
        if (same_organisation(connector->organisation, loaded))
            scope->organisation = connector->organisation;
    }
    if (!scope->organisation)
        scope->organisation = scope->own = g_steal_pointer(&loaded);
    return true;
}

static bool choose_everything(AuditScope *scope, const char *organisation, GError **error)
{
    g_autoptr(GPtrArray) organisations = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *named = organisation ? organisation_path(organisation, error) : NULL;
    if (organisation && !named)
        return false;
    g_autofree char *folder = named ? g_path_get_dirname(named) : connector_folder();
    g_autofree char *canonical = g_canonicalize_filename(folder, NULL);
    know_folder(scope, canonical, organisations);
    g_autofree char *path =
        named ? g_steal_pointer(&named) : only_organisation(scope, organisations, canonical, error);
    if (!path || !take_organisation(scope, path, error))
        return false;
    scope->everything = true;
    return true;
}

bool audit_scope_load(AuditScope *scope, const char *organisation, char *const *names, size_t n_names,
                      GError **error)
{
    scope->known = g_ptr_array_new_with_free_func((GDestroyNotify)connector_free);
    scope->chosen = g_ptr_array_new();
    scope->problems = g_ptr_array_new_with_free_func(g_free);
    if (n_names && organisation) {
        error_set(error, ERROR_DEFINITION,
                  "--organisation %s: connectors name their organisation themselves; leave one of both out",
                  organisation);
        return false;
    }
    if (n_names ? !choose_named(scope, names, n_names, error)
                : !choose_everything(scope, organisation, error))
        return false;
    forget_others(scope);
    for (guint i = 0; scope->everything && i < scope->known->len; i++)
        g_ptr_array_add(scope->chosen, g_ptr_array_index(scope->known, i));
    return true;
}
