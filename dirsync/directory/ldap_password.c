/*
 * ldap_password.c - giving an account a password that nobody knows
 *
 * By the Password Modify operation (RFC 3062), where the server makes the
 * password itself if it can, or by unicodePwd on Active Directory. Only over a
 * protected connection. A password is in memory for as long as it takes to
 * send it, is wiped then, and is in no message; one that the server made is
 * never taken out of its answer. What libldap holds meanwhile is out of reach.
 */
#include "dirsync/directory/ldap_internal.h"

#include <string.h>
#include <sys/random.h>

/* 64 characters, so that each byte of chance is as good as another; none that people or quoting take for
 * something else. */
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ"
                               "abcdefghijkmnpqrstuvwxyz"
                               "23456789"
                               "!#%*+-=_";

G_STATIC_ASSERT(sizeof alphabet == 64 + 1);

bool ldap_directory_is_protected(const LdapDirectory *self)
{
    if (!self->handle)
        return false;
    return g_ascii_strncasecmp(self->uri, "ldapi://", 8) == 0 || ldap_tls_inplace(self->handle);
}

/* Password rules want a bit of everything; chance alone could leave something out. */
static bool has_every_sort(const char *password)
{
    bool upper = false, lower = false, digit = false, other = false;
    for (; *password; password++) {
        upper |= g_ascii_isupper(*password);
        lower |= g_ascii_islower(*password);
        digit |= g_ascii_isdigit(*password);
        other |= !g_ascii_isalnum(*password);
    }
    return upper && lower && digit && other;
}

bool ldap_directory_draw_password(char password[LDAP_PASSWORD_LENGTH + 1])
{
    unsigned char chance[LDAP_PASSWORD_LENGTH];
    do {
        if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
            return false;
        for (size_t i = 0; i < LDAP_PASSWORD_LENGTH; i++)
            password[i] = alphabet[chance[i] & 63];
        password[LDAP_PASSWORD_LENGTH] = '\0';
    } while (!has_every_sort(password));
    explicit_bzero(chance, sizeof chance);
    return true;
}

bool ldap_directory_draw_unicode(char bytes[LDAP_UNICODE_LENGTH])
{
    char password[LDAP_PASSWORD_LENGTH + 1];
    if (!ldap_directory_draw_password(password))
        return false;
    memset(bytes, 0, LDAP_UNICODE_LENGTH); /* ASCII in UTF-16LE: every other byte */
    bytes[0] = bytes[LDAP_UNICODE_LENGTH - 2] = '"';
    for (size_t i = 0; i < LDAP_PASSWORD_LENGTH; i++)
        bytes[2 + 2 * i] = password[i];
    explicit_bzero(password, sizeof password);
    return true;
}

/* @password NULL: the server makes one. */
static int modify_password(LdapDirectory *self, const char *dn, const char *password, char **diagnostic)
{
    struct berval user = {.bv_len = strlen(dn), .bv_val = (char *)dn};
    struct berval new = {.bv_len = password ? strlen(password) : 0, .bv_val = (char *)password};
    g_autoptr(LDAPMessage) message = NULL;
    int id = 0;
    g_clear_pointer(diagnostic, g_free);
    int result = ldap_passwd(self->handle, &user, NULL, password ? &new : NULL, NULL, NULL, &id);
    if (result == LDAP_SUCCESS)
        result = ldap_directory_await(self, id, &message);
    return result == LDAP_SUCCESS ? ldap_directory_parse(self, message, diagnostic, NULL) : result;
}

int ldap_directory_set_password(LdapDirectory *self, const char *dn, char **diagnostic)
{
    int result = modify_password(self, dn, NULL, diagnostic);
    if (result != LDAP_UNWILLING_TO_PERFORM && result != LDAP_CONSTRAINT_VIOLATION)
        return result;
    char password[LDAP_PASSWORD_LENGTH + 1];
    if (!ldap_directory_draw_password(password))
        return LDAP_OTHER;
    result = modify_password(self, dn, password, diagnostic);
    explicit_bzero(password, sizeof password);
    return result;
}
