/*
 * form.h - how the addresses of one type are put together
 *
 * A form is a row of parts with separators behind them: name "/" units "@" domain.
 * For the types that ship it comes from the table of address types; for others
 * from settings "name=value" of the definition, see form_settings.c. Read-only once
 * made. What is handed out belongs to the caller.
 */
#ifndef PROXYGEN_FORM_H
#define PROXYGEN_FORM_H

#include "proxygen/address.h"

#define FORM_PARTS_MAX 8

typedef struct {
    char *name;
    CharacterSet characters;
    char *but_not; /* as in AddressPartRule; separators too, where there is no escape */
    unsigned max;
    bool may_be_empty; /* it is left out with the separator that joins it */
    bool is_list;      /* of levels with / between, NOTES units: what is empty goes, with its / */
    bool is_fixed;     /* the site's alone: a template has no fields there, and it is taken word for word */
    char *separator;   /* the text behind it; that of the last part ends the address, "": nothing does */
} FormPart;

typedef struct {
    char *type;             /* "NOTES" */
    char *default_template; /* with its type; NULL: none */
    char *marks;            /* characters that begin a field in a template: "%" or "%&" */
    FormPart parts[FORM_PARTS_MAX];
    size_t n_parts;
    int person;         /* the part that a collision changes; -1: the first that has a field */
    unsigned max;       /* characters of the value as a whole */
    unsigned front_max; /* of all but the last part together, with what is between them */
    char escape;        /* '\0': none */
    bool is_known;      /* its parser is that of the address library */
    bool alias_first;   /* on a collision the alias takes the place of the person's part */
    bool needs_fax;     /* who has no fax number has no address */
} Form;

/** The form of @type; NULL with ERROR_DEFINITION that names the setting. */
Form *form_new(const char *type, const char *const *settings, GError **error);
void form_free(Form *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Form, form_free)

/** Whether a part may hold the character. */
bool form_part_holds(const FormPart *part, gunichar c);

/** When a separator that may follow part @at stands at @text: the part behind it, and in *len how long it
 *  is. 0: none does. The end of the address counts as part n_parts. */
size_t form_part_behind(const Form *form, size_t at, const char *text, size_t *len);

/** A text without any separator belongs to this part: the last one of "number" or "name@number". */
size_t form_only_part(const Form *form);

/** The value that these n_parts parts make, escaped, without its type. g_free(). */
char *form_join(const Form *form, char *const *parts);

/** Its parts, n_parts of them; those that are left out are "". NULL with ERROR_INVALID. g_strfreev(). */
char **form_split(const Form *form, const char *value, GError **error);

/** Whether "TYPE:value" is a good address of this form. ERROR_INVALID. */
bool form_validate(const Form *form, const char *address, GError **error);

#endif
