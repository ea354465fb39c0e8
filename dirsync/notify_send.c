/*
 * notify_send.c - a message by SMTP or to a webhook; the only file that knows libcurl
 *
 * TLS is verified, redirects are not followed, no other protocols are spoken, and
 * everything has a time-out. What a server answers is part of an error's text,
 * what we say to it (passwords, tokens, a secret address) never is.
 */
#include "dirsync/notify_internal.h"

#include "dirsync/interrupt.h"
#include "dirsync/mail_message.h"
#include "dirsync/when.h"

#include <curl/curl.h>
#include <string.h>

#define CONNECT_SECONDS 10
#define ANSWER_BYTES 300 /* of an answer, for the error */

typedef struct {
    CURL *curl;
    struct curl_slist *list; /* recipients or headers */
    char *secret, *url, *authorization;
    char problem[CURL_ERROR_SIZE];
    const char *rest; /* of what is sent */
    size_t left;
    GString *answer;
} Delivery;

static void delivery_clear(Delivery *delivery)
{
    curl_easy_cleanup(delivery->curl);
    curl_slist_free_all(delivery->list);
    secret_free(delivery->secret);
    secret_free(delivery->url);
    secret_free(delivery->authorization);
    if (delivery->answer)
        g_string_free(delivery->answer, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Delivery, delivery_clear)

static size_t hand_over(char *to, size_t size, size_t n, void *data)
{
    Delivery *delivery = data;
    size_t len = MIN(size * n, delivery->left);
    memcpy(to, delivery->rest, len);
    delivery->rest += len;
    delivery->left -= len;
    return len;
}

static size_t take_answer(char *from, size_t size, size_t n, void *data)
{
    Delivery *delivery = data;
    size_t room = ANSWER_BYTES - MIN(ANSWER_BYTES, delivery->answer->len);
    g_string_append_len(delivery->answer, from, (gssize)MIN(size * n, room));
    return size * n;
}

static int stop_when_asked(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)data, (void)a, (void)b, (void)c, (void)d;
    return interrupt_pending(NULL);
}

/* --- settings --- */

static bool fetch_secrets(Delivery *delivery, const NotifyChannel *channel, GError **error)
{
    if (channel->secret.kind != SECRET_NONE && !(delivery->secret = secret_fetch(&channel->secret, error)))
        return false;
    if (channel->url)
        delivery->url = g_strdup(channel->url);
    else if (!(delivery->url = secret_fetch(&channel->url_is, error)))
        return false;
    bool secure = g_str_has_prefix(delivery->url, "https://");
    if (channel->is_mail || secure || (g_str_has_prefix(delivery->url, "http://") && !delivery->secret))
        return true;
    error_set(error, ERROR_DEFINITION, "%s: its address does not begin with https://", channel->where);
    return false;
}

static void set_common(Delivery *delivery, const NotifyChannel *channel)
{
    CURL *curl = delivery->curl;
    curl_easy_setopt(curl, CURLOPT_URL, delivery->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, channel->is_mail ? "smtp,smtps" : "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)MIN(CONNECT_SECONDS, channel->timeout));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)channel->timeout);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)channel->timeout);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, delivery->problem);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, delivery);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_when_asked);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "dirsync/" PACKAGE_VERSION);
    if (channel->ca)
        curl_easy_setopt(curl, CURLOPT_CAINFO, channel->ca);
}

static bool set_mail(Delivery *delivery, const NotifyChannel *channel, GError **error)
{
    CURL *curl = delivery->curl;
    g_autofree char *from = g_strdup_printf("<%s>", channel->from);
    /* The name after the slash is what we call ourselves (EHLO). */
    g_autofree char *host =
        g_strcanon(g_strdup(g_get_host_name()), G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-.", '-');
    char *url = g_strdup_printf("%s/%s", delivery->url, host);
    secret_free(delivery->url);
    delivery->url = url;
    curl_easy_setopt(curl, CURLOPT_URL, delivery->url);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, channel->tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    for (char **to = channel->to; *to; to++) {
        g_autofree char *recipient = g_strdup_printf("<%s>", *to);
        delivery->list = curl_slist_append(delivery->list, recipient);
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, delivery->list);
    if (channel->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, channel->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, delivery->secret);
    }
    if (delivery->list)
        return true;
    error_set(error, ERROR_DEFINITION, "%s: nobody to write to", channel->where);
    return false;
}

static bool set_webhook(Delivery *delivery, GError **error)
{
    delivery->list = curl_slist_append(delivery->list, "Content-Type: application/json");
    /* Some servers take a second to answer what curl would ask first. */
    delivery->list = curl_slist_append(delivery->list, "Expect:");
    if (delivery->secret && !strpbrk(delivery->secret, "\r\n")) {
        delivery->authorization = g_strdup_printf("Authorization: Bearer %s", delivery->secret);
        delivery->list = curl_slist_append(delivery->list, delivery->authorization);
    }
    curl_easy_setopt(delivery->curl, CURLOPT_HTTPHEADER, delivery->list);
    if (delivery->list)
        return true;
    error_set(error, ERROR_IO, "out of memory");
    return false;
}

static bool prepare(Delivery *delivery, const NotifyChannel *channel, GError **error)
{
    static gsize ready;
    if (g_once_init_enter(&ready))
        g_once_init_leave(&ready, curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 1 : 2);
    delivery->answer = g_string_new(NULL);
    delivery->curl = ready == 1 ? curl_easy_init() : NULL;
    if (!delivery->curl) {
        error_set(error, ERROR_IO, "libcurl cannot be used");
        return false;
    }
    if (!fetch_secrets(delivery, channel, error))
        return false;
    set_common(delivery, channel);
    return channel->is_mail ? set_mail(delivery, channel, error) : set_webhook(delivery, error);
}

/* --- how it ended --- */

static const struct {
    CURLcode code;
    ErrorCode error;
    const char *remedy;
} failures[] = {
    {CURLE_LOGIN_DENIED, ERROR_CREDENTIALS, "the name or password was refused"},
    {CURLE_PEER_FAILED_VERIFICATION, ERROR_PROTOCOL,
     "its certificate cannot be verified; name the CA that signed it with ca=\"FILE\", or the host as the "
     "certificate has it"},
    {CURLE_SSL_CACERT_BADFILE, ERROR_DEFINITION, "the file named by ca= cannot be used"},
    {CURLE_USE_SSL_FAILED, ERROR_PROTOCOL,
     "it offers no TLS; name a server that does, or say tls=\"none\" for one that is reached safely"},
    {CURLE_URL_MALFORMAT, ERROR_DEFINITION, "its address is no address"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERROR_DEFINITION, "its address must begin with https://"},
    {CURLE_OPERATION_TIMEDOUT, ERROR_UNREACHABLE, "no answer in time"},
    {CURLE_ABORTED_BY_CALLBACK, ERROR_INTERRUPTED, "interrupted"},
};

/* Of libcurl's text only where the address is no secret: it may quote it. */
static void fail(GError **error, const Delivery *delivery, const NotifyChannel *channel, CURLcode code)
{
    ErrorCode kind = ERROR_UNREACHABLE;
    const char *remedy = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i].code == code) {
            kind = failures[i].error;
            remedy = failures[i].remedy;
        }
    const char *detail = *delivery->problem && channel->url ? delivery->problem : curl_easy_strerror(code);
    g_autofree char *line = g_strdelimit(g_utf8_make_valid(detail, -1), "\r\n", ' ');
    error_set(error, kind, "%s: %s%s%s", channel->label, line, remedy ? "; " : "", remedy ? remedy : "");
}

