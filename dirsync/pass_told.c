/*
 * pass_told.c - what is made of an entry that a read delivers, and of one that is gone
 *
 * The same for a read of everything and for one of what has changed. Of an entry
 * that is as it was nothing is decoded; everything else is identified by its anchor
 * and kept in a spool file. Of two entries with one anchor neither is applied.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/interrupt.h"

#include <string.h>

static void append_string(GByteArray *bytes, const char *text)
{
    if (text)
        g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text) + 1);
}

/* Only who is looked at again is asked for what is told here, so it is not kept in memory. @entry NULL: its
 * content is not needed. */
static bool add_record(Side *side, Record *record, Fingerprint anchor, const Noted *noted, const Entry *entry,
                       GError **error)
{
    uint32_t i = side->records->len;
    g_autoptr(GByteArray) note = g_byte_array_new();
    g_byte_array_append(note, (const guint8 *)&noted->fingerprint, sizeof noted->fingerprint);
    append_string(note, noted->anchor);
    append_string(note, noted->dn);
    append_string(note, noted->id);
    record->kept = entry != NULL;
    if (!spool_append_noted(side->spool, note->data, note->len, entry, &record->at, error))
        return false;
    g_array_append_val(side->records, *record);
    if (side->anchors) {
        g_array_append_val(side->anchors, anchor);
        fingerprint_index_add(&side->by_dn, i);
    }
    fingerprint_index_add(&side->by_anchor, i);
    return true;
}

/* The next string of the note; NULL: it has no more. */
static char *next_string(const GByteArray *bytes, size_t *at)
{
    if (*at >= bytes->len)
        return NULL;
    char *text = g_strdup((const char *)bytes->data + *at);
    *at += strlen(text) + 1;
    return text;
}

bool record_noted(const Pass *pass, int side, uint32_t record, Noted *noted, GError **error)
{
    const Side *read = &pass->side[side];
    g_autoptr(GByteArray) note = g_byte_array_new();
    size_t at = sizeof noted->fingerprint;
    *noted = (Noted){0};
    if (!spool_read_bytes(read->spool, record_at(read, record)->at, note, error))
        return false;
    memcpy(&noted->fingerprint, note->data, sizeof noted->fingerprint);
    noted->anchor = next_string(note, &at);
    noted->dn = next_string(note, &at);
    noted->id = next_string(note, &at);
    return true;
}

/* False when somebody asked to stop. */
static bool tell_progress(Pass *pass, Side *side, GError **error)
{
    if (++side->seen % 1000 != 0)
        return true;
    if (pass->options.progress)
        pass->options.progress(side->what, side->seen, 0, pass->options.data);
    return !interrupt_pending(error);
}

/* Whether this read has told of the link before. */
static bool is_told(const Pass *pass, int side, uint32_t link)
{
    Mark mark = link == NOWHERE ? MARK_ABSENT : (Mark)link_at(pass->links, link)->mark[side];
    return mark != MARK_ABSENT && (!pass->side[side].delta || mark != MARK_SAME);
}

/* Where the server only says who is there, who came with their content is there too. */
static void note_told(Pass *pass, int side, const Entry *entry)
{
    const char *attribute = directory_describe(pass->side[side].directory)->default_anchor;
    const Attribute *id =
        attribute && pass->side[side].roll ? schema_find(pass->side[side].schema, entry, attribute) : NULL;
    if (!id || !id->n_values)
        return;
    g_autofree char *text = anchor_text(id->values[0]);
    roll_add(pass->side[side].roll, fingerprint_string(text), false);
}

/* --- source --- */

static void quarantine_item(Pass *pass, const char *where, const char *reason, bool lost)
{
    emit_quarantine(pass, EVENT_SOURCE_BAD_RECORD, where, reason);
    /* Whoever it is, we cannot say that they are still there: nobody may be called missing. */
    pass->side[SOURCE].lost += lost;
}

static Record *earlier_record(Side *side, Fingerprint anchor)
{
    uint32_t i = fingerprint_index_find(&side->by_anchor, anchor);
    return i == NOWHERE ? NULL : record_at(side, i);
}

