/*
 * read_file.c - how long reading a file takes, for the benchmark
 *
 * Reads a file with one of our drivers as a pass does when nothing has changed: every record is found,
 * checked and fingerprinted, and none is decoded. Prints the processor time, the time and the number of
 * records.
 */
#include "dirsync/directory/directory.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool count(const DirectoryItem *item, void *data, GError **error)
{
    size_t *good = data;
    (void)error;
    *good += !item->bad;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "Usage: read_file ldif|csv FILE\n");
        return 2;
    }
    Endpoint endpoint = {
        .driver = argv[1], .path = argv[2], .minimum_percent = 95, .header = true, .delimiter = ','};
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) directory = directory_open(&endpoint, &error);
    gint64 begin = g_get_monotonic_time();
    double before = processor_seconds();
    ReadResult result = {0};
    size_t good = 0;
    if (!directory || !directory_read(directory, &request, count, &good, &result, &error)) {
        fprintf(stderr, "read_file: %s\n", error->message);
        return 1;
    }
    printf("%.3f %.3f %zu\n", processor_seconds() - before,
           (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC, good);
    bool all_good = good == result.entries && !result.bad;
    read_result_clear(&result);
    return all_good ? 0 : 1;
}
