/*
 * registrar_internal.h - what the registrar's parts share; private to registrar*.c
 *
 * A Registrar is one errand: the home directory, where the objects lie, and who is
 * told. An object of ours is described by an Entry as it should be; publishing
 * makes it, or changes what differs and nothing else.
 */
#ifndef PROXYGEN_REGISTRAR_INTERNAL_H
#define PROXYGEN_REGISTRAR_INTERNAL_H

#include "proxygen/registrar.h"

#define REGISTRAR_SCHEMA_REMEDY "load schema/openldap/dirsync.ldif into the server"

typedef struct {
    const Organisation *organisation;
    Directory *home;
    const Schema *schema; /* of home */
    char *container;      /* DN of the configuration container */
    bool dry;             /* nothing is written */
    RegistrarTold told;   /* may be NULL */
    void *data;
} Registrar;

/** Finds the container. What it holds is freed by registrar_clear(), also after a failure. */
bool registrar_open(Registrar *registrar, const Organisation *organisation, Directory *home, GError **error);
void registrar_clear(Registrar *registrar);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Registrar, registrar_clear)

/** The entry, with every user attribute; NULL without an error when it is not there. */
Entry *registrar_look(const Registrar *registrar, const char *dn, GError **error);
/** DN of a container below the configuration container; @path from the top, NULL-terminated. g_free(). */
char *registrar_place(const Registrar *registrar, const char *const *path);
/** Makes the container and those above it that are missing. */
bool registrar_make_container(const Registrar *registrar, const char *dn, GError **error);

/** Starts the description of an object: naming attribute and classes. NULL with ERROR_DEFINITION when the
 *  schema does not know the class. */
Entry *registrar_describe(const Registrar *registrar, const char *class_name, const char *name,
                          const char *parent, GError **error);

typedef struct {
    const Entry *wanted;      /* an attribute without a value: the object must have none */
    const char *class_name;   /* what an object of that name must be */
    const char *const *given; /* attributes that a new object gets and that are left alone afterwards, since
                               * somebody else may know better; NULL-terminated; or NULL */
} RegistrarObject;

/** The modify that makes of @current what is wanted; NULL: it is so already. */
Change *registrar_difference(const Registrar *registrar, const RegistrarObject *object, const Entry *current);
/** Whether the object that is there may become the one that is wanted; ERROR_DEFINITION. */
bool registrar_fits(const Registrar *registrar, const RegistrarObject *object, const Entry *current,
                    GError **error);
/** Makes it (and the containers above it), or changes what differs. */
bool registrar_publish(const Registrar *registrar, const RegistrarObject *object, GError **error);
/** One new entry, without the attributes that have no value. */
bool registrar_add(const Registrar *registrar, const Entry *entry, GError **error);
bool registrar_remove(const Registrar *registrar, const char *dn, GError **error);

/** Tells of an object, if anybody wants to know. */
void registrar_tell(const Registrar *registrar, const char *what, const char *dn);
/** CN=Address-Types. g_free(). */
char *registrar_types_place(const Registrar *registrar);
/** "NOTES:x86_64" of this cpu, below it. g_free(). */
char *registrar_type_dn(const Registrar *registrar, const char *type);
/** The file on this host that makes addresses of a type; strings are the definition's. */
typedef struct {
    const char *name, *display_name;
    ProxygenVersion version;
} RegistrarFile;

/** Which it is by the definition, and whether it can be loaded: ERROR_DEFINITION. */
bool registrar_file(const Organisation *organisation, const char *type, RegistrarFile *file, GError **error);
/** The addrType object that says so. */
Entry *registrar_wanted_type(const Registrar *registrar, const char *type, const RegistrarFile *file,
                             GError **error);
/** The connector's object as the definition wants it; *class_name: of what class. */
Entry *registrar_wanted_connector(const Registrar *registrar, const Connector *connector,
                                  const char **class_name, GError **error);
/** What of it is only given; borrowed. */
const char *const *registrar_connector_given(const Connector *connector);

#endif
