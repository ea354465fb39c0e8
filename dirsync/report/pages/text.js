"use strict";
/*
 * text.js - elements and text; everything from the audit goes into the page through here, as text
 */

/* element("a", {href: "#x", class: "y"}, "text", node, [more]); null and undefined are nothing. */
function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {}))
        if (value === true) made.setAttribute(key, "");
        else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
    return made;
}

/* Those that nobody would see, or that turn the direction of what follows: they are shown by their number. */
const unseen =
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;

/* What a value is, as nodes: its own direction is kept to itself. */
function shown(value) {
    const text = String(value ?? "");
    if (!unseen.test(text)) return element("bdi", {}, text);
    const all = element("bdi", {});
    for (const part of text.split(new RegExp(`(${unseen.source})`)))
        if (part.length === 1 && unseen.test(part)) {
            const number = part.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
            all.append(element("span", {class: "unseen"}, `[U+${number}]`));
        } else {
            all.append(part);
        }
    return all;
}

const numbers = new Intl.NumberFormat("en");

function count(number) {
    return numbers.format(number);
}

function plural(number, one, many) {
    return `${count(number)} ${number === 1 ? one : many}`;
}

/* For sorting and searching: without case and accents. */
function fold(text) {
    if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/* "2026-11-28T21:30:00Z" -> "21:30 UTC" */
function hour(time) {
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? "" : `${date.toISOString().slice(11, 16)} UTC`;
}

/* "2026-11-28T21:30:00Z" -> "28 Nov 2026" */
function day(time) {
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) return String(time ?? "");
    return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}