static bool was_accepted(const Delivery *delivery, const NotifyChannel *channel, GError **error)
{
    long status = 0;
    curl_easy_getinfo(delivery->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2)
        return true;
    g_autofree char *valid = g_utf8_make_valid(delivery->answer->str, -1);
    g_autofree char *line = g_strstrip(g_strdelimit(g_steal_pointer(&valid), "\r\n\t", ' '));
    ErrorCode kind = status == 401 || status == 403 ? ERROR_CREDENTIALS
                     : status / 100 == 5            ? ERROR_BUSY
                                                    : ERROR_PROTOCOL;
    error_set(error, kind, "%s: refused with status %ld%s%s", channel->label, status, *line ? ": " : "",
              line);
    return false;
}

static bool perform(Delivery *delivery, const NotifyChannel *channel, bool sends, GError **error)
{
    CURLcode code = curl_easy_perform(delivery->curl);
    if (code != CURLE_OK) {
        fail(error, delivery, channel, code);
        return false;
    }
    return !sends || channel->is_mail || was_accepted(delivery, channel, error);
}

/* --- what is sent --- */

static const char *text_in(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

static bool send_mail(Delivery *delivery, const NotifyChannel *channel, const json_t *message, GError **error)
{
    MailMessage mail = {.from = channel->from,
                        .to = (const char *const *)channel->to,
                        .subject = text_in(message, "subject"),
                        .body = text_in(message, "body"),
                        .id = text_in(message, "id"),
                        .refers = json_string_value(json_object_get(message, "refers")),
                        .host = g_get_host_name(),
                        .time = when_parse(text_in(message, "created"))};
    /* One address that is gone must not keep the others from hearing; a test is to find it. */
    bool all = !strcmp(text_in(message, "kind"), notify_kind_names[NOTIFY_TEST]);
    curl_easy_setopt(delivery->curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, all ? 0L : 1L);
    g_autoptr(GString) text = mail_compose(&mail);
    delivery->rest = text->str;
    delivery->left = text->len;
    curl_easy_setopt(delivery->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(delivery->curl, CURLOPT_READFUNCTION, hand_over);
    curl_easy_setopt(delivery->curl, CURLOPT_READDATA, delivery);
    curl_easy_setopt(delivery->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)text->len);
    return perform(delivery, channel, true, error);
}

/* "text" is what the webhooks of most chat systems show. */
static bool post(Delivery *delivery, const NotifyChannel *channel, const Connector *connector,
                 const json_t *message, GError **error)
{
    g_autofree char *shown =
        g_strdup_printf("%s\n\n%s", text_in(message, "subject"), text_in(message, "body"));
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:O*, s:O*, s:s, s:s, s:s}", "event", text_in(message, "kind"), "connector",
        connector->name, "organisation", connector->organisation->name, "host", g_get_host_name(), "run",
        json_object_get(message, "run"), "since", json_object_get(message, "since"), "time",
        text_in(message, "created"), "subject", text_in(message, "subject"), "text", shown);
    char *body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    curl_easy_setopt(delivery->curl, CURLOPT_POSTFIELDS, body);
    bool sent = perform(delivery, channel, true, error);
    free(body);
    return sent;
}

bool notify_send(const Connector *connector, const NotifyChannel *channel, const json_t *message,
                 GError **error)
{
    g_auto(Delivery) delivery = {0};
    if (!prepare(&delivery, channel, error))
        return false;
    return channel->is_mail ? send_mail(&delivery, channel, message, error)
                            : post(&delivery, channel, connector, message, error);
}

bool notify_connect(const NotifyChannel *channel, GError **error)
{
    g_auto(Delivery) delivery = {0};
    if (!prepare(&delivery, channel, error))
        return false;
    curl_easy_setopt(delivery.curl, CURLOPT_CONNECT_ONLY, 1L);
    return perform(&delivery, channel, false, error);
}
