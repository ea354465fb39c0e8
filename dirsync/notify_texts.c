/*
 * notify_texts.c - what notifications say
 *
 * For somebody who is tired and has not thought of dirsync for months: what
 * happened, whether anybody is affected, what to do, commands to copy.
 */
#include "dirsync/notify_internal.h"

#include <assert.h>

#define FAILED_SUBJECT "dirsync $connector: failing since $since"
#define FAILED_HAPPENED "The run of $when ended with an error:\n\n$error\n\n$before"
#define AS_BEFORE                                                                                            \
    "$written $deleted\n\nUntil a run succeeds, the address lists stay as they are; what has changed since " \
    "$success is missing on the other side. Mail to addresses that are there already is not affected."
#define LOOK "    dirsync status $command\n    dirsync check $command"

const char *const notify_written[2] = {
    "Nothing was written by this run.",
    "Part of the plan was written before the run ended; the next run does the "
    "rest. Written: $summary"};
const char *const notify_deleted[2] = {
    "Nobody was deleted.", "Objects were deleted, as the plan said; dirsync revert brings them back."};
const char *const notify_before[2] = {
    "This is the first run that failed.",
    "It fails since $since, $times runs so far. As long as it goes on like this you get one message a day."};

const NotifyText notify_texts[] = {
    [TEXT_FAILED] =
        {NOTIFY_FAILURE, FAILED_SUBJECT, FAILED_HAPPENED, AS_BEFORE,
         "The message above says what is wrong and mostly what to do. Then see whether everything is "
         "there, and run it by hand:\n\n" LOOK "\n    dirsync sync $command"},
    [TEXT_UNREACHABLE] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": no answer", FAILED_HAPPENED, AS_BEFORE,
         "A directory server does not answer. If it comes back by itself there is nothing to do: "
         "the next run makes up for what was missed. If it does not, look at that server, the "
         "network and the firewall in between.\n\n" LOOK},
    [TEXT_BUSY] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": busy", FAILED_HAPPENED, AS_BEFORE,
         "A server or another run asked to come back later. Mostly that passes by itself. If it does "
         "not, see what keeps it busy.\n\n    dirsync status $command"},
    [TEXT_CREDENTIALS] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": wrong password", FAILED_HAPPENED, AS_BEFORE,
         "The server refused the name or password of dirsync's account: it was changed, has "
         "expired, or the account is locked. Do not let it be tried over and over; that locks "
         "accounts. dirsync run does not try again until the definition or the password file "
         "has changed. Put the right password in its place, then:\n\n    dirsync check $command"},
    [TEXT_ACCESS] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": not allowed", FAILED_HAPPENED, AS_BEFORE,
         "The account of dirsync lacks a right on the server. Somebody may have changed access rules "
         "or moved a container. Check says which right is missing:\n\n    dirsync check $command"},
    [TEXT_SERVER_LIMIT] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": server limit", FAILED_HAPPENED, AS_BEFORE,
         "The server gives dirsync's account fewer entries than there are. Check prints what the "
         "server's administrator has to set:\n\n    dirsync check $command"},
    [TEXT_SOURCE] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": source", FAILED_HAPPENED, AS_BEFORE,
         "The file of the other system is missing or cannot be trusted. See whether its export has "
         "run and the file has arrived whole; the next run then takes it.\n\n" LOOK},
    [TEXT_DEFINITION] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": definition", FAILED_HAPPENED, AS_BEFORE,
         "A definition, a mapping or a password file is wrong; somebody has probably changed it. "
         "Check names the file and the line:\n\n    dirsync check $command"},
    [TEXT_STATE] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": state files", FAILED_HAPPENED, AS_BEFORE,
         "dirsync cannot use what it remembers between runs. Those files are a cache: when they are "
         "damaged, move them away as the message says; the next run reads everything once and goes on. "
         "Nothing is lost but the history of the runs and their undo.\n\n    dirsync status $command"},
    [TEXT_DISK] =
        {NOTIFY_FAILURE, FAILED_SUBJECT ": files", FAILED_HAPPENED, AS_BEFORE,
         "A file could not be written: the disk is full, or a folder has the wrong owner. Make room or "
         "mend the permissions; the next run goes on by itself.\n\n    df -h\n    dirsync status "
         "$command"},
    [TEXT_LIMIT] =
        {NOTIFY_LIMIT, "dirsync $connector: stopped by a limit since $since",
         "The run of $when would have changed more than the definition allows, so it did not:\n\n"
         "$error\n\n$before",
         "$written $deleted\n\nThe limit has done what it is there for: either the source is wrong (half "
         "of it missing, a filter or an access rule changed), or somebody has really changed that "
         "much. Until it is settled, other changes wait too. Mail is not affected.",
         "See what the run would do:\n\n    dirsync plan $command\n\nIf that is wrong, mend the source; "
         "the next run goes on. If it is right, let it through once with the option that the message "
         "names, by hand:\n\n    dirsync sync $command --max-..."},
    [TEXT_PARTIAL] =
        {NOTIFY_FAILURE, "dirsync $connector: source incomplete since $since",
         "The run of $when was not given a source that is proven complete:\n\n$error\n\n$before",
         "What the source did show was brought up to date. Nobody was removed or disabled, since who is "
         "missing may only not have been shown. Who has left the other system stays in the address "
         "list until a complete source is read.",
         "See why the source is short: an export that broke off, a file from yesterday, an access rule "
         "that hides entries. The next complete source mends everything. If it is really empty, say so "
         "once: --allow-empty.\n\n" LOOK},
    [TEXT_REFUSED] =
        {NOTIFY_FAILURE, "dirsync $connector: changes refused since $since",
         "The run of $when came to its end, but the server refused some changes:\n\n$list\n\n$before",
         "Everything else was written: $summary\n\nWho was refused is as before, perhaps with an old "
         "address or not in the list. The next run tries again.",
         "See which changes failed, and why:\n\n    dirsync status $command $run\n    dirsync check "
         "$command"},
    [TEXT_QUARANTINE] =
        {NOTIFY_QUARANTINE, "dirsync $connector: $more new in quarantine, $when",
         "The run of $when could not use these entries of the source as they are:\n\n$list",
         "They are left out; who was in the address list before stays as it was. Everybody else is "
         "up to date. Nobody was deleted because of it.",
         "Have the entries mended where they come from; the next run then takes them. All that "
         "are in quarantine, with reasons:\n\n    dirsync status $command"},
    [TEXT_AUDIT] =
        {NOTIFY_AUDIT, "dirsync $connector: $more new audit findings, $when",
         "The audit $run found what an earlier one had not:\n\n$list",
         "Nothing was changed: an audit only reads. Some findings mean that mail of the people named "
         "goes astray or comes twice.",
         "All findings, each with its remedy:\n\n    dirsync audit $command"},
    [TEXT_RECOVERY] =
        {NOTIFY_RECOVERY, "dirsync $connector: works again, failed since $since",
         "The run of $when succeeded. Before, it had failed since $since, $times runs.\n\n"
         "$summary",
         "What had waited is written. Both address lists are up to date again, but for who is in quarantine.",
         "Nothing. What it did:\n\n    dirsync status $command"},
    [TEXT_TEST] =
        {NOTIFY_TEST, "dirsync $connector: test message, $when",
         "Somebody on $host asked dirsync to send this message, to see whether notifications arrive.",
         "They do. Nothing has happened.", "Nothing.\n\n    dirsync status $command"},
};

static_assert(G_N_ELEMENTS(notify_texts) == TEXTS, "a text for everything that is told");
