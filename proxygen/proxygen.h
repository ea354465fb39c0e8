/*
 * proxygen.h - how a proxy-address generator looks to dirsync
 *
 * A generator is a shared object in dirsync's generator folder. It gives each
 * recipient an address in the format of a foreign messaging system. This header
 * needs nothing else, and with contrib/proxygen-example it is all that is needed
 * to write one.
 *
 * All text is UTF-8 and ends with NUL. A generator does no input or output, shows
 * nothing, starts no thread, keeps no state but that of its sessions, and never
 * ends the process. It is called by one thread at a time. What it returns is
 * checked: type, length (1,110 characters), UTF-8, no control characters, no blank
 * at either end. A generator that returns anything else is not used again in that
 * run, and nothing that it said in that run is written.
 *
 * Whether an address is still free is the caller's business. For each recipient
 * it calls generate() with @retry 0, and while the result is taken, or the answer
 * is PROXYGEN_ERROR, again with a higher number (not always the next one). The
 * same template, recipient and number must always give the same address, on every
 * machine and at every time.
 *
 * The order of calls: open -> { generate -> free_address | update -> free_address |
 * validate_address | validate_template }* -> close.
 */
#ifndef PROXYGEN_H
#define PROXYGEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The form of this interface. A generator is loaded when its number is the caller's. */
#define PROXYGEN_ABI 1

/** Characters of a whole address with its type: "TYPE:value". */
#define PROXYGEN_ADDRESS_MAX 1110

/** Size in bytes of the buffers for messages. */
#define PROXYGEN_MESSAGE_SIZE 512

typedef enum {
    PROXYGEN_OK = 0,
    PROXYGEN_NOT_IMPLEMENTED = 1, /* see the functions */
    PROXYGEN_NO_MEMORY = 2,
    PROXYGEN_ERROR = 3 /* the message says why, in one line for an administrator */
} ProxygenStatus;

/** Of the file, compared with what the directory has registered. Major counts most. */
typedef struct {
    uint16_t major, minor, build, revision;
} ProxygenVersion;

/** What is known of a recipient. Every string may be NULL; the caller owns them. */
typedef struct {
    size_t size;              /* sizeof of the caller's structure: later ones are longer */
    const char *alias;        /* mailNickname */
    const char *first_name;   /* givenName */
    const char *last_name;    /* sn */
    const char *display_name; /* displayName, else cn */
    const char *initials;
    const char *fax_number; /* facsimileTelephoneNumber */
} ProxygenRecipient;

/** What a session is about. Strings and structure stay valid until close(). */
typedef struct {
    size_t size;
    const char *type;            /* "NOTES"; one of those that the generator has, or any for types == NULL */
    const char *site;            /* template "TYPE:...", or NULL: the generator's default */
    const char *server;          /* name of the server that addresses lead to, or NULL */
    const char *language;        /* of names: "de", "da"; how letters are spelled out. NULL: not known */
    const char *organisation;    /* name of the organisation; never NULL */
    const char *domain;          /* its first mail domain; never NULL */
    const char *const *settings; /* "name=value" of the definition, NULL-terminated; never NULL */
} ProxygenSession;

/** What a generator is. Its one exported symbol is a function of the type ProxygenEntry. */
typedef struct {
    uint32_t abi;  /* PROXYGEN_ABI as it was compiled with */
    uint32_t size; /* sizeof(ProxygenGenerator) */
    ProxygenVersion version;
    const char *name;         /* for people: "dirsync simple addresses" */
    const char *const *types; /* those that it can do, NULL-terminated; NULL: any that settings describe */

    /** Begins a session. On success *handle is for the other functions. PROXYGEN_NOT_IMPLEMENTED: the type
     *  has no addresses here; nothing else is called, nobody is told. PROXYGEN_ERROR: the template or a
     *  setting cannot be. @message: PROXYGEN_MESSAGE_SIZE bytes, as everywhere below. */
    ProxygenStatus (*open)(const ProxygenSession *session, void **handle, char *message);

    /** The address of a recipient: *address is "TYPE:value" with the type in capitals; free_address() frees
     *  it. @retry: 0 first, then higher; each must give another address. PROXYGEN_NOT_IMPLEMENTED: this
     *  recipient has none of this type (a fax address without a fax number); nobody is told.
     *  PROXYGEN_ERROR: none can be made from this recipient and that number. */
    ProxygenStatus (*generate)(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                               char **address, char *message);

    /** The template changed from @old_site to @new_site: *address becomes what @current should be now, so
     *  that what a person gave by hand is kept where that is possible. Neither template is NULL.
     *  PROXYGEN_NOT_IMPLEMENTED, PROXYGEN_ERROR: generate anew. */
    ProxygenStatus (*update)(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                             const char *new_site, const char *current, char **address, char *message);

    /** Whether "TYPE:value" is a good address: *valid 1 or 0 with the reason in @message. What generate() and
     *  update() make must be good. PROXYGEN_NOT_IMPLEMENTED: every address is taken as good. PROXYGEN_ERROR:
     * it cannot be told, so the address is not taken. */
    ProxygenStatus (*validate_address)(void *handle, const char *address, int *valid, char *message);

    /** The same for a template. */
    ProxygenStatus (*validate_template)(void *handle, const char *site, int *valid, char *message);

    /** Frees what generate() and update() returned; takes NULL. */
    void (*free_address)(char *address);

    /** Ends the session and frees it. */
    void (*close)(void *handle);
} ProxygenGenerator;

/** The exported function: const ProxygenGenerator *proxygen_entry(uint32_t abi). @abi is the caller's; NULL
 *  is a refusal. The structure lives as long as the shared object is loaded. */
typedef const ProxygenGenerator *(*ProxygenEntry)(uint32_t abi);
#define PROXYGEN_ENTRY "proxygen_entry"

/** Put this in front of the definition of proxygen_entry(). */
#define PROXYGEN_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
}
#endif

#endif
