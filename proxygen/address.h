/*
 * address.h - addresses of messaging systems, as proxyAddresses holds them
 *
 * "TYPE:value" is a primary address, "type:value" a secondary one. For each type
 * that is known here there is an exact parser that gives the parts, the limits of
 * the system it belongs to, and a canonical form. Pure: no directory, no state, no
 * locale. Everything handed out belongs to the caller unless said otherwise.
 *
 * Types: A-Z and 0-9, at most 32 characters. A type that is not known here is
 * taken as it is: its value is any printable UTF-8 text without outer blanks.
 */
#ifndef PROXYGEN_ADDRESS_H
#define PROXYGEN_ADDRESS_H

#include "dirsync/error.h"

/** Characters of a whole proxy address, type and colon included (the EDK's limit; AD takes 1,123). */
#define ADDRESS_MAX 1110
#define ADDRESS_TYPE_MAX 32

/** One part of an address: "local", "domain"; the names are listed for each type in address_types.c. */
typedef struct {
    char *name;
    char *value; /* unescaped */
} AddressPart;

typedef struct {
    char *type;         /* upper case */
    bool primary;       /* written with an upper-case type */
    char *value;        /* as written, outer blanks off */
    AddressPart *parts; /* in the order of the text; none for a type that is not known. A name may come more
                         * than once (unit, ou, cn); a domain defined attribute is "dda:TYPE" */
    size_t n_parts;
} Address;

/** Takes "TYPE:value" apart and validates it strictly. NULL with ERROR_INVALID: what is wrong, and where. */
Address *address_parse(const char *text, GError **error);
void address_free(Address *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Address, address_free)

/** The value of the (first) part of that name, in any case of letters; NULL when there is none. Borrowed. */
const char *address_part(const Address *address, const char *name);

/** Whether @value (without "TYPE:") is a good address of @type. ERROR_INVALID. */
bool address_validate(const char *type, const char *value, GError **error);

/** "TYPE:value" or "type:value"; the reverse of address_parse(). g_free(). */
char *address_format(const char *type, bool primary, const char *value);
/** The value that has these parts, escaped as the type wants it; NULL with ERROR_INVALID when they make
 *  none. They stand in the order of the text (X.400: in any). Only for types known here. Parsing the result
 *  gives the same parts. g_free(). */
char *address_join(const char *type, const AddressPart *parts, size_t n_parts, GError **error);

/** Splits at the first colon without looking further: *type (upper case) and *primary; returns the value
 *  within @text. NULL when there is no type in front. g_free() *type. @type, @primary may be NULL. */
const char *address_split(const char *text, char **type, bool *primary);

/** The canonical form: equal addresses, primary or not, have the same text, "type:value" with Unicode case
 *  folded and composed (NFC), outer blanks off, and what the type says does not matter (order of X.400
 *  fields, blanks around separators) evened out. It is UTF-8 and its own normal form. Never fails: what
 *  cannot be taken apart is folded as it is, with bytes that are no text as \xHH. g_free(). */
char *address_normalise(const char *text, size_t len);
bool address_equal(const char *a, const char *b);

/** How far a character set goes. */
typedef enum {
    CHARACTERS_ANY,       /* printable Unicode: no controls, no invisible formatting */
    CHARACTERS_WESTERN,   /* what Windows code page 1252 holds */
    CHARACTERS_ASCII,     /* printable ASCII */
    CHARACTERS_ATEXT,     /* RFC 5322 atext and '.': the local part of SMTP */
    CHARACTERS_PRINTABLE, /* X.400 PrintableString */
    CHARACTERS_NUMBER     /* digits and + - ( ) . blank: a telephone number */
} CharacterSet;

/** Rules of one part, for parser and generator alike. Lengths in characters. */
typedef struct {
    const char *name;
    CharacterSet characters;
    const char *but_not; /* ASCII characters that are legal in the set and not here */
    unsigned max;
    bool may_be_empty;
} AddressPartRule;

/** One address type; data, see address_types.c. */
typedef struct {
    const char *name;             /* "NOTES" */
    const char *display_name;     /* "Lotus Notes" */
    const char *default_template; /* "NOTES:&d/{organisation}@{domain}"; the words in braces stand for the
                                   * organisation; NULL: no generator of ours */
    const char *generator;        /* file name of the plugin that ships for it; NULL none */
    const char *prerequisite;     /* what only the foreign side can set up, for people; NULL nothing */
    unsigned max;                 /* characters of the value as a whole */
    char escape;                  /* '\0': none; SMTP: in a quoted local part */
    const AddressPartRule *parts; /* NULL-named at the end; X400 has a parser of its own */
} AddressType;

/** By name in any case; NULL: not known. */
const AddressType *address_type(const char *name);
/** All of them, NULL-terminated, in order of name. */
const AddressType *const *address_types(void);
/** Whether @name, in any case of letters, may be the name of a type at all. */
bool address_type_is_legal(const char *name);
/** Whether the character (a Unicode scalar) belongs to the set. */
bool characters_hold(CharacterSet set, gunichar c);

#endif
