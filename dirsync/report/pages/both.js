/*
 * both.js - both address lists beside each other: who is in one alone, and what is not the same
 */

function sides_of(row) {
    return row.step === "export" ? ["home", row.connector] : [row.connector, "home"];
}

function direction_of(row) {
    return sides_of(row).join(" \u2192 ");
}

function verdict_of(row) {
    const [source, target] = sides_of(row);
    if (row.verdict === "differs") return "not the same";
    const [here, there] = row.verdict === "only-target" ? [target, source] : [source, target];
    return `${place_of(here)}, not ${place_of(there)}`;
}

function reason_of(row) {
    return String(row.reason_id || "unknown").replaceAll("-", " ");
}

function difference_row(difference) {
    const values = (list) =>
        [].concat(list ?? []).length
            ? some([].concat(list), 5, shown)
            : element("span", {class: "quiet"}, "nothing");
    return element(
        "div",
        {class: "difference"},
        element("dt", {}, shown(difference.attribute)),
        element("dd", {}, element("span", {class: "side"}, "is"), values(difference.have)),
        element("dd", {}, element("span", {class: "side"}, "should be"), values(difference.want)),
    );
}

function reason_cell(row) {
    const different = row.differences ?? [];
    return [
        element("p", {class: "title"}, shown(reason_of(row))),
        element("p", {class: "evidence"}, shown(row.reason)),
        different.length
            ? element(
                  "details",
                  {class: "more"},
                  element("summary", {}, plural(different.length, "attribute differs", "attributes differ")),
                  element("dl", {class: "differences"}, different.map(difference_row)),
              )
            : null,
    ];
}

function row_cell(row) {
    const [source, target] = sides_of(row);
    const dns = [
        [source, row.source_dn],
        [target, row.target_dn],
    ].filter(([, dn]) => dn);
    return [
        element("strong", {class: "title"}, shown(row.name || row.mail || row.source_dn || row.target_dn)),
        row.mail && row.name ? element("p", {}, shown(row.mail)) : null,
        dns.map(([where, dn]) =>
            element(
                "p",
                {class: "dn"},
                element("span", {class: "side"}, shown(place_of(where))),
                " ",
                element("code", {}, shown(dn)),
            ),
        ),
    ];
}

const both = new List(document.getElementById("reconciliation"), {
    name: "reconciliation",
    noun: ["recipient", "recipients"],
    sort: ["verdict", 1],
    nothing: () =>
        (audit.connectors ?? []).length
            ? "Both lists are the same."
            : "No connector was compared in this audit.",
    columns: [
        {
            id: "name",
            label: "Recipient",
            class: "c-main",
            key: (row) => fold(String(row.name || row.mail || row.source_dn || "")),
            cell: row_cell,
        },
        {
            id: "verdict",
            label: "Where it is",
            class: "c-where",
            key: (row) => `${direction_of(row)} ${row.verdict}`,
            cell: (row) => [
                element("p", {}, shown(verdict_of(row))),
                element("p", {class: "quiet"}, row.step, " ", shown(direction_of(row))),
            ],
        },
        {
            id: "reason",
            label: "Why",
            class: "c-things",
            key: (row) => fold(reason_of(row)),
            cell: reason_cell,
        },
    ],
    filters: [
        {id: "direction", label: "Way", value: direction_of, words: (value) => value},
        {id: "verdict", label: "Where it is", value: verdict_of, words: (value) => value},
        {id: "reason", label: "Reason", value: reason_of, words: (value) => value},
    ],
    words: (row) =>
        [
            row.name,
            row.mail,
            row.source_dn,
            row.target_dn,
            row.reason,
            row.reason_id,
            ...(row.differences ?? []).map((difference) => difference.attribute),
        ].join("\n"),
});

/* For each way: how many are in one list alone, or not the same, each with its reasons. */
function draw_matrix() {
    const cells = new Map();
    for (const row of both.rows) {
        const way = direction_of(row),
            verdict = verdict_of(row),
            reason = reason_of(row);
        if (!cells.has(way)) cells.set(way, new Map());
        const of_way = cells.get(way);
        if (!of_way.has(verdict)) of_way.set(verdict, new Map());
        of_way.get(verdict).set(reason, (of_way.get(verdict).get(reason) ?? 0) + 1);
    }
    document.getElementById("matrix")?.remove();
    const link = (values, text) => {
        const made = element("a", {href: "#reconciliation"}, text);
        made.addEventListener("click", (event) => choose_and_go(event, both, values));
        return made;
    };
    /* Both ways of a connector beside each other. */
    const connector = (way) => way.split(" \u2192 ").find((side) => side !== "home");
    const in_order = [...cells].sort(([a], [b]) =>
        fold(`${connector(a)} ${a}`) < fold(`${connector(b)} ${b}`) ? -1 : 1,
    );
    const ways = in_order.map(([way, verdicts]) =>
        element(
            "div",
            {class: "way"},
            element("h3", {}, shown(way)),
            [...verdicts].sort().map(([verdict, reasons]) => {
                const total = [...reasons.values()].reduce((sum, n) => sum + n, 0);
                const parts = [...reasons]
                    .sort((a, b) => b[1] - a[1])
                    .map(([reason, n]) =>
                        element(
                            "li",
                            {},
                            link({direction: way, verdict, reason}, shown(reason)),
                            " ",
                            element("span", {class: "n"}, count(n)),
                        ),
                    );
                return element(
                    "div",
                    {class: "verdict"},
                    element(
                        "p",
                        {},
                        element("b", {}, count(total)),
                        " ",
                        link({direction: way, verdict}, shown(verdict)),
                    ),
                    element("ul", {}, parts),
                );
            }),
        ),
    );
    if (ways.length) both.box.before(element("div", {class: "ways", id: "matrix"}, ways));
}
