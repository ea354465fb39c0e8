/* registrar_internal.h - what the files of the registrar share; nobody else includes it */
#ifndef PROXYGEN_REGISTRAR_INTERNAL_H
#define PROXYGEN_REGISTRAR_INTERNAL_H

#include "proxygen/registrar.h"

#define TYPES_CONTAINER "Address-Types"
#define ADDRESSING_CONTAINER "Addressing"
#define CONNECTIONS_CONTAINER "Connections"

/** Where and how things are written, and who hears of it. */
typedef struct {
    Directory *home;
    const Schema *schema;
    const char *base; /* nothing above it is made */
    bool dry;
    RegistrarTold told;
    void *data;
} Registering;

/** Registering of the organisation's home. */
Registering registrar_begin(const Organisation *organisation, Directory *home, bool dry, RegistrarTold told,
                            void *data);
/** "CN=name,parent"; g_free(). */
char *registrar_dn(const char *name, const char *parent);
/** Makes the container, and those above it, where they are missing. */
bool registrar_make_container(const Registering *how, const char *dn, GError **error);
/** Makes the object, or changes what differs of the attributes that @wanted has; others stay. */
bool registrar_put(const Registering *how, const Entry *wanted, GError **error);
/** *entry NULL: there is none. The caller owns it. */
bool registrar_look(const Registering *how, const char *dn, Entry **entry, GError **error);
/** What of @wanted the object does not have, as names of attributes, or NULL when nothing. g_free(). */
char *registrar_difference(const Registering *how, const Entry *there, const Entry *wanted);
bool registrar_delete(const Registering *how, const char *dn, GError **error);

/** The addrType object as it should be; NULL with ERROR_DEFINITION when the generator cannot be loaded. */
Entry *registrar_wanted_type(const Organisation *organisation, const char *container, const char *type,
                             GError **error);
/** The connector's object as it should be. */
Entry *registrar_wanted_connector(const Connector *connector, const Registering *how, const char *container);

#endif
