/*
 * make_index.c - an index of a home directory with many people, for tests/bench/lookups
 *
 * make_index FILE N: person i has SMTP:person.i@acme.example, smtp:pi@acme.example and
 * NOTES:Person i/Acme@Exchange.
 */
#include "tests/lab/lookup_index.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    unsigned long n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (!n) {
        fprintf(stderr, "usage: make_index FILE N\n");
        return 1;
    }
    GString *ldif = g_string_new(NULL);
    for (unsigned long i = 1; i <= n; i++)
        g_string_append_printf(ldif,
                               "dn: cn=Person %lu,ou=people,dc=acme,dc=example\n"
                               "objectClass: inetOrgPerson\n"
                               "entryUUID: 00000000-0000-4000-8000-%012lu\n"
                               "cn: Person %lu\nsn: %lu\nmail: person.%lu@acme.example\n"
                               "legacyExchangeDN: /o=Acme/ou=First/cn=Recipients/cn=p%lu\n"
                               "proxyAddresses: SMTP:person.%lu@acme.example\n"
                               "proxyAddresses: smtp:p%lu@acme.example\n"
                               "proxyAddresses: NOTES:Person %lu/Acme@Exchange\n\n",
                               i, i, i, i, i, i, i, i, i);
    lookup_index_make(argv[1], ldif->str);
    g_string_free(ldif, TRUE);
    return 0;
}
