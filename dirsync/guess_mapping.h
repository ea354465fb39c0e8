/*
 * guess_mapping.h - a mapping for a CSV file whose columns somebody has named
 *
 * Takes every column for something or leaves it out, and says why: by its title,
 * in several languages and spellings, and by what its values look like. The
 * mapping is a file to be edited; for plain cases it works as it is.
 */
#ifndef DIRSYNC_GUESS_MAPPING_H
#define DIRSYNC_GUESS_MAPPING_H

#include "dirsync/csv_guess.h"
#include "dirsync/value_looks.h"

#include <stddef.h>

/** What a column may be. Keep in step with guess_roles[]. */
typedef enum {
    ROLE_MAIL,
    ROLE_ADDRESSES, /* further ones; several columns may be that, the others one each */
    ROLE_DISPLAY,
    ROLE_GIVEN,
    ROLE_SURNAME,
    ROLE_INITIALS,
    ROLE_TITLE,
    ROLE_COMPANY,
    ROLE_DEPARTMENT,
    ROLE_OFFICE,
    ROLE_EMPLOYEE,
    ROLE_PHONE,
    ROLE_MOBILE,
    ROLE_HOME_PHONE,
    ROLE_FAX,
    ROLE_PAGER,
    ROLE_STREET,
    ROLE_POSTAL_CODE,
    ROLE_CITY,
    ROLE_STATE,
    ROLE_DESCRIPTION,
    ROLE_ALIAS,
    ROLE_LOGIN,
    ROLE_LEGACY,
    ROLE_IDENTITY,
    ROLE_COUNTRY,
    ROLE_PASSWORD,
    ROLE_MANAGER,
    ROLES,
    ROLE_NONE = ROLES
} Role;

/** What a role is called, how it is recognised, and what comes of it. */
typedef struct {
    const char *name; /* for people */
    const char
        *attribute;     /* that it is copied to, as it is; NULL: the mapping says more about it, or nothing */
    const char *titles; /* folded (csv_guess_fold()), separated by blanks */
    Looks looks;        /* what most of its values must look like; LOOKS_KINDS: anything */
    bool by_looks;      /* that is enough, whatever the title */
    const char *left_out; /* why it goes nowhere; NULL: it goes somewhere */
} RoleAbout;

extern const RoleAbout guess_roles[ROLES];

/** One column. */
typedef struct {
    const char *title, *name; /* of the CsvGuess; name "-": none */
    Role role;
    char *why;
    size_t values, distinct, rows; /* values, different ones, and rows that have one */
    size_t several;                /* values that hold more than one address */
    size_t looks[LOOKS_KINDS];
} GuessedColumn;

typedef struct {
    char *path;
    CsvGuess csv;
    GuessedColumn *columns;
    size_t n;
    size_t rows, bad_rows;       /* the latter could not be read */
    const GuessedColumn *anchor; /* NULL: no column is filled and unique */
    char *why_anchor;
    char *file; /* the element <file> that describes it, for the connector */
    char *text; /* the mapping, XML */
} MappingGuess;

/** ERROR_IO; ERROR_SOURCE when it is no CSV, or has no column of addresses. */
MappingGuess *guess_mapping(const char *path, GError **error);
void guess_mapping_free(MappingGuess *guess);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MappingGuess, guess_mapping_free)

/** Decides what each of the columns is, from their titles and figures; sets the anchor too. */
void guess_mapping_assign(MappingGuess *guess);
/** The text of the mapping. g_free(). */
char *guess_mapping_text(const MappingGuess *guess);
/** Writes it to a file, which must not be there yet. */
bool guess_mapping_write(const MappingGuess *guess, const char *path, GError **error);

#endif
