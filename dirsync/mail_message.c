/*
 * mail_message.c - see mail_message.h
 */
#include "dirsync/mail_message.h"

#include <stdbool.h>
#include <string.h>

#define SUBJECT_CHARACTERS 200
#define LINE 76       /* of what is encoded */
#define WORD_BYTES 42 /* in one encoded word: 75 characters with what is around them */
#define PLAIN_LINE 900
#define ATOM_BYTES 200 /* of each half of an id */

/* Valid UTF-8 on one line, of at most so many characters. */
static char *one_line(const char *text, glong most)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) line = g_string_new(NULL);
    glong left = most;
    for (const char *at = valid; *at && left; at = g_utf8_next_char(at), left--) {
        gunichar c = g_utf8_get_char(at);
        bool breaks = g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029;
        g_string_append_unichar(line, breaks ? ' ' : c);
    }
    return g_strdup(g_strstrip(line->str));
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static void append_encoded_words(GString *to, const char *text)
{
    while (*text) {
        const char *end = text;
        while (*end && g_utf8_next_char(end) - text <= WORD_BYTES)
            end = g_utf8_next_char(end);
        g_autofree char *base64 = g_base64_encode((const guchar *)text, (gsize)(end - text));
        g_string_append_printf(to, "=?UTF-8?B?%s?=%s", base64, *end ? "\r\n " : "");
        text = end;
    }
}

/* Breaks where there is a blank. */
static void append_folded(GString *to, const char *text, size_t column)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 0);
    for (char **word = words; *word; word++) {
        size_t len = strlen(*word);
        bool fold = word != words && **word && column + 1 + len > LINE;
        g_string_append_printf(to, "%s%s", fold ? "\r\n " : word != words ? " " : "", *word);
        column = (fold ? 1 : column + 1) + len;
    }
}

static void append_text_header(GString *to, const char *name, const char *text)
{
    g_autofree char *line = one_line(text, SUBJECT_CHARACTERS);
    g_string_append_printf(to, "%s: ", name);
    if (is_ascii(line) && !strstr(line, "=?"))
        append_folded(to, line, strlen(name) + 2);
    else
        append_encoded_words(to, line);
    g_string_append(to, "\r\n");
}

static void append_addresses(GString *to, const char *name, const char *const *addresses)
{
    g_autofree char *joined = g_strjoinv(", ", (char **)addresses);
    g_autofree char *line = one_line(joined, G_MAXLONG);
    g_string_append_printf(to, "%s: ", name);
    append_folded(to, line, strlen(name) + 2);
    g_string_append(to, "\r\n");
}

/* The names of RFC 5322, whatever the locale. */
static void append_date(GString *to, gint64 seconds)
{
    static const char days[] = "MonTueWedThuFriSatSun", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    g_string_append_printf(to, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n",
                           days + 3 * (g_date_time_get_day_of_week(time) - 1),
                           g_date_time_get_day_of_month(time), months + 3 * (g_date_time_get_month(time) - 1),
                           g_date_time_get_year(time), g_date_time_get_hour(time),
                           g_date_time_get_minute(time), g_date_time_get_second(time));
}

/* Letters, digits, '-' and '.' alone: that is a dot-atom, whatever came. */
static char *atom(const char *text)
{
    char *copy = g_strcanon(g_strndup(text, ATOM_BYTES), G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-.", '-');
    for (char *at = copy; *at; at++)
        if (*at == '.' && (at == copy || !at[1] || at[1] == '.'))
            *at = '-';
    return copy;
}

static void append_id(GString *to, const char *name, const char *id, const char *host)
{
    g_autofree char *left = atom(*id ? id : "0");
    g_autofree char *right = atom(*host ? host : "localhost");
    g_string_append_printf(to, "%s: <%s@%s>\r\n", name, left, right);
}

/* --- the body --- */

static bool is_plain(const char *body)
{
    size_t column = 0;
    if (!is_ascii(body))
        return false;
    for (; *body; body++) {
        column = *body == '\n' ? 0 : column + 1;
        if (column > PLAIN_LINE || (*body < ' ' && *body != '\n' && *body != '\t'))
            return false;
    }
    return true;
}

static void append_plain(GString *to, const char *body)
{
    for (; *body; body++)
        if (*body == '\n')
            g_string_append(to, "\r\n");
        else
            g_string_append_c(to, *body);
}

static void append_quoted_printable(GString *to, const char *body)
{
    size_t column = 0;
    for (; *body; body++) {
        unsigned char c = (unsigned char)*body;
        bool last = !body[1] || body[1] == '\n';
        bool as_it_is = (c > ' ' && c < 0x7f && c != '=') || (c == ' ' && !last);
        if (c == '\n') {
            g_string_append(to, "\r\n");
            column = 0;
            continue;
        }
        if (column + (as_it_is ? 1 : 3) > LINE - 1) {
            g_string_append(to, "=\r\n");
            column = 0;
        }
        g_string_append_printf(to, as_it_is ? "%c" : "=%02X", c);
        column += as_it_is ? 1 : 3;
    }
}

GString *mail_compose(const MailMessage *message)
{
    const char *const from[] = {message->from, NULL};
    g_autofree char *body = g_utf8_make_valid(message->body, -1);
    bool plain = is_plain(body);
    GString *text = g_string_new(NULL);
    append_date(text, message->time);
    append_addresses(text, "From", from);
    append_addresses(text, "To", message->to);
    append_text_header(text, "Subject", message->subject);
    append_id(text, "Message-ID", message->id, message->host);
    if (message->refers)
        append_id(text, "References", message->refers, message->host);
    g_string_append_printf(text,
                           "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n",
                           plain ? "us-ascii" : "utf-8", plain ? "7bit" : "quoted-printable");
    if (plain)
        append_plain(text, body);
    else
        append_quoted_printable(text, body);
    if (!g_str_has_suffix(text->str, "\r\n"))
        g_string_append(text, "\r\n");
    return text;
}
