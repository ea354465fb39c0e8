/*
 * guess_text.c - the mapping that a guess comes to, as XML with comments
 */
#include "dirsync/guess_mapping.h"

#include <string.h>

#define WIDTH 70
#define INDENT "                         "
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

/* "$name" of the column with that role; NULL: none has it. g_free(). */
static char *variable(const MappingGuess *guess, Role role)
{
    for (size_t i = 0; i < guess->n; i++)
        if (guess->columns[i].role == role)
            return g_strconcat("$", guess->columns[i].name, NULL);
    return NULL;
}

/* "first(a, b)" of those that are not NULL, "a" of one, NULL of none. Takes them over. */
static char *first_of(char *a, char *b, char *c)
{
    char *const all[] = {a, b, c};
    GString *list = g_string_new(NULL);
    guint n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i]) {
            g_string_append_printf(list, "%s%s", n++ ? ", " : "", all[i]);
            g_free(all[i]);
        }
    if (n > 1) {
        g_string_prepend(list, "first(");
        g_string_append_c(list, ')');
    }
    return g_string_free(list, n == 0);
}

static bool any_looks(const MappingGuess *guess, Role role, Looks what)
{
    for (size_t i = 0; i < guess->n; i++)
        if (guess->columns[i].role == role && guess->columns[i].looks[what])
            return true;
    return false;
}

static bool are_typed(const MappingGuess *guess)
{
    return any_looks(guess, ROLE_MAIL, LOOKS_ADDRESS) || any_looks(guess, ROLE_ADDRESSES, LOOKS_ADDRESS);
}

/* All columns with addresses: "$mail | $email2"; NULL: none has. */
static char *address_columns(const MappingGuess *guess)
{
    GString *list = g_string_new(NULL);
    for (size_t i = 0; i < guess->n; i++)
        if (guess->columns[i].role == ROLE_MAIL || guess->columns[i].role == ROLE_ADDRESSES)
            g_string_append_printf(list, "%s$%s", list->len ? " | " : "", guess->columns[i].name);
    return g_string_free(list, !list->len);
}

/* The address that mail goes to, without a type. */
static char *primary(const MappingGuess *guess)
{
    g_autofree char *mail = variable(guess, ROLE_MAIL), *all = address_columns(guess);
    if (!all)
        return NULL;
    bool typed = are_typed(guess);
    char *from_mail =
        mail ? g_strdup_printf(typed ? "address-value(%s[contains(., '@')][1])" : "%s[contains(., '@')][1]",
                               mail)
             : NULL;
    if (!typed)
        return from_mail ? from_mail : g_strdup_printf("(%s)[contains(., '@')][1]", all);
    return first_of(from_mail, g_strdup_printf("address-value((%s)[starts-with(., 'SMTP:')][1])", all), NULL);
}

static char *whole_name(const MappingGuess *guess)
{
    g_autofree char *given = variable(guess, ROLE_GIVEN), *surname = variable(guess, ROLE_SURNAME);
    char *both = given && surname ? g_strdup_printf("and-both(and-both(%s, ' '), %s)", given, surname) : NULL;
    char *either = both ? g_strdup(surname) : given ? g_strdup(given) : g_strdup(surname);
    char *names = first_of(variable(guess, ROLE_DISPLAY), both, either);
    char *name = first_of(names, primary(guess), NULL);
    char *whole = name ? g_strdup_printf("normalize-space(%s)", name) : NULL;
    g_free(name);
    return whole;
}

static char *log_in(const MappingGuess *guess, Role better, Role other)
{
    g_autofree char *a = variable(guess, better), *b = variable(guess, other), *mail = primary(guess);
    char *first = first_of(a ? g_strdup_printf("ascii(local-part(%s[1]))", a) : NULL,
                           b ? g_strdup_printf("ascii(local-part(%s[1]))", b) : NULL,
                           mail ? g_strdup_printf("ascii(local-part(%s))", mail) : NULL);
    char *kept = first ? g_strdup_printf("keep(%s, '" LETTERS "')", first) : NULL;
    g_free(first);
    return kept;
}

/* --- elements --- */

/* For an attribute in double quotes; long ones are broken where blanks do not count, behind commas. */
static char *attribute_text(const char *expression)
{
    GString *text = g_string_new(NULL);
    bool quoted = false;
    size_t column = 0;
    for (const char *p = expression; *p; p++, column++) {
        const char *name = *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '"' ? "&quot;" : NULL;
        quoted ^= *p == '\'';
        if (name)
            g_string_append(text, name);
        else
            g_string_append_c(text, *p);
        if (column > WIDTH && *p == ' ' && !quoted) {
            text->str[text->len - 1] = '\n';
            g_string_append(text, INDENT);
            column = 0;
        }
    }
    return g_string_free(text, FALSE);
}