/* True when the anchor was seen before in this read: then neither is applied. */
static bool is_duplicate(Pass *pass, Side *side, const Record *record, const char *anchor)
{
    Record *earlier = earlier_record(side, fingerprint_string(anchor));
    bool marked = is_told(pass, SOURCE, record->link);
    if (earlier)
        earlier->duplicate = true;
    if (marked)
        link_at(pass->links, record->link)->twice = true;
    if (earlier || marked)
        event_emit(EVENT_SOURCE_DUPLICATE, anchor, "anchor %s occurs more than once; none is applied",
                   pass->anchor);
    return earlier || marked;
}

/* Among changes only one of two entries with one anchor may be told of: then all must be looked at. */
static bool is_somebody_else(Pass *pass, uint32_t link, const Entry *entry, bool *is, GError **error)
{
    g_auto(LinkRow) row = {0};
    g_autofree char *id = pass_source_id(pass, entry);
    *is = false;
    if (!pass->side[SOURCE].delta || link == NOWHERE || !id || !link_at(pass->links, link)->row)
        return true;
    if (!state_find_link(pass->state, link_at(pass->links, link)->row, &row, error))
        return false;
    *is = row.source_id && strcmp(row.source_id, id) != 0;
    return true;
}

static bool keep(Pass *pass, Fingerprint fingerprint, const Entry *entry, const char *anchor, GError **error)
{
    Side *side = &pass->side[SOURCE];
    bool somebody_else;
    Noted noted = {.fingerprint = fingerprint, .anchor = (char *)anchor}; /* borrowed */
    Record record = {.key = pass_source_key(pass, entry_dn(entry)),
                     .source = (unsigned short)pass->source_at,
                     .in_scope = !pass_out_of_scope(pass, entry),
                     .mark = MARK_CHANGED};
    if (!link_table_find(pass->links, anchor, &record.link, error) ||
        !is_somebody_else(pass, record.link, entry, &somebody_else, error))
        return false;
    if (somebody_else)
        pass_must_read_all(pass, SOURCE, "another entry has an anchor that is known already");
    bool fresh = !side->delta || record.link == NOWHERE ||
                 link_at(pass->links, record.link)->mark[SOURCE] == MARK_ABSENT;
    bool twice = is_duplicate(pass, side, &record, anchor);
    bool outsider = !record.in_scope && record.link == NOWHERE;
    pass->outsiders += outsider && !side->delta;
    pass->outsiders_told |= outsider;
    if (twice || outsider || (pass->only && !filter_matches(pass->only, side->schema, entry)))
        return true;
    if (record.link != NOWHERE)
        link_at(pass->links, record.link)->mark[SOURCE] = MARK_CHANGED;
    pass->shown[pass->source_at] += fresh;
    return add_record(side, &record, fingerprint_string(anchor), &noted, entry, error);
}

/* The anchors that the source entry of that identity has, or had. */
static bool find_anchors(Pass *pass, const char *id, GPtrArray *anchors, GError **error)
{
    if (pass_source_id_attribute(pass))
        return state_anchors_by_source_id(pass->state, pass->step, id, anchors, error);
    g_ptr_array_add(anchors, g_strdup(id));
    return true;
}

static bool lose_anchor(Pass *pass, const char *anchor, GError **error)
{
    uint32_t link;
    if (!link_table_find(pass->links, anchor, &link, error))
        return false;
    if (link == NOWHERE)
        return true;
    Link *known = link_at(pass->links, link);
    size_t *shown = &pass->shown[pass->source_at];
    const Record *moved = earlier_record(&pass->side[SOURCE], known->anchor);
    *shown -= *shown > 0 && known->mark[SOURCE] != MARK_ABSENT;
    if (moved) /* from one source to another */
        pass->shown[moved->source]++;
    else if (!is_told(pass, SOURCE, link))
        known->mark[SOURCE] = MARK_ABSENT;
    return true;
}

/* But for @now, the anchor that it has: it may have had another one. */
static bool lose_identity(Pass *pass, const char *id, const char *now, GError **error)
{
    g_autoptr(GPtrArray) anchors = g_ptr_array_new_with_free_func(g_free);
    if (!find_anchors(pass, id, anchors, error))
        return false;
    for (guint i = 0; i < anchors->len; i++)
        if (g_strcmp0(g_ptr_array_index(anchors, i), now) != 0 &&
            !lose_anchor(pass, g_ptr_array_index(anchors, i), error))
            return false;
    return true;
}

