/*
 * audit_kinds.c - the kinds of finding, as a table
 *
 * dirsync-audit(1) lists it; test_audit_manual.c compares the two. Ids are never used
 * again for something else: people filter by them, and earlier audits are compared by them.
 */
#include "dirsync/audit.h"

#include <assert.h>
#include <string.h>

#define ERROR_ROW(id, title, remedy)                                                                         \
    {                                                                                                        \
        id, SEVERITY_ERROR, title, remedy                                                                    \
    }
#define WARNING_ROW(id, title, remedy)                                                                       \
    {                                                                                                        \
        id, SEVERITY_WARNING, title, remedy                                                                  \
    }
#define INFO_ROW(id, title, remedy)                                                                          \
    {                                                                                                        \
        id, SEVERITY_INFO, title, remedy                                                                     \
    }

const AuditKindInfo audit_kinds[AUDIT_KINDS] = {
    [AUDIT_DUPLICATE_ADDRESS] = ERROR_ROW("duplicate-address", "Several objects have the same address",
                                          "decide whose address it is and take it from the others"),
    [AUDIT_PRIMARY_SEVERAL] =
        ERROR_ROW("primary-several", "More than one primary address of a type",
                  "keep one in capitals (SMTP:) and write the others in small letters (smtp:)"),
    [AUDIT_INVALID_ADDRESS] = ERROR_ROW("invalid-address", "An address is not one of its type",
                                        "correct the address, or remove it"),
    [AUDIT_TARGET_NOWHERE] = ERROR_ROW(
        "target-nowhere", "targetAddress leads nowhere",
        "correct targetAddress, or remove it where the mailbox is here; mail to this object is lost"),
    [AUDIT_TARGET_LOOP] = ERROR_ROW("target-loop", "targetAddress leads back to the object itself",
                                    "break the circle: one of the objects must have its mailbox here, or a "
                                    "targetAddress that leads out"),
    [AUDIT_LEGACY_DUPLICATE] =
        ERROR_ROW("legacy-duplicate", "Several objects have the same legacyExchangeDN",
                  "give all but one another legacyExchangeDN: replies to old mail reach the wrong person"),
    [AUDIT_GENERATOR_MISSING] =
        ERROR_ROW("generator-missing", "An address type has no generator on this host",
                  "install the generator, or name another one in <address-type>"),
    [AUDIT_GENERATOR_OLDER] =
        ERROR_ROW("generator-older", "The generator on this host is older than the registered one",
                  "install the version that is registered, or a later one"),
    [AUDIT_LOCAL_AND_CONTACT] =
        WARNING_ROW("local-and-contact", "A user is here both as account and as contact",
                    "remove the contact, or let the connector do it: dirsync explain tells why it stays"),
    [AUDIT_CONTACT_TWICE] = WARNING_ROW("contact-twice", "Several connectors import the same person",
                                        "leave the person out of one of the sources (<filter>)"),
    [AUDIT_PRIMARY_MISSING] =
        WARNING_ROW("primary-missing", "Secondary addresses of a type without a primary one",
                    "write one of them in capitals (SMTP:)"),
    [AUDIT_MAIL_NOT_PRIMARY] = WARNING_ROW("mail-not-primary", "mail is not the primary SMTP address",
                                           "make both the same: what people see must be what they answer to"),
    [AUDIT_TYPE_UNREGISTERED] =
        WARNING_ROW("type-unregistered", "Addresses of a type that is not registered",
                    "register the type (dirsync addrtype register), or remove the address"),
    [AUDIT_STAMP_UNKNOWN] =
        WARNING_ROW("stamp-unknown", "An object belongs to a connector that is not defined",
                    "bring its definition back, or let go of the object: remove its stamp"),
    [AUDIT_OBJECT_WITHOUT_SOURCE] =
        WARNING_ROW("object-without-source", "An object whose source entry is gone",
                    "let the next sync deal with it, or find out why the source does not show it"),
    [AUDIT_SOURCE_WITHOUT_OBJECT] =
        WARNING_ROW("source-without-object", "A source entry without its object",
                    "let the next sync make it; where that fails, the reason says what is in the way"),
    [AUDIT_CHANGED_BY_HAND] =
        WARNING_ROW("changed-by-hand", "An object of a connector was changed by somebody else",
                    "make the change in the source, or leave the attribute out of the mapping: the next full "
                    "run takes it back"),
    [AUDIT_MEMBER_UNRESOLVED] = WARNING_ROW("member-unresolved", "A member of a group gets no mail",
                                            "remove the member, or give it an address"),
    [AUDIT_GROUP_CYCLE] =
        WARNING_ROW("group-cycle", "Groups contain each other", "take one of the groups out of the other"),
    [AUDIT_LIST_AS_CONTACT] =
        WARNING_ROW("list-as-contact", "A list that was imported as a contact has members from here",
                    "import it as a group (groups=\"group\"), or mail to it travels twice"),
    [AUDIT_GRACE_OVER] = WARNING_ROW("grace-over", "A hidden or disabled object is past its grace",
                                     "let the connector run, or delete the object"),
    [AUDIT_VALUE_TOO_LONG] = WARNING_ROW("value-too-long", "A value is longer than the attribute takes",
                                         "shorten it: other servers and clients cut it off or refuse it"),
    [AUDIT_VALUE_INVALID] =
        WARNING_ROW("value-invalid", "A value has characters that do not belong there", "correct the value"),
    [AUDIT_DIFFERS] = WARNING_ROW("differs", "An object is not as its source entry says",
                                  "let the next sync bring it up to date; if it stays, dirsync explain tells "
                                  "why"),
    [AUDIT_LEGACY_MISSING] = INFO_ROW("legacy-missing", "A recipient has no legacyExchangeDN",
                                      "let the address step give it one, or the tool that made the object"),
    [AUDIT_NAME_COLLISION] = INFO_ROW("name-collision", "Several objects look the same in the address list",
                                      "tell them apart by displayName: a department or a place"),
};

static_assert(G_N_ELEMENTS(audit_kinds) == AUDIT_KINDS, "a row for every kind");

const char *const audit_severity_names[SEVERITIES] = {"error", "warning", "info"};

int audit_kind_parse(const char *id)
{
    for (int i = 0; i < AUDIT_KINDS; i++)
        if (!strcmp(audit_kinds[i].id, id))
            return i;
    return -1;
}

int audit_severity_parse(const char *name)
{
    for (int i = 0; i < SEVERITIES; i++)
        if (!strcmp(audit_severity_names[i], name))
            return i;
    return -1;
}
