/*
 * audit_page.c - the template with everything in its places; see audit_page.h
 *
 * The template names its places as comments, <!--{name}-->. The rows come last in
 * it, in script elements of some hundred each, so that a browser shows the
 * figures while it still reads, and can take up the rows a few at a time.
 */
#include "dirsync/report/audit_page.h"

#include "dirsync/directory/file_writer.h"
#include "dirsync/report/html.h"
#include "dirsync/report/json_rows.h"
#include "dirsync/xml.h"

#include <errno.h>
#include <string.h>

#define ROWS_IN_A_CHUNK 500
#define CHUNK_BYTES ((size_t)256 * 1024)

enum { LISTS = 3 };
static const char *const lists[LISTS + 1] = {"findings", "cleared", "reconciliation", NULL};
/* One after the other they are one program. */
static const char *const programs[] = {"text.js", "chart.js", "table.js", "findings.js",
                                       "both.js", "audit.js", NULL};
static const char *const styles[] = {"audit.css", NULL};

typedef struct {
    FILE *json;
    FileWriter *writer;
    json_t *head;
    GString *program, *style;
    size_t rows[LISTS]; /* in the JSON */
    /* while rows are copied */
    GString *chunk;
    size_t list, in_chunk, copied[LISTS];
} Page;

/* --- rows --- */

static bool put(Page *page, GString *text, GError **error)
{
    bool good = file_writer_put(page->writer, text, error);
    g_string_truncate(text, 0);
    return good;
}

static bool end_chunk(Page *page, GError **error)
{
    if (!page->in_chunk)
        return true;
    page->in_chunk = 0;
    g_string_append(page->chunk, "]</script>\n");
    return put(page, page->chunk, error);
}

static bool copy_row(size_t list, const GString *text, void *data, GError **error)
{
    Page *page = data;
    bool full = page->in_chunk == ROWS_IN_A_CHUNK || page->chunk->len > CHUNK_BYTES;
    if ((full || list != page->list) && !end_chunk(page, error))
        return false;
    page->list = list;
    if (page->copied[list] == AUDIT_PAGE_ROWS)
        return true;
    page->copied[list]++;
    if (page->in_chunk++)
        g_string_append(page->chunk, ",\n");
    else
        g_string_append_printf(page->chunk, "<script type=\"application/json\" data-rows=\"%s\">[",
                               lists[list]);
    html_add_json(page->chunk, text->str, text->len);
    return true;
}

static bool put_rows(Page *page, GError **error)
{
    json_t *again = json_rows_read(page->json, lists, copy_row, page, error);
    if (!again)
        return false;
    json_decref(again);
    return end_chunk(page, error);
}

static bool count_row(size_t list, const GString *text, void *data, GError **error)
{
    (void)text;
    (void)error;
    ((Page *)data)->rows[list]++;
    return true;
}

static bool read_head(Page *page, GError **error)
{
    long start = ftell(page->json);
    page->head = json_rows_read(page->json, lists, count_row, page, error);
    if (!page->head)
        return false;
    if (fseek(page->json, start, SEEK_SET) == 0)
        return true;
    error_set(error, ERROR_IO, "JSON of the audit: cannot be read again: %s; it must be a file",
              g_strerror(errno));
    return false;
}

/* --- places --- */

static void add_hash(GString *out, const GString *of)
{
    guint8 digest[32];
    gsize len = sizeof digest;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)of->str, (gssize)of->len);
    g_checksum_get_digest(checksum, digest, &len);
    g_autofree char *base64 = g_base64_encode(digest, len);
    g_string_append_printf(out, "'sha256-%s'", base64);
}

/* Only what stands in this very file may run or look like something, and nothing may be fetched or sent. */
static bool put_policy(Page *page, GError **error)
{
    g_autoptr(GString) out =
        g_string_new("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                     "'none'; script-src ");
    add_hash(out, page->program);
    g_string_append(out, "; style-src ");
    add_hash(out, page->style);
    g_string_append(out, "; base-uri 'none'; form-action 'none'\">");
    return put(page, out, error);
}

static bool put_element(Page *page, const char *name, const GString *content, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "<%s>", name);
    g_string_append_len(out, content->str, (gssize)content->len);
    g_string_append_printf(out, "</%s>", name);
    return put(page, out, error);
}

