/*
 * fuzz_definition.c - any bytes as organisation, connector or mapping: parsed, validated, explained
 *
 * The first byte chooses the grammar. What is valid as an organisation or
 * connector is read through its loader, from a file in memory. Needs
 * DIRSYNC_DATADIR.
 */
#include "dirsync/connector.h"
#include "dirsync/xml.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load_file(const char *data, size_t size, bool is_connector)
{
    int fd = memfd_create("definition", MFD_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, data, size) == (ssize_t)size) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (is_connector)
            connector_free(connector_load(path, NULL));
        else
            organisation_free(organisation_load(path, NULL));
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const schemas[] = {"organisation.rng", "connector.rng", "mapping.rng"};
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    unsigned choice = data[0] % 3u;
    xmlDoc *doc = xml_load_memory(text, size - 1, "fuzz.xml", schemas[choice], NULL);
    bool is_valid = doc != NULL;
    xmlFreeDoc(doc);
    if (is_valid && choice < 2)
        load_file(text, size - 1, choice == 1);
    return 0;
}
