/*
 * ldap.h - the driver for LDAP servers
 *
 * Endpoint: driver "ldap", uris (ldap, ldaps, ldapi) tried in order, base, bind,
 * TLS. What a server can do is read from its root DSE and subschema. Referrals
 * are not followed, aliases not dereferenced; ldap.conf, ldaprc and LDAP*
 * variables of the environment have no influence (ldap_connect.c says how).
 */
#ifndef DIRSYNC_DIRECTORY_LDAP_H
#define DIRSYNC_DIRECTORY_LDAP_H

#include "dirsync/directory/directory.h"

extern const DirectoryDriver ldap_driver;

#endif
