/*
 * target_case.h - a file in a folder of its own, and changes to it as LDIF
 *
 * What the tests of file targets share. Every function ends the test when what
 * it needs for itself fails.
 */
#ifndef DIRSYNC_TESTS_TARGET_CASE_H
#define DIRSYNC_TESTS_TARGET_CASE_H

#include "dirsync/directory/directory.h"

typedef struct {
    char *folder, *sum, *temporary;
    Endpoint endpoint;
    GString *outcomes; /* "done;16;" of the changes answered */
} TargetCase;

/** Set-up and tear-down of cmocka. The latter fails when anything but the file and its checksum is left. */
int target_case_make(void **state);
int target_case_make_csv(void **state);
int target_case_drop(void **state);

void target_case_write(const char *path, const char *text);
/** The file's text, "(none)" when there is no file; g_free(). */
char *target_case_text(const char *path);
Directory *target_case_open(const TargetCase *target);
/** Changes (Change) from LDIF change records. */
GPtrArray *target_case_parse(const char *text);
/** DirectoryDone with the TargetCase: writes "done;", "LDAP result/ErrorCode;" or "[ErrorCode];". */
void target_case_note(const Change *change, Outcome outcome, const GError *error, void *data);
/** Submits and flushes, with the directory opened anew, as the next run would. */
bool target_case_apply(TargetCase *target, const char *text, GError **error);
/** Reads it as the target or as a source; sets how many entries there are. */
Proof target_case_read(const TargetCase *target, bool is_target, size_t *n);

/* Files and changes, as text. */
#define HEAD "version: 1\n\n"
#define A "dn: cn=A,ou=x\nobjectClass: person\ncn: A\nsn: Ant\n\n"
#define B "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Bee\n\n"
#define C "dn: cn=C,ou=x\nobjectClass: person\ncn: C\nsn: Cat\n\n"
#define ADD(name, sn)                                                                                        \
    "dn: cn=" name ",ou=x\nchangetype: add\nobjectClass: person\ncn: " name "\nsn: " sn "\n\n"
#define DELETE(name) "dn: cn=" name ",ou=x\nchangetype: delete\n\n"
#define MODIFY(name, parts) "dn: cn=" name ",ou=x\nchangetype: modify\n" parts "\n"
#define RENAME(name, rdn, drop)                                                                              \
    "dn: cn=" name ",ou=x\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: " drop "\n\n"
#define SN(old, new) "delete: sn\nsn: " old "\n-\nadd: sn\nsn: " new "\n-\n"

#define ROWS "id,sn,mail\r\n"
#define ROW(dn, change) "dn: " dn "\nchangetype: " change "\n"

#endif
