/*
 * bare_client.c - the least that a client must do to carry out an LDIF, for the benchmark
 *
 * Reads change records (or entries, which are added) and sends them, with at most WINDOW outstanding, or in
 * transactions (RFC 5805) of SIZE operations. No mapping, no journal, no state: what the server and libldap
 * need, and nothing else. As root of the server by SASL EXTERNAL.
 *
 * A comment "# wave: N" with another N than before waits for all answers, as anybody must who writes what
 * depends on something else. Stops at the first error.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ldap.h>
#include <ldif.h> /* needs stdio.h */
#include <sasl/sasl.h>

#define VALUES_MAX 65536
#define MODS_MAX 256

typedef struct {
    LDAP *handle;
    unsigned window, transaction; /* transaction 0: single operations */
    unsigned outstanding, in_transaction;
    struct berval *id; /* of the transaction that is open */
    unsigned long done;
} Client;

/* One record, as ldif_read_record() gave it and split by ldif_parse_line2(): pointers into the text. */
typedef struct {
    const char *kind;
    char *dn, *new_rdn, *new_superior;
    bool delete_old;
    LDAPMod mods[MODS_MAX], *list[MODS_MAX + 1];
    struct berval values[VALUES_MAX], *pointers[VALUES_MAX + MODS_MAX];
    size_t n_mods, n_values, n_pointers;
} Record;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bare_client: %s: %s\n", what, why);
    exit(1);
}

static int answer_external(LDAP *handle, unsigned flags, void *defaults, void *prompts)
{
    (void)handle;
    (void)flags;
    (void)defaults;
    for (sasl_interact_t *prompt = prompts; prompt->id != SASL_CB_LIST_END; prompt++) {
        prompt->result = "";
        prompt->len = 0;
    }
    return LDAP_SUCCESS;
}

static LDAP *connect_to(const char *uri)
{
    LDAP *handle = NULL;
    int version = LDAP_VERSION3;
    int result = ldap_initialize(&handle, uri);
    if (result == LDAP_SUCCESS)
        result = ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
    if (result == LDAP_SUCCESS)
        result = ldap_sasl_interactive_bind_s(handle, NULL, "EXTERNAL", NULL, NULL, LDAP_SASL_QUIET,
                                              answer_external, NULL);
    if (result != LDAP_SUCCESS)
        fail(uri, ldap_err2string(result));
    return handle;
}

/* --- sending and awaiting --- */

static void await_one(Client *client)
{
    LDAPMessage *message = NULL;
    int result = LDAP_OTHER;
    char *text = NULL;
    if (ldap_result(client->handle, LDAP_RES_ANY, LDAP_MSG_ONE, NULL, &message) <= 0)
        fail("result", "the connection is lost");
    if (ldap_parse_result(client->handle, message, &result, NULL, &text, NULL, NULL, 1) != LDAP_SUCCESS ||
        result != LDAP_SUCCESS)
        fail(ldap_err2string(result), text ? text : "");
    ldap_memfree(text);
    client->outstanding--;
    client->done++;
}

static void await_all(Client *client)
{
    while (client->outstanding)
        await_one(client);
}

/* The pause is what keeps slapd from freeing an operation that another of its threads still uses. */
static void end_transaction(Client *client)
{
    await_all(client);
    if (!client->id)
        return;
    usleep(10000);
    int unused = 0;
    int result = ldap_txn_end_s(client->handle, 1, client->id, NULL, NULL, &unused);
    if (result != LDAP_SUCCESS)
        fail("transaction", ldap_err2string(result));
    ber_bvfree(client->id);
    client->id = NULL;
    client->in_transaction = 0;
}

static void begin_transaction(Client *client)
{
    int result = ldap_txn_start_s(client->handle, NULL, NULL, &client->id);
    if (result != LDAP_SUCCESS)
        fail("transaction", ldap_err2string(result));
}

static int send_record(Client *client, Record *record, LDAPControl **controls)
{
    int id = 0;
    if (!strcmp(record->kind, "add"))
        return ldap_add_ext(client->handle, record->dn, record->list, controls, NULL, &id);
    if (!strcmp(record->kind, "modify"))
        return ldap_modify_ext(client->handle, record->dn, record->list, controls, NULL, &id);
    if (!strcmp(record->kind, "delete"))
        return ldap_delete_ext(client->handle, record->dn, controls, NULL, &id);
    return ldap_rename(client->handle, record->dn, record->new_rdn, record->new_superior, record->delete_old,
                       controls, NULL, &id);
}

static void carry_out(Client *client, Record *record)
{
    LDAPControl of_transaction = {.ldctl_oid = (char[]){LDAP_CONTROL_TXN_SPEC}, .ldctl_iscritical = 1};
    LDAPControl *controls[2] = {NULL};
    while (client->outstanding >= client->window)
        await_one(client);
    if (client->transaction) {
        if (!client->id)
            begin_transaction(client);
        of_transaction.ldctl_value = *client->id;
        controls[0] = &of_transaction;
    }
    int result = send_record(client, record, controls);
    if (result != LDAP_SUCCESS)
        fail(record->dn, ldap_err2string(result));
    client->outstanding++;
    if (client->transaction && ++client->in_transaction == client->transaction)
        end_transaction(client);
}

