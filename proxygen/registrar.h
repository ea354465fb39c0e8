/*
 * registrar.h - address types and the connector, as objects of the directory
 *
 * Below the organisation's configuration container stand, as in Exchange,
 * CN=Address-Types,CN=Addressing (addrType objects named TYPE:cpu) and
 * CN=Connections,... (the connector: a subclass of mailGateway). The definition is the
 * authority, the objects are its published copy; dirsync check reports differences.
 * What is there and differs is changed value by value; nothing else is touched.
 *
 * Organisation, connector and directory are borrowed for the time of a call. What is
 * returned belongs to the caller, unless it says borrowed.
 */
#ifndef PROXYGEN_REGISTRAR_H
#define PROXYGEN_REGISTRAR_H

#include "dirsync/connector.h"
#include "dirsync/directory/directory.h"
#include "proxygen/policy.h"
#include "proxygen/proxygen.h"

/** "x86_64": the last part of an addrType's name. */
const char *registrar_cpu(void);

/** DN of the organisation's configuration container: of the definition, else, where the root DSE tells of a
 *  configuration partition, CN=<name>,CN=Microsoft Exchange,CN=Services,<it>; NULL with ERROR_DEFINITION that
 *  says what to add. g_free(). */
char *registrar_container(const Organisation *organisation, Directory *home, GError **error);

typedef struct {
    char *type; /* "NOTES" */
    char *cpu;  /* "x86_64", "i386" */
    char *dn;
    char *generator;    /* proxyGeneratorDLL */
    char *display_name; /* NULL none */
    ProxygenVersion version;
    bool has_version; /* fileVersion has its 8 bytes */
} RegisteredType;

/** What is registered, of every cpu (GPtrArray of RegisteredType with free function); empty where the
 *  containers are missing. */
GPtrArray *registrar_list(const Organisation *organisation, Directory *home, GError **error);
/** That of @type for this cpu; NULL none. Borrowed from @types. */
const RegisteredType *registrar_find(const GPtrArray *types, const char *type);

/** Whether @file, which has @version on this host, is older than what is registered (NULL: nothing is): then
 *  no addresses may be made with it here (KB 158336). Versions of two different files say nothing. */
bool registrar_is_older(const RegisteredType *registered, const char *file, ProxygenVersion version);

/** The plugin file, display name and settings of a type: the definition's, else what ships; false with
 *  ERROR_DEFINITION when there is none. Borrowed. */
bool registrar_generator(const Organisation *organisation, const char *type, const char **file,
                         const char **display_name, const char *const **settings, GError **error);

/** Told about each object: @what is "added", "changed", "removed" or "unchanged"; without writing "would
 * add", "would change", "would remove"; "missing" of one that the connector's object is to point to, and will
 * when it is registered again once that is there. */
#define REGISTRAR_MISSING "missing"
typedef void (*RegistrarTold)(const char *what, const char *dn, void *data);

/** Makes or brings up to date the addrType object (and the containers above it). @dry: only tells.
 *  ERROR_DEFINITION also when a newer version of the same file is registered than is here. */
bool registrar_register(const Organisation *organisation, Directory *home, const char *type, bool dry,
                        RegistrarTold told, void *data, GError **error);
/** Removes it; one that is not there is an error (ERROR_NOT_FOUND). Addresses are not touched. */
bool registrar_unregister(const Organisation *organisation, Directory *home, const char *type, bool dry,
                          RegistrarTold told, void *data, GError **error);
/** The same for the object of the connector. */
bool registrar_register_connector(const Connector *connector, Directory *home, bool dry, RegistrarTold told,
                                  void *data, GError **error);

/** The types that addresses are made of here, in capitals and in order: the connector's, those that the
 *  organisation describes, those of the policies (NULL: not known). GPtrArray of char *. */
GPtrArray *registrar_types_used(const Connector *connector, const Policies *policies);

/** One way in which the directory is not as the definition says. */
typedef struct {
    char *type;   /* of which address type; NULL: of the connector's object */
    bool stops;   /* no addresses of this type may be made on this host until it is mended */
    char *what;   /* subject: cause */
    char *remedy; /* what to do; NULL: @what ends with it */
} RegistrarDifference;

/** All of them (GPtrArray of RegistrarDifference with free function), the version of each generator's file
 *  against the registered one among them; empty: none. NULL when the directory cannot be asked. */
GPtrArray *registrar_differences(const Connector *connector, const Policies *policies, Directory *home,
                                 GError **error);

#endif
