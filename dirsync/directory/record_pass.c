/*
 * record_pass.c - moving through a file of records
 *
 * A last record that runs into the end of a file whose completeness is in doubt
 * is bad, not good: it may have lost its end, and the person behind it would
 * lose attributes.
 */
#include "dirsync/directory/record_pass.h"

#include <unistd.h>

static char *fill_in_name(const char *form, const char *name)
{
    GString *text = g_string_new(form);
    g_string_replace(text, "%s", name, 1);
    return g_string_free(text, FALSE);
}

bool record_pass_begin(RecordPass *pass, const Endpoint *endpoint, const RecordFormat *format, GError **error)
{
    *pass = (RecordPass){.format = format, .endpoint = endpoint, .read.fd = -1};
    if (endpoint->is_target && file_is_absent(endpoint->path)) {
        pass->whole = true;
        return true;
    }
    pass->read.fd = file_open(endpoint->path, &pass->read.before, error);
    if (pass->read.fd < 0)
        return false;
    pass->reader = format->open(pass->read.fd, endpoint, error);
    if (!pass->reader) {
        close(pass->read.fd);
        return false;
    }
    if (endpoint->count_trailer)
        pass->read.trailer_form = pass->trailer_form =
            fill_in_name(format->trailer_form, endpoint->count_trailer);
    return true;
}

void record_pass_end(RecordPass *pass)
{
    g_free(pass->failure);
    g_free(pass->trailer_form);
    if (!pass->reader)
        return;
    pass->format->close(pass->reader);
    close(pass->read.fd);
}

/* What the reader knows about the end of the file, now that it has moved on. */
static void note_end(RecordPass *pass)
{
    pass->read.trailer = pass->format->trailer(pass->reader);
    pass->read.unended = pass->format->end_wants_proof && pass->format->at_end(pass->reader);
}

/* A record that ends with the file is only good when the file is known to be whole. */
static bool check_last_record(const RecordPass *pass, GError **error)
{
    if (!pass->format->at_end(pass->reader))
        return true;
    g_autofree char *doubt = file_proof_doubt_content(pass->endpoint, &pass->read);
    if (!doubt)
        return true;
    error_set(error, ERROR_INVALID,
              "%s:%lu: the record runs into the end of a file that may have been cut off: %s",
              pass->endpoint->path, pass->format->line(pass->reader), doubt);
    return false;
}

/* A file that somebody else writes to without pause would never end. */
static bool has_grown(RecordPass *pass)
{
    if (pass->format->offset(pass->reader) <= (uint64_t)pass->read.before.st_size)
        return false;
    pass->failure = g_strdup("the file changed while it was read: it grew");
    return true;
}

bool record_pass_next(RecordPass *pass, GError **bad)
{
    if (!pass->reader)
        return false;
    RecordStatus status = pass->format->skip(pass->reader, bad);
    note_end(pass);
    if (status == RECORD_FAILED)
        pass->failure = g_strdup((*bad)->message);
    pass->read.cut = status == RECORD_CUT;
    pass->whole = status == RECORD_END;
    if ((status != RECORD_GOOD && status != RECORD_BAD) || has_grown(pass)) {
        g_clear_error(bad);
        return false;
    }
    pass->read.records++;
    if (status == RECORD_BAD || !check_last_record(pass, bad))
        pass->read.bad++;
    return true;
}

char *record_pass_doubt(const RecordPass *pass)
{
    if (!pass->reader)
        return NULL;
    return pass->failure ? g_strdup(pass->failure) : file_proof_doubt(pass->endpoint, &pass->read);
}