/* --- records --- */

static LDAPMod *start_mod(Record *record, int op, char *type)
{
    if (record->n_mods == MODS_MAX)
        fail(record->dn, "too many attributes");
    LDAPMod *mod = &record->mods[record->n_mods];
    if (record->n_mods) /* ends the values of the one before */
        record->pointers[record->n_pointers++] = NULL;
    *mod = (LDAPMod){.mod_op = op | LDAP_MOD_BVALUES, .mod_type = type};
    mod->mod_bvalues = &record->pointers[record->n_pointers];
    record->list[record->n_mods++] = mod;
    return mod;
}

static void add_value(Record *record, struct berval value)
{
    if (record->n_values == VALUES_MAX)
        fail(record->dn, "too many values");
    record->values[record->n_values] = value;
    record->pointers[record->n_pointers++] = &record->values[record->n_values++];
}

static LDAPMod *mod_of(Record *record, char *type)
{
    for (size_t i = record->n_mods; i > 0; i--)
        if (!strcasecmp(record->mods[i - 1].mod_type, type))
            return &record->mods[i - 1];
    return NULL;
}

static int operation_named(const char *name)
{
    return !strcmp(name, "add")       ? LDAP_MOD_ADD
           : !strcmp(name, "delete")  ? LDAP_MOD_DELETE
           : !strcmp(name, "replace") ? LDAP_MOD_REPLACE
                                      : -1;
}

/* A line of a modify; *open: the modification that its values belong to. */
static void take_modification(Record *record, char *type, struct berval value, LDAPMod **open)
{
    int op = operation_named(type);
    if (!strcmp(type, "-"))
        *open = NULL;
    else if (!*open && op >= 0)
        *open = start_mod(record, op, value.bv_val);
    else if (*open)
        add_value(record, value);
}

static void take_line(Record *record, char *type, struct berval value, LDAPMod **open)
{
    if (!strcasecmp(type, "dn"))
        record->dn = value.bv_val;
    else if (!strcasecmp(type, "changetype"))
        record->kind = value.bv_val;
    else if (!strcasecmp(type, "control") || !strcasecmp(type, "version"))
        return;
    else if (!strcasecmp(type, "newrdn"))
        record->new_rdn = value.bv_val;
    else if (!strcasecmp(type, "newsuperior"))
        record->new_superior = value.bv_val;
    else if (!strcasecmp(type, "deleteoldrdn"))
        record->delete_old = value.bv_val[0] == '1';
    else if (!strcmp(record->kind, "modify"))
        take_modification(record, type, value, open);
    else {
        LDAPMod *last = record->n_mods ? &record->mods[record->n_mods - 1] : NULL;
        if (!last || strcasecmp(last->mod_type, type)) {
            if (mod_of(record, type))
                fail(record->dn, "values of an attribute do not stand together");
            start_mod(record, LDAP_MOD_ADD, type);
        }
        add_value(record, value);
    }
}

/* Splits @text in place. False when it is no record. */
static bool parse(char *text, Record *record)
{
    LDAPMod *open = NULL;
    record->dn = record->new_rdn = record->new_superior = NULL;
    record->kind = "add";
    record->n_mods = record->n_values = record->n_pointers = 0;
    for (char *line; (line = ldif_getline(&text));) {
        struct berval type, value;
        int freed = 0;
        if (!strcmp(line, "-")) {
            open = NULL;
            continue;
        }
        if (*line == '\n' || *line == '\0')
            break;
        if (ldif_parse_line2(line, &type, &value, &freed) != 0)
            fail(line, "is no line of LDIF");
        take_line(record, type.bv_val, value, &open);
    }
    record->pointers[record->n_pointers] = NULL;
    record->list[record->n_mods] = NULL;
    return record->dn;
}

static long wave_of(const char *text, long before)
{
    static const char mark[] = "# wave: ";
    for (const char *line = text; line && *line == '#';
         line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (!strncmp(line, mark, strlen(mark)))
            return atol(line + strlen(mark));
    return before;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "Usage: bare_client URI FILE WINDOW TRANSACTION\n"
                        "  WINDOW       operations that may be outstanding\n"
                        "  TRANSACTION  operations in a transaction; 0: none\n");
        return 2;
    }
    Client client = {.handle = connect_to(argv[1]),
                     .window = (unsigned)atoi(argv[3]),
                     .transaction = (unsigned)atoi(argv[4])};
    LDIFFP *file = ldif_open(argv[2], "r");
    Record *record = malloc(sizeof *record);
    if (!file || !record || !client.window)
        fail(argv[2], strerror(errno));
    unsigned long line = 0;
    char *text = NULL;
    int size = 0;
    long wave = -1;
    while (ldif_read_record(file, &line, &text, &size) > 0) {
        long now = wave_of(text, wave);
        if (!parse(text, record))
            continue;
        if (now != wave)
            end_transaction(&client);
        wave = now;
        carry_out(&client, record);
    }
    end_transaction(&client);
    ldif_close(file);
    free(text);
    free(record);
    printf("%lu operations\n", client.done);
    return ldap_unbind_ext(client.handle, NULL, NULL) == LDAP_SUCCESS ? 0 : 1;
}