/* Nobody tells of the anchor that an entry had before. */
static bool lose_other_anchors(Pass *pass, const Entry *entry, const char *anchor, GError **error)
{
    g_autofree char *id = pass->side[SOURCE].delta ? pass_source_id(pass, entry) : NULL;
    return !id || lose_identity(pass, id, anchor, error);
}

bool pass_keep_source(Pass *pass, Fingerprint fingerprint, const char *where, const Entry *entry,
                      GError **error)
{
    g_autofree char *anchor = pass_anchor_of(pass, entry);
    note_told(pass, SOURCE, entry);
    if (anchor)
        return lose_other_anchors(pass, entry, anchor, error) &&
               keep(pass, fingerprint, entry, anchor, error);
    g_autofree char *none = g_strdup_printf("no %s, which the definition names as anchor", pass->anchor);
    if (!pass_out_of_scope(pass, entry))
        quarantine_item(pass, where, none, true);
    return true;
}

bool pass_take_source(const DirectoryItem *item, void *data, GError **error)
{
    Pass *pass = data;
    g_autoptr(GError) why = NULL;
    if (!tell_progress(pass, &pass->side[SOURCE], error))
        return false;
    if (item->bad) {
        quarantine_item(pass, item->where, item->bad->message, false);
        return true;
    }
    uint32_t link = fingerprint_index_find(&pass->links->by_source, item->fingerprint);
    if (link != NOWHERE && !pass->only) {
        Link *known = link_at(pass->links, link);
        known->twice |= is_told(pass, SOURCE, link);
        known->mark[SOURCE] = MARK_SAME;
        pass->shown[pass->source_at]++;
        return true;
    }
    g_autoptr(Entry) entry = directory_item_decode(item, &why);
    if (entry)
        return pass_keep_source(pass, item->fingerprint, item->where, entry, error);
    quarantine_item(pass, item->where, why->message, true);
    return true;
}

bool pass_lose_source(const char *id, void *data, GError **error)
{
    return lose_identity(data, id, NULL, error);
}

/* --- target --- */

/* Whose object it was until now, by what the state remembers of it. @mine: whose it is; NULL: nobody's of us.
 * *taken: somebody else's. */
static bool take_from_others(Pass *pass, const char *id, const char *mine, bool *taken, GError **error)
{
    g_auto(LinkRow) row = {0};
    uint32_t link;
    *taken = false;
    if (!pass->side[TARGET].delta)
        return true;
    if (!state_find_link_by_id(pass->state, pass->step, id, &row, error))
        return false;
    if (!row.row || !g_strcmp0(row.anchor, mine))
        return true;
    if (!link_table_find(pass->links, row.anchor, &link, error))
        return false;
    if (!is_told(pass, TARGET, link))
        link_at(pass->links, link)->mark[TARGET] = MARK_ABSENT;
    *taken = true;
    return true;
}

/* Among changes only one of two objects with one stamp may be told of: then all must be looked at. */
static bool is_another_object(Pass *pass, uint32_t link, const char *id, bool *is, GError **error)
{
    g_auto(LinkRow) row = {0};
    const Link *known = link == NOWHERE ? NULL : link_at(pass->links, link);
    *is = false;
    if (!pass->side[TARGET].delta || !known || !known->row || known->mark[TARGET] == MARK_ABSENT)
        return true;
    if (!state_find_link(pass->state, known->row, &row, error))
        return false;
    *is = row.id && strcmp(row.id, id) != 0;
    return true;
}

bool pass_leave_alone(Pass *pass, const char *dn, const char *anchor, GError **error)
{
    event_emit(EVENT_AMBIGUOUS, dn, "carries the same stamp (anchor %s) as another object; it is left alone",
               anchor);
    return observe_stranger(pass, OBSERVED_COPIED_STAMP, dn, NULL, anchor, error);
}

