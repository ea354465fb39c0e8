/*
 * address_internal.h - between address.c and the syntaxes of the types
 *
 * A syntax knows how the parts of a type stand in its text. Taking apart looks at
 * the structure alone; whether parts are good is asked afterwards, and in the same
 * way of parts that somebody wants joined. So address_normalise() evens out what
 * is too long or has a wrong character too, and parser and joiner agree.
 *
 * Parts are a GArray of AddressPart that frees its elements. Causes come without
 * the subject, which address.c puts in front.
 */
#ifndef PROXYGEN_ADDRESS_INTERNAL_H
#define PROXYGEN_ADDRESS_INTERNAL_H

#include "proxygen/address.h"

typedef struct {
    /** Adds the parts of @value, which is valid UTF-8 without outer blanks. */
    bool (*take_apart)(const AddressType *type, const char *value, GArray *parts, GError **error);
    /** Whether these parts make an address. */
    bool (*check)(const AddressType *type, const AddressPart *parts, size_t n_parts, GError **error);
    /** Writes what take_apart() or check() let pass; taken apart again it gives the same parts. */
    void (*put_together)(const AddressType *type, const AddressPart *parts, size_t n_parts, GString *out);
    /** Evens out what the type says does not matter; NULL: nothing but what put_together() does. */
    void (*even_out)(GArray *parts);
} AddressSyntax;

extern const AddressSyntax address_forms_syntax;
extern const AddressSyntax address_smtp_syntax;
extern const AddressSyntax address_x400_syntax;
extern const AddressSyntax address_x500_syntax;

static inline bool address_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/** Copies @len bytes of the name. */
void address_add_part(GArray *parts, const char *name, size_t len, char *value_taken);
/** A copy without outer blanks; g_free(). */
char *address_strip(const char *text, size_t len);

/** The rule of the part, in any case of letters; NULL: the type has no such part. */
const AddressPartRule *address_part_rule(const AddressType *type, const char *name, size_t len);
/** Whether the value is good for the rule: characters, length, no outer blanks, not empty. */
bool address_check_part(const AddressPartRule *rule, const char *name, const char *value, GError **error);
/** Whether every character belongs to the set and is not one of @but_not; @name for the message. */
bool address_check_characters(CharacterSet set, const char *but_not, const char *name, const char *value,
                              GError **error);

/** What a message shows of a text: its first 80 characters, ? for each that is not printable. g_free(). */
char *address_excerpt(const char *text);

/** Whether this can be the domain of an SMTP address: a domain name or an address literal. */
bool address_check_domain(const char *domain, GError **error);

#endif