static void put_select(GString *text, const char *name, const char *attributes, const char *expression)
{
    if (!expression)
        return;
    if (*expression == '$' && !strpbrk(expression, "[|(, ")) {
        g_string_append_printf(text, "      <attribute name=\"%s\" from=\"%s\" values=\"first\"%s%s/>\n",
                               name, expression + 1, *attributes ? " " : "", attributes);
        return;
    }
    g_autofree char *escaped = attribute_text(expression);
    g_string_append_printf(text, "      <attribute name=\"%s\"%s%s\n                 select=\"%s\"/>\n", name,
                           *attributes ? " " : "", attributes, escaped);
}

static void put_copies(const MappingGuess *guess, GString *text)
{
    for (size_t i = 0; i < guess->n; i++) {
        const GuessedColumn *column = &guess->columns[i];
        const char *attribute = column->role == ROLE_NONE ? NULL : guess_roles[column->role].attribute;
        if (attribute)
            g_string_append_printf(text, "      <attribute name=\"%s\" from=\"%s\" values=\"first\"/>\n",
                                   attribute, column->name);
    }
}

static void put_addresses(const MappingGuess *guess, GString *text)
{
    g_autofree char *all = address_columns(guess), *mail = primary(guess),
                    *legacy = variable(guess, ROLE_LEGACY);
    bool typed = are_typed(guess);
    if (!all)
        return;
    const char *wanted = !typed
                             ? "contains(., '@')"
                             : "contains(., '@') and not(contains(., ':')) or starts-with(lower(.), 'smtp:') "
                               "or starts-with(lower(.), 'x500:')";
    g_autofree char *each =
        g_strdup_printf("(%s)[%s]%s%s", all, wanted, legacy ? " | " : "", legacy ? legacy : "");
    g_autofree char *smtp = g_strdup_printf(
        "concat(if-equal(lower(address-value(.)), lower(%s), 'SMTP:', 'smtp:'), address-value(.))", mail);
    g_autofree char *x500 =
        typed ? g_strdup_printf(
                    "if-equal(lower(address-type(.)), 'x500', concat('x500:', address-value(.)), %s)", smtp)
              : g_strdup(smtp);
    g_autofree char *select =
        legacy ? g_strdup_printf("if-equal(substring(., 1, 1), '/', concat('x500:', .), %s)", x500)
               : g_strdup(x500);
    g_autofree char *each_escaped = attribute_text(each), *escaped = attribute_text(select);
    g_string_append_printf(text,
                           "      <attribute name=\"proxyAddresses\" wins=\"merge\" owns=\"SMTP: smtp:%s\"\n"
                           "                 for-each=\"%s\"\n                 select=\"%s\"/>\n",
                           typed || legacy ? " X500: x500:" : "", each_escaped, escaped);
}

static void put_shared(const MappingGuess *guess, GString *text)
{
    g_autofree char *name = whole_name(guess), *mail = primary(guess),
                    *target = mail ? g_strdup_printf("concat('SMTP:', %s)", mail) : NULL,
                    *alias = log_in(guess, ROLE_ALIAS, ROLE_LOGIN);
    g_string_append(text, "    <attributes id=\"shared\">\n");
    put_select(text, "displayName", "max-length=\"256\" too-long=\"cut\"", name);
    put_select(text, "mail", "required=\"yes\"", mail);
    put_select(text, "targetAddress", "", target);
    put_addresses(guess, text);
    put_select(text, "mailNickname", "wins=\"initial\" max-length=\"64\" too-long=\"cut\"", alias);
    put_copies(guess, text);
    g_string_append(text, "    </attributes>\n");
}

static void put_recipient(GString *text, const char *as, const char *const *classes, const char *name)
{
    g_autofree char *escaped = attribute_text(name);
    g_string_append_printf(text, "\n    <recipient of=\"person\" as=\"%s\" uses=\"shared\">\n", as);
    for (; *classes; classes++)
        g_string_append_printf(text, "      <object class=\"%s\"/>\n", *classes);
    g_string_append_printf(text,
                           "      <name attribute=\"cn\" max-length=\"64\" too-long=\"cut\"\n"
                           "            select=\"%s\"/>\n",
                           escaped);
}

static const char *const contact_classes[] = {"top", "contact", NULL};
static const char *const user_classes[] = {"top",           "person",        "organizationalPerson",
                                           "inetOrgPerson", "mailRecipient", NULL};