static bool keep_target(Pass *pass, Side *side, const DirectoryItem *item, const Entry *entry,
                        const Stamp *stamp, const char *id, GError **error)
{
    bool another;
    Fingerprint anchor = fingerprint_string(stamp->anchor);
    Noted noted = {item->fingerprint, stamp->anchor, (char *)entry_dn(entry), (char *)id}; /* borrowed */
    Record record = {.key = anchor, .mark = MARK_CHANGED};
    if (!link_table_find(pass->links, stamp->anchor, &record.link, error) ||
        !is_another_object(pass, record.link, id, &another, error))
        return false;
    if (another)
        pass_must_read_all(pass, TARGET, "another object carries a stamp that is known already");
    Record *earlier = earlier_record(side, anchor);
    if (!earlier && is_told(pass, TARGET, record.link))
        return pass_leave_alone(pass, entry_dn(entry), stamp->anchor, error);
    record.duplicate = earlier != NULL;
    if (earlier)
        earlier->duplicate = true;
    if (record.link != NOWHERE && !pass->force) {
        const Link *link = link_at(pass->links, record.link);
        const Managed *managed = managed_of(pass, pass_kind_of(pass, link->flags, entry));
        Fingerprint now = managed_fingerprint(managed, entry, false, stamp->grace != NULL);
        if (fingerprint_equal(now, link_looks(pass->links, link)->desired))
            record.mark = MARK_EQUAL;
    }
    if (record.link != NOWHERE && !earlier)
        link_at(pass->links, record.link)->mark[TARGET] = record.mark;
    return add_record(side, &record, anchor, &noted, record.mark == MARK_CHANGED ? entry : NULL, error);
}

/* True when nothing about the entry is new to us. */
static bool is_known(Pass *pass, const DirectoryItem *item)
{
    if (!pass->holders || pass->observed)
        return false;
    uint32_t holder = fingerprint_index_find(&pass->holders->by_fingerprint, item->fingerprint);
    if (holder == NOWHERE)
        return false;
    HolderMark *mark = holder_at(pass->holders, holder);
    uint32_t link = fingerprint_index_find(&pass->links->by_target, item->fingerprint);
    if (mark->ours && link == NOWHERE)
        return false;
    mark->seen = true;
    if (link != NOWHERE)
        link_at(pass->links, link)->mark[TARGET] = MARK_SAME;
    return true;
}

bool pass_take_target(const DirectoryItem *item, void *data, GError **error)
{
    Pass *pass = data;
    Side *side = &pass->side[TARGET];
    if (!tell_progress(pass, side, error))
        return false;
    if (!item->bad && is_known(pass, item))
        return true;
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, error);
    if (!entry) {
        if (item->bad)
            event_emit(EVENT_HOME_PARTIAL, item->where, "cannot be read: %s", item->bad->message);
        return item->bad != NULL;
    }
    note_told(pass, TARGET, entry);
    g_autoptr(Holder) holder = g_new0(Holder, 1);
    g_auto(Stamp) stamp = {0};
    bool stamped = stamp_read(side->stamp, side->schema, entry, &stamp), taken;
    bool ours = stamped && !strcmp(stamp.connector, pass->connector->uuid);
    holder->owner = g_strdup(stamp.connector);
    holder->anchor = g_strdup(stamp.anchor);
    holder->graced = stamp.grace != NULL;
    if (!holder_note(&pass->view, pass->holders, item->fingerprint, entry, holder, &pass->holders_changed,
                     error) ||
        !take_from_others(pass, holder->id, ours ? stamp.anchor : NULL, &taken, error))
        return false;
    if (ours)
        return keep_target(pass, side, item, entry, &stamp, holder->id, error);
    return !pass->observed || !pass_is_in_container(pass, entry_dn(entry)) ||
           observe_stranger(pass, stamped ? OBSERVED_OTHERS : OBSERVED_NATIVE, entry_dn(entry), entry,
                            stamp.connector, error);
}

static bool makes_groups(const Pass *pass)
{
    for (int of = 0; of < OF_KINDS; of++)
        if (pass->as[of] == AS_GROUP)
            return true;
    return false;
}

void pass_doubt_groups(Pass *pass)
{
    if (makes_groups(pass))
        pass_must_read_all(pass, TARGET,
                           "an object of ours is gone, and groups may have lost it as a member");
}

bool pass_lose_target(const char *id, void *data, GError **error)
{
    Pass *pass = data;
    bool taken;
    if (!take_from_others(pass, id, NULL, &taken, error) ||
        !holder_forget(&pass->view, id, &pass->holders_changed, error))
        return false;
    if (taken)
        pass_doubt_groups(pass);
    return true;
}
