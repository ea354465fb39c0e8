/*
 * account.c - see account.h
 *
 * userAccountControl: [MS-ADTS] 2.2.16; pwdAccountLockedTime: section 5.3.3 of
 * draft-behera-ldap-password-policy, where the year 0 is a lock that never
 * ends; nsAccountLock: TRUE or FALSE in any case. An enabled account has no
 * value of the latter two.
 */
#include "dirsync/account.h"

#include <assert.h>
#include <string.h>

#define CONTROL "userAccountControl"
#define CONTROL_DISABLED 2
#define CONTROL_NORMAL 512
#define LOCK "pwdAccountLockedTime"
#define LOCK_FOR_GOOD YEAR_0 "01010000Z"
#define YEAR_0 "0000"
#define NSLOCK "nsAccountLock"
#define PASSWORD "userPassword"

#define CONTROL_TEXT_SIZE 24 /* a number of 64 bits, with sign */

typedef struct {
    const char *attribute;
    const char *disabled; /* its value in a new, disabled account */
} Mark;

static const Mark marks[] = {
    [ACCOUNT_BY_CONTROL] = {CONTROL, "514"},
    [ACCOUNT_BY_LOCK] = {LOCK, LOCK_FOR_GOOD},
    [ACCOUNT_BY_NSLOCK] = {NSLOCK, "TRUE"},
};
static_assert(G_N_ELEMENTS(marks) == ACCOUNT_BY_PASSWORD, "a mark for each means but the last");

static bool class_may_hold(const Schema *schema, const char *class_name, const AttributeType *type)
{
    const ObjectClass *class = schema_class(schema, class_name);
    for (const AttributeType *const *may = class ? class->may : NULL; may && *may; may++)
        if (*may == type)
            return true;
    for (const AttributeType *const *must = class ? class->must : NULL; must && *must; must++)
        if (*must == type)
            return true;
    return false;
}

/* OpenLDAP's msuser.schema describes userAccountControl, too, but without any rule. */
AccountMeans account_means(const Schema *schema)
{
    const AttributeType *control = schema_attribute(schema, CONTROL);
    const AttributeType *nslock = schema_attribute(schema, NSLOCK);
    if (control && control->has_equality && class_may_hold(schema, "user", control))
        return ACCOUNT_BY_CONTROL;
    if (nslock && nslock->operational)
        return ACCOUNT_BY_NSLOCK;
    return schema_attribute(schema, LOCK) ? ACCOUNT_BY_LOCK : ACCOUNT_BY_PASSWORD;
}

const char *account_attribute(AccountMeans means)
{
    return means == ACCOUNT_BY_PASSWORD ? NULL : marks[means].attribute;
}

/* False when it is no number; servers keep it in 32 bits with sign. */
static bool parse_control(const char *text, gint64 *control)
{
    return text && g_ascii_string_to_signed(text, 10, G_MININT32, G_MAXUINT32, control, NULL);
}

static bool control_says_disabled(const char *text)
{
    gint64 control;
    return parse_control(text, &control) && (control & CONTROL_DISABLED);
}

/* Whether the mark of @means says so. With @for_good a lock that ends by itself does not count. */
static bool shows_disabled(const Schema *schema, const Entry *entry, AccountMeans means, bool for_good)
{
    const Attribute *found = schema_find(schema, entry, marks[means].attribute);
    if (!found)
        return false;
    if (means == ACCOUNT_BY_CONTROL)
        return control_says_disabled(schema_find_string(schema, entry, CONTROL));
    if (means == ACCOUNT_BY_LOCK && !for_good)
        return true;
    if (means == ACCOUNT_BY_LOCK)
        return !strncmp(found->values[0].data, YEAR_0, strlen(YEAR_0));
    /* Text without an equality rule in 389's schema. */
    const char *text = schema_find_string(schema, entry, NSLOCK);
    return text && !g_ascii_strcasecmp(text, marks[means].disabled);
}

