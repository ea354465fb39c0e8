/*
 * chart.js - counts over time as SVG: lines for the severities, sparks for the kinds
 *
 * Each chart says in words what it shows; the table below them has the figures.
 */

function svg(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
}

/* The least round number (1, 2, 2.5 or 5 times a power of ten) that is not below @value. */
function round_up(value) {
    const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
    return (
        [1, 2, 2.5, 5, 10].map((step) => step * power).find((round) => round >= value && round % 1 === 0) ??
        value
    );
}

/* Places of the values: by their time where every audit has one, else one after the other. */
function places(points, width) {
    const times = points.map((point) => Date.parse(point.time));
    const first = times[0],
        span = times[times.length - 1] - first;
    const by_time =
        times.every((time, i) => !Number.isNaN(time) && (i === 0 || time >= times[i - 1])) && span > 0;
    return points.map((point, i) =>
        by_time
            ? ((times[i] - first) / span) * width
            : points.length > 1
              ? (i / (points.length - 1)) * width
              : width,
    );
}

function path_of(corners) {
    return corners.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function describe(label, points) {
    const last = points[points.length - 1],
        values = points.map((point) => point.value);
    return (
        `${label} in ${plural(points.length, "audit", "audits")}, ${day(points[0].time)} to ${day(last.time)}: ` +
        `${values.map(count).join(", ")}.`
    );
}

/* @points: [{time, value}], oldest first. */
function line_chart(id, label, points) {
    const width = 360,
        height = 150,
        left = 40,
        right = 12,
        top = 12,
        bottom = 24;
    const highest = round_up(Math.max(...points.map((point) => point.value), 1));
    const level = (value) => top + (height - top - bottom) * (1 - value / highest);
    const corners = places(points, width - left - right).map((x, i) => [left + x, level(points[i].value)]);
    const floor = level(0),
        text = describe(label, points);
    const drawn = svg(
        "svg",
        {
            viewBox: `0 0 ${width} ${height}`,
            role: "img",
            class: "line",
            "aria-labelledby": `${id}-title ${id}-desc`,
        },
        svg("title", {id: `${id}-title`}, `${label} over time`),
        svg("desc", {id: `${id}-desc`}, text),
    );
    for (const value of highest % 2 ? [0, highest] : [0, highest / 2, highest])
        drawn.append(
            svg("line", {x1: left, x2: width - right, y1: level(value), y2: level(value), class: "grid"}),
            svg(
                "text",
                {x: left - 7, y: level(value) + 3.5, class: "scale", "text-anchor": "end"},
                count(value),
            ),
        );
    const ends = [
        `L${corners[corners.length - 1][0].toFixed(1)} ${floor}`,
        `L${corners[0][0].toFixed(1)} ${floor}Z`,
    ];
    if (corners.length > 1)
        drawn.append(
            svg("path", {d: path_of(corners) + ends.join(""), class: "area"}),
            svg("path", {d: path_of(corners), class: "stroke"}),
        );
    corners.forEach(([x, y], i) => {
        const last = i === corners.length - 1;
        drawn.append(
            svg(
                "circle",
                {cx: x.toFixed(1), cy: y.toFixed(1), r: last ? 4 : 2.2, class: last ? "last" : "dot"},
                svg("title", {}, `${day(points[i].time)}: ${count(points[i].value)}`),
            ),
        );
    });
    /* Audits of one day are told apart by the hour. */
    const label_of =
        points.length > 1 && day(points[0].time) === day(points[points.length - 1].time) ? hour : day;
    const days =
        points.length > 1
            ? [
                  [left, "start", points[0]],
                  [width - right, "end", points[points.length - 1]],
              ]
            : [[width - right, "end", points[0]]];
    for (const [x, anchor, point] of days)
        drawn.append(
            svg("text", {x, y: height - 6, class: "scale", "text-anchor": anchor}, label_of(point.time)),
        );
    return drawn;
}

/* A line without a scale, to be seen beside its figure. */
function spark(label, points) {
    const width = 104,
        height = 26,
        margin = 4;
    const highest = Math.max(...points.map((point) => point.value), 1);
    const corners = places(points, width - 2 * margin).map((x, i) => [
        margin + x,
        height - margin - ((height - 2 * margin) * points[i].value) / highest,
    ]);
    const [x, y] = corners[corners.length - 1];
    return svg(
        "svg",
        {
            viewBox: `0 0 ${width} ${height}`,
            width,
            height,
            role: "img",
            class: "spark",
            "aria-label": describe(label, points),
        },
        svg("path", {d: path_of(corners), class: "stroke"}),
        svg("circle", {cx: x.toFixed(1), cy: y.toFixed(1), r: 3, class: "last"}),
    );
}
