/*
 * test_change.c - what a change becomes: the DN after it, and its inverse
 *
 * Inverses are compared as LDIF, the form in which people see them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/change.h"
#include "dirsync/ldif.h"

#include <string.h>

static Entry *parse_entry(const char *text)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "test");
    Entry *entry;
    assert_int_equal(ldif_read_entry(reader, &entry, NULL), RECORD_GOOD);
    return entry;
}

static Change *parse_change(const char *text)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "test");
    g_autoptr(GError) error = NULL;
    Change *change;
    RecordStatus status = ldif_read_change(reader, &change, &error);
    assert_null(error);
    assert_int_equal(status, RECORD_GOOD);
    return change;
}

static void assert_change_text(const Change *change, const char *expected)
{
    GString *text = g_string_new(NULL);
    ldif_write_change(text, change, true);
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
}

static void test_setters_copy(void **state)
{
    (void)state;
    char name[] = "cn", bytes[] = "a\0b";
    Value value = {.data = bytes, .len = 3};
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, "cn=A");
    change_modify(change, MODIFY_ADD, name, &value, 1);
    change_modify(change, MODIFY_DELETE, name, NULL, 0);
    memset(name, 'x', 2);
    memset(bytes, 'x', 3);
    assert_int_equal(change->n_modifications, 2);
    assert_string_equal(change->modifications[0].name, "cn");
    assert_int_equal(change->modifications[0].values[0].len, 3);
    assert_memory_equal(change->modifications[0].values[0].data, "a\0b", 4);
    assert_int_equal(change->modifications[1].kind, MODIFY_DELETE);
    assert_int_equal(change->modifications[1].n_values, 0);
    assert_null(change->entry);
    assert_null(change_strdup(change, NULL));
}

static void test_many_modifications_keep_their_order(void **state)
{
    (void)state;
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, "cn=A");
    for (size_t i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("a%zu", i);
        Value value = {.data = name, .len = strlen(name)};
        change_modify(change, MODIFY_ADD, name, &value, 1);
    }
    assert_int_equal(change->n_modifications, 1000);
    for (size_t i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("a%zu", i);
        assert_string_equal(change->modifications[i].name, name);
        assert_string_equal(change->modifications[i].values[0].data, name);
    }
}

typedef struct {
    const char *dn, *new_rdn, *new_superior, *expected;
} NameCase;

static const NameCase name_cases[] = {
    {"cn=A,ou=x", "cn=B", NULL, "cn=B,ou=x"},
    {"cn=A,ou=x", "cn=B", "ou=y,dc=z", "cn=B,ou=y,dc=z"},
    {"cn=A,ou=x", "cn=B", "", "cn=B"},
    {"cn=A", "cn=B", NULL, "cn=B"},
    {"cn=A\\,B,ou=x", "cn=C\\+D", NULL, "cn=C\\+D,ou=x"},
    {"cn=A+sn=B,ou=x", "cn=A+sn=C", NULL, "cn=A+sn=C,ou=x"},
    {"cn=A,ou=x", "no name", NULL, "cn=A,ou=x"},
    {"cn=A,ou=x", "cn=B,ou=y", NULL, "cn=A,ou=x"},
    {"broken", "cn=B", NULL, "broken"},
};

static void test_dn_after_a_rename(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(name_cases); i++) {
        const NameCase *c = &name_cases[i];
        g_autoptr(Change) change = change_new(CHANGE_RENAME, c->dn);
        change->new_rdn = change_strdup(change, c->new_rdn);
        change->new_superior = change_strdup(change, c->new_superior);
        g_autofree char *dn = change_resulting_dn(change);
        assert_string_equal(dn, c->expected);
    }
    g_autoptr(Change) change = change_new(CHANGE_DELETE, "cn=A , ou=x");
    g_autofree char *dn = change_resulting_dn(change);
    assert_string_equal(dn, "cn=A , ou=x");
}

typedef struct {
    const char *what, *before, *change, *inverse; /* before NULL: none; inverse NULL: there is none */
} InverseCase;