static void put_recipients(const MappingGuess *guess, GString *text)
{
    g_autofree char *name = whole_name(guess), *company = variable(guess, ROLE_COMPANY),
                    *department = variable(guess, ROLE_DEPARTMENT),
                    *uid = log_in(guess, ROLE_LOGIN, ROLE_ALIAS);
    g_autofree char *display = variable(guess, ROLE_DISPLAY), *given = variable(guess, ROLE_GIVEN);
    char *from_name = display ? g_strdup_printf("surname(%s)", display) : g_steal_pointer(&given);
    g_autofree char *surname = first_of(variable(guess, ROLE_SURNAME), from_name, primary(guess));
    g_autofree char *own = variable(guess, ROLE_SURNAME);
    put_recipient(text, "contact", contact_classes, name);
    put_select(text, "sn", "", own);
    put_select(text, "company", "", company);
    put_select(text, "department", "", department);
    g_string_append(text, "    </recipient>\n\n    <!-- An account. What it logs in as is given once, and to "
                          "nobody else. -->");
    put_recipient(text, "user", user_classes, name);
    put_select(text, "sn", "required=\"yes\"", surname);
    put_select(text, "o", "", company);
    put_select(text, "ou", "", department);
    put_select(text, "uid", "wins=\"initial\" unique=\"yes\" max-length=\"64\" too-long=\"cut\"", uid);
    g_string_append(text, "    </recipient>\n");
}

/* --- the comment --- */

/* XML 1.0, 2.2: and no control characters, which are nothing to be read. */
static bool is_character(gunichar c)
{
    return c == '\n' || (c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0xfffe && c != 0xffff);
}

/* What may stand in a comment: characters of XML, and no two hyphens. */
static char *comment_text(const char *text)
{
    GString *safe = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        bool again = c == '-' && safe->len && safe->str[safe->len - 1] == '-';
        g_string_append_unichar(safe, is_character(c) && !again ? c : ' ');
    }
    if (safe->len && safe->str[safe->len - 1] == '-')
        g_string_append_c(safe, ' ');
    return g_string_free(safe, FALSE);
}

static void put_column(GString *text, const GuessedColumn *column)
{
    bool left_out = column->role == ROLE_NONE || guess_roles[column->role].left_out;
    g_autofree char *title = comment_text(column->title), *why = comment_text(column->why);
    g_string_append_printf(text, "    %s\n      %s%s: %s\n", *title ? title : "(no title)",
                           left_out ? "left out" : "taken for ",
                           left_out ? "" : guess_roles[column->role].name, why);
}

static void put_comment(const MappingGuess *guess, GString *text)
{
    g_autofree char *base = g_path_get_basename(guess->path);
    g_autofree char *name = comment_text(base), *file = comment_text(guess->file);
    g_string_append_printf(
        text,
        "<!--\n  A mapping for %s, guessed from its columns: look it over, above all what was\n"
        "  left out. In the connector, where this file stands beside it under its name:\n\n"
        "    <foreign driver=\"csv\">\n      %s\n    </foreign>\n"
        "    <import container=\"...\" mapping=\"./THIS FILE\">\n      %s\n    </import>\n\n"
        "  $name is the values of the column of that name; functions are in dirsync-mapping(5).\n"
        "  Only the attributes named here are ever touched.\n\n",
        name, file, guess->anchor ? "<anchor attribute=\"ANCHOR\"/>" : "<anchor attribute=\"...\"/>");
    if (guess->anchor) {
        g_autofree char *anchor = g_strdup_printf("\"%s\"", guess->anchor->name);
        g_string_replace(text, "\"ANCHOR\"", anchor, 1);
        g_string_append_printf(text, "  anchor: %s, since %s.\n", guess->anchor->name, guess->why_anchor);
    } else {
        g_string_append(text,
                        "  No column is filled in every row and different in each, so none can say who\n"
                        "  somebody is. Add one to the file, such as a number, before you import it.\n");
    }
    g_string_append(text, "  The columns:\n\n");
    for (size_t i = 0; i < guess->n; i++)
        put_column(text, &guess->columns[i]);
    g_string_append(text, "\n  A home of Active Directory has other classes for accounts (user instead of\n"
                          "  inetOrgPerson and mailRecipient, and sAMAccountName instead of uid).\n-->\n");
}

static char *mapping_name(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    char *dot = strrchr(base, '.');
    GString *name = g_string_new(NULL);
    if (dot)
        *dot = '\0';
    for (const char *p = base; *p && name->len < 64; p++)
        g_string_append_c(name, g_ascii_isalnum(*p) || *p == '-' ? *p : '_');
    return g_string_free(name->len ? name : g_string_append(name, "guessed"), FALSE);
}

char *guess_mapping_text(const MappingGuess *guess)
{
    g_autofree char *name = mapping_name(guess->path);
    GString *text = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    put_comment(guess, text);
    g_string_append_printf(text, "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"%s\">\n  <import>\n",
                           name);
    put_shared(guess, text);
    put_recipients(guess, text);
    g_string_append(text, "  </import>\n</mapping>\n");
    return g_string_free(text, FALSE);
}
