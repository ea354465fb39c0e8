/* address_internal.h - what the files of the address library share; nobody else includes it */
#ifndef PROXYGEN_ADDRESS_INTERNAL_H
#define PROXYGEN_ADDRESS_INTERNAL_H

#include "proxygen/address.h"

/** Adds a part; takes over @value. */
void address_add_part(Address *address, const char *name, char *value);

/** The parsers of types that no shape describes. False with ERROR_INVALID, without the address in front. */
bool address_parse_smtp(Address *address, GError **error);
bool address_parse_x400(Address *address, GError **error);
bool address_parse_x500(Address *address, GError **error);

/** The value with its fields in a fixed order and spelling, or NULL when it is none. g_free(). */
char *address_canonical_x400(const char *value);
char *address_join_x400(const AddressPart *parts, size_t n_parts);

/** Characters, length, outer blanks. */
bool address_check_part(const AddressPartRule *rule, const char *value, GError **error);

#endif