static const InverseCase inverse_cases[] = {
    {"an add is deleted", NULL, "dn: cn=A\nchangetype: add\ncn: A\n\n", "dn: cn=A\nchangetype: delete\n\n"},
    {"a delete is added again", "dn: cn=A\ncn: A\nsn: B\nsn: C\n\n", "dn: cn=A\nchangetype: delete\n\n",
     "dn: cn=A\nchangetype: add\ncn: A\nsn: B\nsn: C\n\n"},
    {"a delete needs the entry", NULL, "dn: cn=A\nchangetype: delete\n\n", NULL},
    {"values go back in reverse order", "dn: cn=A\ncn: A\nsn: B\n\n",
     "dn: cn=A\nchangetype: modify\ndelete: sn\nsn: B\n-\nadd: sn\nsn: C\n-\nadd: title\ntitle: T\n-\n\n",
     "dn: cn=A\nchangetype: modify\ndelete: title\ntitle: T\n-\ndelete: sn\nsn: C\n-\nadd: sn\nsn: B\n-\n\n"},
    {"a whole attribute comes back from the entry", "dn: cn=A\ncn: A\nsn: B\nsn: C\n\n",
     "dn: cn=A\nchangetype: modify\ndelete: sn\n-\n\n",
     "dn: cn=A\nchangetype: modify\nadd: sn\nsn: B\nsn: C\n-\n\n"},
    {"deleted whole and added again: whole on the way back", "dn: cn=A\nphoto: old\n\n",
     "dn: cn=A\nchangetype: modify\ndelete: photo\n-\nadd: photo\nphoto: new\n-\nadd: PHOTO\nPHOTO: "
     "newer\n-\n\n",
     "dn: cn=A\nchangetype: modify\ndelete: PHOTO\n-\nadd: photo\nphoto: old\n-\n\n"},
    {"a whole attribute that is not known", "dn: cn=A\ncn: A\n\n",
     "dn: cn=A\nchangetype: modify\ndelete: sn\n-\n\n", NULL},
    {"a whole attribute changed before", "dn: cn=A\nsn: B\n\n",
     "dn: cn=A\nchangetype: modify\nadd: sn\nsn: C\n-\ndelete: sn\n-\n\n", NULL},
    {"a rename goes back", "dn: cn=A,ou=x\ncn: A\n\n",
     "dn: cn=A,ou=x\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\n\n",
     "dn: cn=B,ou=x\nchangetype: modrdn\nnewrdn: cn=A\ndeleteoldrdn: 1\n\n"},
    {"a move goes back", "dn: cn=A,ou=x\ncn: A\n\n",
     "dn: cn=A,ou=x\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\nnewsuperior: ou=y\n\n",
     "dn: cn=B,ou=y\nchangetype: modrdn\nnewrdn: cn=A\ndeleteoldrdn: 1\nnewsuperior: ou=x\n\n"},
    {"a name that was a value before stays one", "dn: cn=A,ou=x\ncn: A\ncn: b\n\n",
     "dn: cn=A,ou=x\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 0\n\n",
     "dn: cn=B,ou=x\nchangetype: modrdn\nnewrdn: cn=A\ndeleteoldrdn: 0\n\n"},
    {"a name that is in both stays", "dn: cn=A+uid=1,ou=x\ncn: A\nuid: 1\n\n",
     "dn: cn=A+uid=1,ou=x\nchangetype: modrdn\nnewrdn: cn=A+uid=2\ndeleteoldrdn: 1\n\n",
     "dn: cn=A+uid=2,ou=x\nchangetype: modrdn\nnewrdn: cn=A+uid=1\ndeleteoldrdn: 1\n\n"},
    {"a rename needs the entry", NULL, "dn: cn=A,ou=x\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\n\n",
     NULL},
    {"anchor and situation go with it, wave and assertion do not", "dn: cn=A\ncn: A\n\n",
     "# wave: 3\n# situation: missing\n# anchor: 17\ndn: cn=A\nchangetype: delete\n\n",
     "# wave: 0\n# situation: missing\n# anchor: 17\ndn: cn=A\nchangetype: add\ncn: A\n\n"},
};

static void test_inverse(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(inverse_cases); i++) {
        const InverseCase *c = &inverse_cases[i];
        g_autoptr(Entry) before = c->before ? parse_entry(c->before) : NULL;
        g_autoptr(Change) change = parse_change(c->change);
        g_autoptr(Change) inverse = change_invert(change, before);
        if (!c->inverse && inverse)
            fail_msg("%s: there is an inverse", c->what);
        if (c->inverse && !inverse)
            fail_msg("%s: there is no inverse", c->what);
        if (c->inverse)
            assert_change_text(inverse, c->inverse);
    }
}

static void test_free_of_nothing(void **state)
{
    (void)state;
    change_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setters_copy),      cmocka_unit_test(test_many_modifications_keep_their_order),
        cmocka_unit_test(test_dn_after_a_rename), cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_free_of_nothing),
    };
    return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
