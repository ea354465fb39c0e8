/*
 * findings.js - the lists of findings, of their objects, and of what was cleared
 */

const {audit, rows: totals} = JSON.parse(document.getElementById("audit").textContent);
const kinds = new Map((audit.kinds ?? []).map((kind, order) => [kind.id, {...kind, order}]));
const severities = {
    error: {rank: 0, word: "error"},
    warning: {rank: 1, word: "warning"},
    info: {rank: 2, word: "note"},
};
const things = new Map(); /* objects of findings, by directory and DN */

function severity_of(finding) {
    const severity = finding.severity ?? kinds.get(finding.id)?.severity;
    return Object.hasOwn(severities, severity) ? severity : "info";
}

function title_of(finding) {
    return kinds.get(finding.id)?.title ?? finding.id ?? "?";
}

function place_of(directory) {
    return directory === "home" ? "at home" : `in ${directory}`;
}

function called(thing) {
    return thing.name || thing.mail || thing.dn || "?";
}

/* --- cells --- */

function severity_cell(finding) {
    const severity = severity_of(finding);
    return element("span", {class: `sev sev-${severity}`}, severities[severity].word);
}

/* The first few at once, the others when they are asked for. */
function some(items, few, render) {
    const listed = (part) =>
        element(
            "ul",
            {class: "some"},
            part.map((item) => element("li", {}, render(item))),
        );
    const list = listed(items.slice(0, few));
    if (items.length <= few) return list;
    const rest = element("details", {}, element("summary", {}, `${count(items.length - few)} more`));
    rest.fill = () => {
        if (rest.children.length === 1) rest.append(listed(items.slice(few)));
    };
    rest.addEventListener("toggle", rest.fill);
    return [list, rest];
}

function thing_link(thing) {
    return [
        element("a", {href: `#o${thing.number}`}, shown(called(thing))),
        " ",
        element(
            "small",
            {},
            thing.mail && thing.mail !== called(thing) ? [shown(thing.mail), ", "] : null,
            shown(place_of(thing.directory)),
        ),
    ];
}

function finding_cell(finding) {
    return [
        element("strong", {class: "title"}, shown(title_of(finding))),
        element("p", {class: "evidence"}, shown(finding.evidence)),
        element(
            "details",
            {class: "more"},
            element("summary", {}, "What to do"),
            element(
                "p",
                {},
                shown(finding.remedy || kinds.get(finding.id)?.remedy || "Look at the objects."),
            ),
            finding.attribute
                ? element("p", {class: "quiet"}, "Attribute: ", element("code", {}, shown(finding.attribute)))
                : null,
            element(
                "div",
                {class: "dns"},
                some(finding.things, 20, (thing) => element("code", {}, shown(thing.dn))),
            ),
        ),
    ];
}

function state_cell(finding) {
    return finding.state === "new"
        ? element("span", {class: "new"}, "new")
        : element("span", {class: "quiet"}, "standing");
}

function finding_link(finding) {
    return [
        element("span", {
            class: `mark mark-${severity_of(finding)}`,
            title: severities[severity_of(finding)].word,
        }),
        " ",
        element("a", {href: `#f-${finding.key}`}, shown(title_of(finding))),
    ];
}

function thing_cell(thing) {
    return [
        element("strong", {class: "title"}, shown(called(thing))),
        thing.mail && thing.mail !== called(thing) ? element("p", {}, shown(thing.mail)) : null,
        element("p", {class: "dn"}, element("code", {}, shown(thing.dn))),
    ];
}

function words_of(finding) {
    return [
        title_of(finding),
        finding.id,
        finding.evidence,
        finding.attribute,
        ...finding.things.flatMap((thing) => [thing.name, thing.mail, thing.dn, thing.directory]),
    ].join("\n");
}

function first_name(finding) {
    return finding.things.length ? fold(called(finding.things[0])) : "\uffff";
}

/* --- lists --- */

const severity_filter = {
    id: "severity",
    label: "Severity",
    value: severity_of,
    words: (value) => severities[value].word,
    order: (value) => severities[value].rank,
};
const kind_filter = {
    id: "kind",
    label: "Kind",
    value: (finding) => finding.id ?? "?",
    words: (value, finding) => title_of(finding),
};
const severity_column = {
    id: "severity",
    label: "Severity",
    class: "c-severity",
    key: (finding) => severities[severity_of(finding)].rank * 10000 + (kinds.get(finding.id)?.order ?? 9999),
    cell: severity_cell,
};
const kind_column = {
    id: "kind",
    label: "Finding",
    class: "c-main",
    key: (finding) => fold(title_of(finding)),
    cell: finding_cell,
};
const things_column = {
    id: "objects",
    label: "Objects",
    class: "c-things",
    key: first_name,
    cell: (finding) => some(finding.things, 3, thing_link),
};

const findings = new List(document.getElementById("findings"), {
    name: "findings",
    noun: ["finding", "findings"],
    nothing: () => "Nothing was found.",
    sort: ["severity", 1],
    columns: [
        severity_column,
        kind_column,
        things_column,
        {
            id: "state",
            label: "Since",
            class: "c-state",
            key: (finding) => (finding.state === "new" ? 0 : 1),
            cell: state_cell,
        },
    ],
    filters: [
        severity_filter,
        kind_filter,
        {
            id: "state",
            label: "Since",
            value: (finding) => (finding.state === "new" ? "new" : "standing"),
            words: (value) => value,
        },
    ],
    words: words_of,
    anchor: (finding) => `f-${finding.key}`,
});

const objects = new List(document.getElementById("objects"), {
    name: "objects",
    noun: ["object", "objects"],
    nothing: () => "No finding is about an object.",
    sort: ["findings", -1],
    columns: [
        {id: "name", label: "Object", class: "c-main", key: (thing) => fold(called(thing)), cell: thing_cell},
        {
            id: "directory",
            label: "Where",
            class: "c-where",
            key: (thing) => thing.directory,
            cell: (thing) => shown(place_of(thing.directory)),
        },
        {
            id: "findings",
            label: "Findings",
            class: "c-things",
            key: (thing) => thing.findings.length,
            first: -1,
            cell: (thing) => some(thing.findings, 5, finding_link),
        },
    ],
    filters: [{id: "directory", label: "Where", value: (thing) => thing.directory, words: place_of}],
    words: (thing) => [thing.name, thing.mail, thing.dn].join("\n"),
    anchor: (thing) => `o${thing.number}`,
});

const cleared = new List(document.getElementById("cleared"), {
    name: "cleared",
    noun: ["finding", "findings"],
    sort: ["severity", 1],
    nothing: () =>
        audit.since
            ? "Nothing was cleared since the audit before."
            : "This audit was compared with no other.",
    columns: [
        severity_column,
        {
            ...kind_column,
            cell: (finding) => [
                element("strong", {class: "title"}, shown(title_of(finding))),
                element("p", {class: "evidence"}, shown(finding.evidence)),
            ],
        },
        {
            ...things_column,
            cell: (finding) =>
                some(finding.things, 3, (thing) => [
                    shown(called(thing)),
                    " ",
                    element("small", {}, shown(place_of(thing.directory))),
                ]),
        },
    ],
    filters: [severity_filter, kind_filter],
    words: words_of,
});
