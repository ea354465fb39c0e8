/*
 * key_filter.c - a Bloom filter; see key_filter.h
 *
 * Sixteen bits a key and four probes: one answer in some hundreds is "perhaps"
 * without need. The probes are the quarters of one 128-bit hash.
 */
#include "dirsync/key_filter.h"

#include <stdint.h>
#include <string.h>
#include <xxhash.h>

#define BITS_A_KEY 16
#define LARGEST ((size_t)1 << 29) /* bits; 64 MiB */

struct KeyFilter {
    size_t mask; /* number of bits, a power of two, less one */
    uint64_t bits[];
};

KeyFilter *key_filter_new(size_t expected)
{
    size_t bits = 1024;
    while (bits < LARGEST && bits / BITS_A_KEY < expected)
        bits *= 2;
    KeyFilter *filter = g_malloc0(sizeof *filter + bits / 8);
    filter->mask = bits - 1;
    return filter;
}

void key_filter_free(KeyFilter *filter)
{
    g_free(filter);
}

/* The kind is the seed, so that nothing has to be put together. */
static void hash(const char *kind, const char *value, uint32_t probes[4])
{
    XXH64_hash_t seed = XXH3_64bits(kind, strlen(kind));
    XXH128_hash_t whole = XXH3_128bits_withSeed(value, strlen(value), seed);
    probes[0] = (uint32_t)whole.low64;
    probes[1] = (uint32_t)(whole.low64 >> 32);
    probes[2] = (uint32_t)whole.high64;
    probes[3] = (uint32_t)(whole.high64 >> 32);
}

void key_filter_add(KeyFilter *filter, const char *kind, const char *value)
{
    uint32_t probes[4];
    hash(kind, value, probes);
    for (int i = 0; i < 4; i++) {
        size_t bit = probes[i] & filter->mask;
        filter->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

bool key_filter_may_have(const KeyFilter *filter, const char *kind, const char *value)
{
    uint32_t probes[4];
    hash(kind, value, probes);
    for (int i = 0; i < 4; i++) {
        size_t bit = probes[i] & filter->mask;
        if (!(filter->bits[bit / 64] >> bit % 64 & 1))
            return false;
    }
    return true;
}
