/*
 * organisation.h - the organisation's definition: its home directory, domains, addresses
 *
 * Also the definition of an endpoint (how to reach one directory), which the
 * connector uses for the foreign side. Read from XML, validated by
 * schema/organisation.rng and by the checks RELAX NG cannot express. Plain
 * read-only data after loading; everything belongs to the structure.
 */
#ifndef DIRSYNC_ORGANISATION_H
#define DIRSYNC_ORGANISATION_H

#include "dirsync/error.h"
#include "dirsync/notify_settings.h"
#include "dirsync/secret.h"

#include <libxml/tree.h>

typedef enum { BIND_ANONYMOUS, BIND_SIMPLE, BIND_EXTERNAL, BIND_GSSAPI } BindMethod;
typedef enum { TLS_NONE, TLS_START, TLS_LDAPS } TlsMode; /* TLS_LDAPS follows from ldaps:// */

/** How to reach one directory. Which members count depends on the driver. */
typedef struct {
    char *driver; /* "ldap", "ldif", "csv", "memory" */
    char *where;  /* "file:line" in the definition */
    /* ldap */
    char **uris; /* tried in order */
    char *base;
    BindMethod bind;
    TlsMode tls;
    char *bind_dn; /* BIND_SIMPLE; authzid for SASL, or NULL */
    SecretSource password;
    char *tls_ca;                    /* CA file; NULL: the system's */
    char *tls_certificate, *tls_key; /* client certificate, or NULL */
    unsigned timeout;                /* seconds for connecting and for one answer; default 30 */
    unsigned page_size;              /* 0: only where the server needs it */
    unsigned window;                 /* outstanding writes at most; default 64, 1..256 */
    bool cleartext_allowed;
    bool bulk; /* many adds go in transactions (RFC 5805) */
    /* files */
    char *path;               /* absolute, or relative to the definition's folder (made absolute) */
    char *count_trailer;      /* a last comment "# <count_trailer>: N" (csv: a last row "<count_trailer>;N")
                               * proves completeness; NULL none */
    char *checksum;           /* path of a sha256sum(1) file that proves completeness; NULL none */
    unsigned max_age;         /* seconds; older is partial; 0 any age */
    unsigned minimum_percent; /* of the last good count; default 95 */
    /* csv files; see CsvFormat in csv.h */
    char *encoding; /* as in text_source.h; NULL UTF-8 */
    char **columns; /* NULL: the header's */
    char delimiter; /* default ',' */
    char separator; /* between the values of a field; '\0' none */
    bool header;    /* default true */
    /* files that are written (the target of an export) */
    bool is_target;      /* may be missing (then it is empty), and is written */
    unsigned mode;       /* permission bits of the file; default 0600 */
    char *key;           /* csv: the column that tells rows apart; NULL: the first */
    bool guard_formulas; /* csv: a value that a spreadsheet would calculate gets a ' in front */
} Endpoint;

/** How an object of ours is marked. */
typedef enum {
    STAMP_CLASS,     /* our auxiliary class: importedFrom, dirsyncAnchor, dirsyncGraceSince */
    STAMP_ATTRIBUTE, /* one attribute named in the definition: "uuid;grace;anchor" */
    STAMP_PROXY,     /* a secondary proxy address of a private type: "dirsync:uuid;grace;anchor" */
    STAMP_ANCHOR /* one attribute that holds the anchor and nothing else: the whole target is ours (a file) */
} StampForm;

typedef struct {
    StampForm form;
    char *name;  /* attribute (STAMP_ATTRIBUTE, STAMP_ANCHOR) or address type (STAMP_PROXY) */
    char *owner; /* STAMP_ANCHOR: the UUID of the connector whose target it is */
} StampSettings;

/** A recipient policy of the definition (proxygen/policy.h compiles it). Arrays of strings are
 * NULL-terminated, here and below. */
typedef struct {
    char *name, *where;     /* "file:line" */
    unsigned priority;      /* lower is stronger */
    char *filter;           /* RFC 4515; NULL: everybody */
    char **disabled_types;  /* of templates that are disabled, in capitals */
    char **templates;       /* "SMTP:%g.%s@acme.example"; those that are disabled are left out */
    char **foreign_domains; /* domains that the organisation is not the authority of */
} PolicySettings;

/** An address type of the definition: how its addresses are made. */
typedef struct {
    char *type, *where;
    char *generator;    /* file name of the plugin; NULL: the one that ships for the type */
    char *display_name; /* NULL: as it ships, else the type */
    char **settings;    /* "name=value" */
} AddressTypeSettings;

/** An address list of the definition. */
typedef struct {
    char *dn, *where;
    char *filter; /* NULL: everybody */
} AddressListSettings;

/** What the definition says about addresses. Everything may be empty. */
typedef struct {
    char *container;   /* DN of the configuration container, see proxygen/registrar.h; NULL */
    char *admin_group; /* in legacyExchangeDN; default "First Administrative Group" */
    char *language;    /* of people's names, "de"; NULL: not said */
    char *generators;  /* folder of the plugins; NULL: the default */
    AddressTypeSettings *types;
    size_t n_types;
    bool policies_from_directory;
    PolicySettings *policies;
    size_t n_policies;
    bool lists_from_directory;
    bool lists_for_all; /* natives too get showInAddressBook */
    AddressListSettings *lists;
    size_t n_lists;
} AddressSettings;

typedef struct Organisation {
    char *path; /* file it came from, absolute */
    char *name;
    char *digest; /* hex of the file's bytes */
    Endpoint home;
    StampSettings stamp;
    char **domains;     /* authoritative mail domains, lower case, NULL-terminated */
    char *state_folder; /* NULL: the default (state.h) */
    char *readers;      /* group that may read home.db; NULL: only who runs dirsync */
    AddressSettings addresses;
    NotifySettings notify; /* of connectors that say nothing themselves */
} Organisation;

Organisation *organisation_load(const char *path, GError **error);
void organisation_free(Organisation *organisation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Organisation, organisation_free)

/** True when the mail address (with or without "SMTP:" and case) lies in an authoritative domain. */
bool organisation_is_ours(const Organisation *organisation, const char *address);

/** Reads the endpoint in @node (element <home> or <foreign>); problems are appended. */
void endpoint_read(Endpoint *endpoint, const xmlNode *node, const char *definition_path, GString **problems);
/** The same for the endpoint that an export writes (element <to>): files may be missing, and have a mode. */
void endpoint_read_target(Endpoint *endpoint, const xmlNode *node, const char *definition_path,
                          GString **problems);
void endpoint_clear(Endpoint *endpoint);

/** Reads what stands below @root about addresses; problems are appended. */
void address_settings_read(AddressSettings *addresses, const xmlNode *root, const char *definition_path,
                           GString **problems);
void address_settings_clear(AddressSettings *addresses);

#endif
