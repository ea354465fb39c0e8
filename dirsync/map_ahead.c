/*
 * map_ahead.c - see map_ahead.h
 *
 * A ring of slots between two threads. Counters say how far each one is: those
 * before done belong to the caller, those from there on to the thread. Both sleep
 * until it is worth while to wake up, so that they do not take turns. What was taken
 * comes back into its slot, since to free what another thread allocated makes the
 * two wait for each other.
 */
#include "dirsync/map_ahead.h"

#include "dirsync/error.h"

#include <pthread.h>
#include <string.h>

#define SLOTS 64 /* what is in them fits into a core's cache */
#define WORTH_WAKING 16

typedef struct {
    uint32_t number;
    uint64_t position;
    bool good; /* it was read */
    Mapped mapped;
} Slot;

struct MapAhead {
    Mapping *mapping;
    RecipientAs as[OF_KINDS];
    const Schema *target, *source;
    SpoolReader *reader;
    Slot slots[SLOTS];
    size_t taken, added; /* of the caller alone */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked_more, done_more;
    size_t asked, done; /* under the lock, as what follows */
    bool asleep;        /* the thread waits for more */
    size_t wanted;      /* the caller waits for done to come so far; 0: it does not wait */
    bool end;
};

void mapped_make(Mapped *mapped, Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *target,
                 const Schema *source)
{
    mapped->kind = -1;
    if (mapping_choose(mapping, as, source, mapped->source, &mapped->kind, &mapped->why) && mapped->kind >= 0)
        mapped->desired =
            mapping_apply(mapping, (size_t)mapped->kind, target, source, mapped->source, &mapped->why);
}

void mapped_clear(Mapped *mapped)
{
    entry_free(mapped->source);
    entry_free(mapped->desired);
    g_clear_error(&mapped->why);
    *mapped = (Mapped){0};
}

/* --- the thread --------------------------------------------------------------------------------- */

static void fill(MapAhead *ahead, Slot *slot)
{
    g_autoptr(GError) unreadable = NULL; /* whoever takes it reads it again and has the error */
    mapped_clear(&slot->mapped);         /* it came back */
    slot->mapped = (Mapped){.source = spool_reader_read(ahead->reader, slot->position, &unreadable)};
    slot->good = slot->mapped.source != NULL;
    if (slot->good)
        mapped_make(&slot->mapped, ahead->mapping, ahead->as, ahead->target, ahead->source);
}

/* The next slot to be filled; NULL: it is over. */
static Slot *next_slot(MapAhead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    while (ahead->done == ahead->asked && !ahead->end) {
        ahead->asleep = true;
        pthread_cond_wait(&ahead->asked_more, &ahead->lock);
    }
    ahead->asleep = false;
    Slot *slot = ahead->end ? NULL : &ahead->slots[ahead->done % SLOTS];
    pthread_mutex_unlock(&ahead->lock);
    return slot;
}

static void slot_done(MapAhead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->done++;
    if (ahead->wanted && ahead->done >= ahead->wanted)
        pthread_cond_signal(&ahead->done_more);
    pthread_mutex_unlock(&ahead->lock);
}

static void *map_all(void *data)
{
    MapAhead *ahead = data;
    for (Slot *slot; (slot = next_slot(ahead));) {
        fill(ahead, slot);
        slot_done(ahead);
    }
    return NULL;
}

/* --- the caller --------------------------------------------------------------------------------- */

MapAhead *map_ahead_new(Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *target,
                        const Schema *source, Spool *spool, GError **error)
{
    SpoolReader *reader = spool_reader_new(spool, error);
    if (!reader) {
        mapping_free(mapping);
        return NULL;
    }
    MapAhead *ahead = g_new0(MapAhead, 1);
    ahead->mapping = mapping;
    memcpy(ahead->as, as, sizeof ahead->as);
    ahead->target = target;
    ahead->source = source;
    ahead->reader = reader;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->asked_more, NULL);
    pthread_cond_init(&ahead->done_more, NULL);
    int failed = pthread_create(&ahead->thread, NULL, map_all, ahead);
    if (!failed)
        return ahead;
    ahead->end = true;
    map_ahead_free(ahead);
    error_set(error, ERROR_IO, "no thread can be made: %s", g_strerror(failed));
    return NULL;
}

void map_ahead_free(MapAhead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->lock);
    bool runs = !ahead->end;
    ahead->end = true;
    pthread_cond_signal(&ahead->asked_more);
    pthread_mutex_unlock(&ahead->lock);
    if (runs)
        pthread_join(ahead->thread, NULL);
    for (size_t i = 0; i < SLOTS; i++)
        mapped_clear(&ahead->slots[i].mapped);
    pthread_mutex_destroy(&ahead->lock);
    pthread_cond_destroy(&ahead->asked_more);
    pthread_cond_destroy(&ahead->done_more);
    spool_reader_free(ahead->reader);
    mapping_free(ahead->mapping);
    g_free(ahead);
}

bool map_ahead_has_room(const MapAhead *ahead)
{
    return ahead->added - ahead->taken <= SLOTS / 2;
}

bool map_ahead_ask(MapAhead *ahead, uint32_t number, uint64_t position)
{
    if (ahead->added - ahead->taken == SLOTS)
        return false;
    Slot *slot = &ahead->slots[ahead->added++ % SLOTS];
    slot->number = number;
    slot->position = position;
    return true;
}

void map_ahead_go(MapAhead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->asked = ahead->added;
    if (ahead->asleep && ahead->asked != ahead->done)
        pthread_cond_signal(&ahead->asked_more);
    pthread_mutex_unlock(&ahead->lock);
}

/* Until the slot is the caller's. Who has to sleep sleeps until there is more than one. */
static Slot *wait_for(MapAhead *ahead, size_t at)
{
    pthread_mutex_lock(&ahead->lock);
    if (ahead->done <= at) {
        ahead->wanted = MIN(at + WORTH_WAKING, ahead->asked);
        while (ahead->done < ahead->wanted)
            pthread_cond_wait(&ahead->done_more, &ahead->lock);
        ahead->wanted = 0;
    }
    pthread_mutex_unlock(&ahead->lock);
    return &ahead->slots[at % SLOTS];
}

bool map_ahead_take(MapAhead *ahead, uint32_t number, uint64_t position, Mapped *mapped)
{
    /* The number of a slot is written by the caller alone. */
    while (ahead->taken < ahead->added && ahead->slots[ahead->taken % SLOTS].number < number) {
        mapped_clear(&wait_for(ahead, ahead->taken)->mapped);
        ahead->taken++;
    }
    const Slot *next = &ahead->slots[ahead->taken % SLOTS];
    if (ahead->taken == ahead->added || next->number != number)
        return false;
    Slot *slot = wait_for(ahead, ahead->taken++);
    bool good = slot->good && slot->position == position;
    *mapped = slot->mapped;
    slot->mapped = (Mapped){0};
    if (!good)
        mapped_clear(mapped);
    return good;
}

void map_ahead_return(MapAhead *ahead, uint32_t number, Mapped *mapped)
{
    Slot *last = &ahead->slots[(ahead->taken - 1) % SLOTS];
    bool is_free = ahead->taken && ahead->added - ahead->taken < SLOTS;
    if (!is_free || last->number != number || last->mapped.source || last->mapped.desired)
        return;
    last->mapped = *mapped;
    *mapped = (Mapped){0};
}
