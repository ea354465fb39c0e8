#!/usr/bin/env python3
"""admin_sync.py - what administrators write when they have to do it themselves, for the benchmark

    tests/bench/admin_sync.py FOREIGN-URI FOREIGN-BASE HOME-URI CONTAINER

Reads both directories whole, compares, and writes the differences one by one,
as the many scripts of this kind do: python-ldap, dictionaries, synchronous
operations. Makes contacts (people) and groups with the same attributes as the
mapping inetorgperson. It takes the first free name and knows nothing of
stamps, addresses of others, limits or crashes.
"""
import sys

import ldap
import ldap.dn
import ldap.modlist
import ldap.sasl

COPIED = ["displayName", "givenName", "sn", "title", "physicalDeliveryOfficeName", "employeeNumber", "street",
          "postalCode", "l", "telephoneNumber", "mobile", "preferredLanguage", "labeledURI", "mail", "description"]
RENAMED = {"company": "o", "department": "departmentNumber"}


def connect(uri):
    connection = ldap.initialize(uri)
    connection.sasl_interactive_bind_s("", ldap.sasl.external())
    return connection


def read(connection, base, wanted):
    """Entries by mail address: (dn, attributes)."""
    entries = {}
    for dn, attributes in connection.search_s(base, ldap.SCOPE_SUBTREE, "(mail=*)", wanted):
        entries[attributes["mail"][0].lower()] = (dn, attributes)
    return entries


def desired(attributes):
    mail = attributes["mail"][0]
    entry = {name: attributes[name] for name in COPIED if name in attributes}
    for name, source in RENAMED.items():
        if source in attributes:
            entry[name] = attributes[source]
    entry["proxyAddresses"] = [b"SMTP:" + mail]
    entry["mailNickname"] = [mail.split(b"@")[0]]
    if "member" in attributes:
        entry["objectClass"] = [b"top", b"group"]
        entry.pop("employeeNumber", None)
    else:
        entry["objectClass"] = [b"top", b"contact"]
        entry["targetAddress"] = [b"SMTP:" + mail]
    return entry


def create(connection, container, name, entry, names):
    number, free = 1, name
    while free.lower() in names:
        number += 1
        free = f"{name} {number}"
    names.add(free.lower())
    dn = f"cn={ldap.dn.escape_dn_chars(free)},{container}"
    connection.add_s(dn, ldap.modlist.addModlist({**entry, "cn": [free.encode()]}))
    return dn


def name_of(entry):
    return entry["displayName"][0].decode()


def main():
    foreign = connect(sys.argv[1])
    home = connect(sys.argv[3])
    container = sys.argv[4]
    theirs = read(foreign, sys.argv[2], None)
    try:
        ours = read(home, container, None)
    except ldap.NO_SUCH_OBJECT:
        ours = {}
        home.add_s(container, [("objectClass", [b"organizationalUnit"])])
    names = {dn.split(",")[0][3:].lower() for dn, _ in ours.values()}
    dn_of = {dn.lower(): ours[key][0] for key, (dn, _) in theirs.items() if key in ours}
    counts = {"created": 0, "modified": 0, "deleted": 0}
    # People before groups, so that the members are there.
    for key, (dn, attributes) in sorted(theirs.items(), key=lambda item: "member" in item[1][1]):
        entry = desired(attributes)
        if "member" in attributes:
            members = [dn_of.get(member.decode().lower()) for member in attributes["member"]]
            entry["member"] = sorted(member.encode() for member in members if member) or [b""]
        if key not in ours:
            dn_of[dn.lower()] = create(home, container, name_of(entry), entry, names)
            counts["created"] += 1
            continue
        now = {name: sorted(values) for name, values in ours[key][1].items() if name in entry}
        for name in entry:
            entry[name] = sorted(entry[name])
        now.pop("objectClass", None)
        del entry["objectClass"]
        changes = ldap.modlist.modifyModlist(now, entry)
        if changes:
            home.modify_s(ours[key][0], changes)
            counts["modified"] += 1
    for key, (dn, _) in ours.items():
        if key not in theirs:
            home.delete_s(dn)
            counts["deleted"] += 1
    print(counts)


if __name__ == "__main__":
    main()
