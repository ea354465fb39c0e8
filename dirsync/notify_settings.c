/*
 * notify_settings.c - see notify_settings.h
 */
#include "dirsync/notify_settings.h"

#include "dirsync/definition.h"
#include "dirsync/xml.h"

#include <assert.h>
#include <string.h>

#define DEFAULT_TIMEOUT 30

const char *const notify_kind_names[] = {
    [NOTIFY_FAILURE] = "failure", [NOTIFY_LIMIT] = "limit",       [NOTIFY_QUARANTINE] = "quarantine",
    [NOTIFY_AUDIT] = "audit",     [NOTIFY_RECOVERY] = "recovery", [NOTIFY_TEST] = "test",
};

static_assert(G_N_ELEMENTS(notify_kind_names) == NOTIFY_KINDS, "a name for every kind");

static unsigned read_kinds(const xmlNode *node)
{
    g_auto(GStrv) words = definition_words(node, "on");
    unsigned on = words ? 0 : (1u << NOTIFY_KINDS) - 1;
    for (int kind = 0; words && kind < NOTIFY_KINDS; kind++)
        if (g_strv_contains((const char *const *)words, notify_kind_names[kind]))
            on |= 1u << kind;
    return on | 1u << NOTIFY_TEST;
}

static gint64 read_patience(const xmlNode *node)
{
    g_autofree char *text = xml_attribute(node, "patience");
    char *unit;
    if (!text)
        return 0;
    gint64 number = g_ascii_strtoll(text, &unit, 10);
    return number * (*unit == 'm' ? 60 : *unit == 'h' ? 3600 : 86400);
}

static void read_connection(NotifyChannel *channel, const xmlNode *node, const char *definition)
{
    g_autofree char *ca = xml_attribute(node, "ca");
    channel->where = xml_where(node);
    channel->ca = ca ? xml_resolve(definition, ca) : NULL;
    channel->timeout = xml_number(node, "timeout", DEFAULT_TIMEOUT);
}

static void read_mail(NotifyChannel *channel, const xmlNode *node, const char *definition, GString **problems)
{
    const xmlNode *password = xml_child(node, "password");
    g_autofree char *tls = xml_attribute(node, "tls");
    channel->is_mail = true;
    channel->to = definition_words(node, "to");
    channel->from = xml_attribute(node, "from");
    channel->url = xml_attribute(node, "server");
    channel->user = xml_attribute(node, "user");
    channel->tls = g_strcmp0(tls, "none") != 0;
    if (password)
        definition_secret(&channel->secret, password, definition, problems);
    if (!channel->user != !password)
        xml_problem(problems, node, "user and <password> belong together; give both or none");
    if (password && !channel->tls && !g_str_has_prefix(channel->url, "smtps:"))
        xml_problem(problems, node, "the password would travel readable; leave tls=\"none\" out");
    g_autofree char *to = g_strjoinv(" ", channel->to);
    channel->label = g_strdup_printf("mail to %s by %s", to, channel->url);
}

/* Scheme and host: the path of a webhook is often the secret. */
static char *webhook_label(const NotifyChannel *channel)
{
    if (!channel->url)
        return g_strdup_printf("webhook of %s", channel->where);
    const char *host = strstr(channel->url, "://") + 3;
    return g_strdup_printf("webhook %.*s", (int)(host - channel->url + (gssize)strcspn(host, "/?#")),
                           channel->url);
}

static void read_webhook(NotifyChannel *channel, const xmlNode *node, const char *definition,
                         GString **problems)
{
    const xmlNode *url = xml_child(node, "url"), *token = xml_child(node, "token");
    channel->url = xml_attribute(node, "url");
    if (url)
        definition_secret(&channel->url_is, url, definition, problems);
    if (!channel->url == !url)
        xml_problem(problems, node, "one of url=\"https://…\" and <url file=\"…\"/> says where it goes");
    if (token)
        definition_secret(&channel->secret, token, definition, problems);
    if (token && channel->url && g_str_has_prefix(channel->url, "http:"))
        xml_problem(problems, node, "the token would travel readable; name an https:// address");
    channel->label = webhook_label(channel);
}

/* What waits to be sent knows its channel by the label. */
static void tell_apart(NotifyChannel *channel, const GArray *before)
{
    unsigned same = 1;
    for (guint i = 0; i < before->len; i++)
        same += g_str_has_prefix(g_array_index(before, NotifyChannel, i).label, channel->label);
    if (same == 1)
        return;
    g_autofree char *plain = channel->label;
    channel->label = g_strdup_printf("%s (%u)", plain, same);
}

void notify_settings_read(NotifySettings *settings, const xmlNode *node, const char *definition,
                          GString **problems)
{
    *settings = (NotifySettings){0};
    if (!node)
        return;
    g_autoptr(GArray) channels = g_array_new(FALSE, TRUE, sizeof(NotifyChannel));
    settings->on = read_kinds(node);
    settings->patience = read_patience(node);
    for (const xmlNode *child = node->children; child; child = child->next) {
        NotifyChannel channel = {0};
        if (child->type != XML_ELEMENT_NODE)
            continue;
        read_connection(&channel, child, definition);
        if (xmlStrEqual(child->name, (const xmlChar *)"mail"))
            read_mail(&channel, child, definition, problems);
        else
            read_webhook(&channel, child, definition, problems);
        tell_apart(&channel, channels);
        g_array_append_val(channels, channel);
    }
    settings->channels = (NotifyChannel *)(void *)g_array_steal(channels, &settings->n_channels);
}

void notify_settings_clear(NotifySettings *settings)
{
    for (size_t i = 0; i < settings->n_channels; i++) {
        NotifyChannel *channel = &settings->channels[i];
        g_free(channel->where);
        g_free(channel->label);
        g_free(channel->url);
        g_strfreev(channel->to);
        g_free(channel->from);
        g_free(channel->user);
        g_free(channel->ca);
        secret_source_clear(&channel->url_is);
        secret_source_clear(&channel->secret);
    }
    g_free(settings->channels);
    *settings = (NotifySettings){0};
}