static bool is_marked(const Schema *schema, const Entry *entry, bool for_good)
{
    for (AccountMeans means = 0; means < ACCOUNT_BY_PASSWORD; means++)
        if (shows_disabled(schema, entry, means, for_good))
            return true;
    return false;
}

bool account_is_disabled(const Schema *schema, const Entry *entry)
{
    return is_marked(schema, entry, true);
}

/* userAccountControl with or without the one bit; NULL or no number: that of a normal account. */
static void change_control(const char *text, bool disabled, char out[CONTROL_TEXT_SIZE])
{
    gint64 control;
    if (!parse_control(text, &control))
        control = CONTROL_NORMAL;
    control = disabled ? control | CONTROL_DISABLED : control & ~(gint64)CONTROL_DISABLED;
    g_snprintf(out, CONTROL_TEXT_SIZE, "%" G_GINT64_FORMAT, control);
}

static void drop_attribute(const Schema *schema, Entry *entry, const char *name)
{
    for (const Attribute *found; (found = schema_find(schema, entry, name));)
        entry_remove(entry, (size_t)entry_index(entry, found->name));
}

void account_make_disabled(const Schema *schema, Entry *entry)
{
    AccountMeans means = account_means(schema);
    if (means == ACCOUNT_BY_PASSWORD) {
        drop_attribute(schema, entry, PASSWORD);
        return;
    }
    char control[CONTROL_TEXT_SIZE];
    change_control(schema_find_string(schema, entry, CONTROL), true, control);
    drop_attribute(schema, entry, marks[means].attribute);
    entry_add_string(entry, marks[means].attribute,
                     means == ACCOUNT_BY_CONTROL ? control : marks[means].disabled);
}

/* Deletes what is there, adds @value (NULL: nothing). Where there is no equality rule, no server can find
 * a value to delete: the whole attribute goes. */
static void exchange_value(const Schema *schema, const Entry *current, Change *change, const char *name,
                           const char *value)
{
    const AttributeType *type = schema_attribute(schema, name);
    const Attribute *found = schema_find(schema, current, name);
    bool whole = found && type && !type->has_equality;
    if (found)
        change_modify(change, MODIFY_DELETE, found->name, whole ? NULL : found->values,
                      whole ? 0 : found->n_values);
    if (value) {
        Value added = {value, strlen(value)};
        change_modify(change, MODIFY_ADD, found ? found->name : name, &added, 1);
    }
}

Change *account_disable(const Schema *schema, const Entry *current)
{
    AccountMeans means = account_means(schema);
    if (means == ACCOUNT_BY_PASSWORD || shows_disabled(schema, current, means, true))
        return NULL;
    char control[CONTROL_TEXT_SIZE];
    change_control(schema_find_string(schema, current, CONTROL), true, control);
    Change *change = change_new(CHANGE_MODIFY, entry_dn(current));
    exchange_value(schema, current, change, marks[means].attribute,
                   means == ACCOUNT_BY_CONTROL ? control : marks[means].disabled);
    return change;
}

/* slapd's ppolicy takes the lock away itself when the password changes; to delete it afterwards answers 16.
 */
static bool goes_with_password(AccountMeans server, AccountMeans means, bool new_password)
{
    return new_password && server == ACCOUNT_BY_LOCK && means == ACCOUNT_BY_LOCK;
}

Change *account_enable(const Schema *schema, const Entry *current, bool new_password)
{
    AccountMeans server = account_means(schema);
    if (!is_marked(schema, current, false) && !(server == ACCOUNT_BY_PASSWORD && new_password))
        return NULL;
    char control[CONTROL_TEXT_SIZE];
    change_control(schema_find_string(schema, current, CONTROL), false, control);
    Change *change = change_new(CHANGE_MODIFY, entry_dn(current));
    for (AccountMeans means = 0; means < ACCOUNT_BY_PASSWORD; means++)
        if (shows_disabled(schema, current, means, false) && !goes_with_password(server, means, new_password))
            exchange_value(schema, current, change, marks[means].attribute,
                           means == ACCOUNT_BY_CONTROL ? control : NULL);
    change->random_password = new_password;
    return change;
}
