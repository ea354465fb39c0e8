/*
 * generator_version.c - versions of generators, as people and as fileVersion write them
 *
 * fileVersion is what the version resource of a Windows file holds: the low word
 * pair first, each word little endian (KB 158336), so 5.5.1960.5 is
 * 05 00 A8 07 05 00 05 00. Pure.
 */
#include "proxygen/generator.h"

#define VERSION_BYTES 8
#define VERSION_WORDS 4

/* In the order of the bytes, least significant first. */
static void version_to_words(ProxygenVersion version, uint16_t words[VERSION_WORDS])
{
    words[0] = version.revision;
    words[1] = version.build;
    words[2] = version.minor;
    words[3] = version.major;
}

char *generator_version_text(ProxygenVersion version)
{
    return g_strdup_printf("%u.%u.%u.%u", version.major, version.minor, version.build, version.revision);
}

void generator_version_to_bytes(ProxygenVersion version, uint8_t bytes[VERSION_BYTES])
{
    uint16_t words[VERSION_WORDS];
    version_to_words(version, words);
    for (size_t i = 0; i < VERSION_WORDS; i++) {
        bytes[2 * i] = (uint8_t)(words[i] & 0xff);
        bytes[2 * i + 1] = (uint8_t)(words[i] >> 8);
    }
}

bool generator_version_from_bytes(const void *bytes, size_t len, ProxygenVersion *version)
{
    if (len != VERSION_BYTES)
        return false;
    const uint8_t *at = bytes;
    uint16_t words[VERSION_WORDS];
    for (size_t i = 0; i < VERSION_WORDS; i++)
        words[i] = (uint16_t)(at[2 * i] | at[2 * i + 1] << 8);
    *version =
        (ProxygenVersion){.major = words[3], .minor = words[2], .build = words[1], .revision = words[0]};
    return true;
}

int generator_version_compare(ProxygenVersion a, ProxygenVersion b)
{
    uint16_t left[VERSION_WORDS];
    uint16_t right[VERSION_WORDS];
    version_to_words(a, left);
    version_to_words(b, right);
    for (size_t i = VERSION_WORDS; i-- > 0;)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}