static bool put_style(Page *page, GError **error)
{
    return put_element(page, "style", page->style, error);
}

static bool put_program(Page *page, GError **error)
{
    return put_element(page, "script", page->program, error);
}

/* The head, with how many rows there are ("rows") and how many of them are in the page ("shown"). */
static bool put_head(Page *page, GError **error)
{
    json_t *rows = json_object(), *shown = json_object();
    for (size_t i = 0; i < LISTS; i++) {
        json_object_set_new(rows, lists[i], json_integer((json_int_t)page->rows[i]));
        json_object_set_new(shown, lists[i], json_integer((json_int_t)MIN(page->rows[i], AUDIT_PAGE_ROWS)));
    }
    json_t *all = json_pack("{s:O, s:o, s:o}", "audit", page->head, "rows", rows, "shown", shown);
    char *json = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    g_autoptr(GString) out = g_string_new("<script type=\"application/json\" id=\"audit\">");
    html_add_json(out, json ? json : "{}", json ? strlen(json) : 2);
    g_string_append(out, "</script>\n");
    free(json);
    return put(page, out, error);
}

static bool put_data(Page *page, GError **error)
{
    return put_head(page, error) && put_rows(page, error);
}

static const struct {
    const char *name;
    bool (*put)(Page *page, GError **error);
    void (*summary)(GString *out, const json_t *head);
} places[] = {
    {"policy", put_policy, NULL},
    {"style", put_style, NULL},
    {"title", NULL, audit_summary_title},
    {"top", NULL, audit_summary_top},
    {"kinds", NULL, audit_summary_kinds},
    {"figures", NULL, audit_summary_figures},
    {"data", put_data, NULL},
    {"history", NULL, audit_summary_history},
    {"program", put_program, NULL},
};

static bool put_place(Page *page, const char *name, size_t len, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (strlen(places[i].name) != len || strncmp(places[i].name, name, len) != 0)
            continue;
        if (places[i].put)
            return places[i].put(page, error);
        g_autoptr(GString) out = g_string_new(NULL);
        places[i].summary(out, page->head);
        return put(page, out, error);
    }
    error_set(error, ERROR_DEFINITION, "audit.html: the place \"%.*s\" is not known; install dirsync anew",
              (int)len, name);
    return false;
}

static bool put_template(Page *page, const char *at, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *place; (place = strstr(at, "<!--{"));) {
        g_string_append_len(out, at, place - at);
        const char *name = place + strlen("<!--{"), *end = strstr(name, "}-->");
        if (!end)
            break;
        if (!put(page, out, error) || !put_place(page, name, (size_t)(end - name), error))
            return false;
        at = end + strlen("}-->");
    }
    g_string_append(out, at);
    return put(page, out, error);
}

/* --- files --- */

/* The files of the folder, one after the other. */
static GString *load(const char *const *names, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (; *names; names++) {
        g_autofree char *path = xml_data_path("dirsync/report/pages", *names);
        g_autofree char *text = NULL;
        g_autoptr(GError) why = NULL;
        if (!g_file_get_contents(path, &text, NULL, &why)) {
            error_set(error, ERROR_DEFINITION, "%s; install dirsync completely or set DIRSYNC_DATADIR",
                      why->message);
            return NULL;
        }
        g_string_append(all, text);
    }
    return g_steal_pointer(&all);
}

static bool write_page(Page *page, const char *path, GError **error)
{
    static const char *const names[] = {"audit.html", NULL};
    g_autoptr(GString) template = load(names, error);
    g_autoptr(FileWriter) writer = template ? file_writer_new(path, 0600, NULL, error) : NULL;
    page->writer = writer;
    return writer && put_template(page, template->str, error) && file_writer_commit(writer, error) &&
           file_writer_sync_folder(path, error);
}

bool audit_page_write(FILE *json, const char *path, GError **error)
{
    g_autoptr(GString) program = load(programs, error);
    g_autoptr(GString) style = program ? load(styles, error) : NULL;
    g_autoptr(GString) chunk = g_string_new(NULL);
    Page page = {.json = json, .program = program, .style = style, .chunk = chunk};
    bool good = style && read_head(&page, error) && write_page(&page, path, error);
    json_decref(page.head);
    return good;
}
