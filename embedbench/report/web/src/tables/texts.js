import { hasNumbers } from "./order.js";

/** @typedef {import("./live_table.js").LiveTable} LiveTable */
/** @typedef {import("./cells.js").Value} Value */

const MISSING = "–";

/** The forms in which a table is copied: as it is shown, each number with its interval. */
export const FORMS = { Markdown: asMarkdown, LaTeX: asLatex, CSV: asCsv };

/** @param {LiveTable} live */
export function asMarkdown(live) {
  const places = live.shownColumns;
  const headings = places.map((place) => markdown(live.columns[place].heading));
  const rules = places.map((place) => (isRight(live, place) ? "---:" : "---"));
  const cell = (/** @type {Value} */ value, /** @type {number} */ place) =>
    live.columns[place].isNumber && value.written ? told(value) : markdown(told(value));
  const rows = live.shown.map((row) => places.map((place) => cell(live.value(row, place), place)));
  return [headings, rules, ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** @param {LiveTable} live */
export function asLatex(live) {
  const places = live.shownColumns;
  const line = (/** @type {string[]} */ cells) => `${cells.map(latex).join(" & ")} \\\\`;
  const lines = [
    `\\begin{tabular}{${places.map((place) => (isRight(live, place) ? "r" : "l")).join("")}}`,
    "\\toprule",
    line(places.map((place) => live.columns[place].heading)),
    "\\midrule",
    ...live.shown.map((row) => line(places.map((place) => told(live.value(row, place))))),
    "\\bottomrule",
    "\\end{tabular}",
  ];
  return lines.map((text) => `${text}\n`).join("");
}

/**
 * The ends of intervals, and what chance gives, have columns of their own.
 *
 * @param {LiveTable} live
 */
export function asCsv(live) {
  const columns = live.shownColumns.flatMap((place) => csvColumns(live, place));
  const rows = live.shown.map((row) => columns.map(({ place, cell }) => cell(live.value(row, place))));
  const headings = columns.map(({ heading }) => quoted(defused(heading)));
  return [headings, ...rows].map((cells) => `${cells.join(",")}\r\n`).join("");
}

/**
 * @param {LiveTable} live
 * @param {number} place
 */
function csvColumns(live, place) {
  const { heading, isNumber } = live.columns[place];
  const values = live.shown.map((row) => live.value(row, place));
  /** @type {{heading: string, place: number, cell: (value: Value) => string}[]} */
  const columns = [
    { heading, place, cell: ({ text, written }) => (isNumber && written) || quoted(defused(text)) },
  ];
  if (values.some(({ ends }) => ends)) {
    columns.push({ heading: `${heading} low`, place, cell: ({ ends }) => (ends ? ends[0] : "") });
    columns.push({ heading: `${heading} high`, place, cell: ({ ends }) => (ends ? ends[1] : "") });
  }
  if (values.some(({ chance }) => chance)) {
    const cell = (/** @type {Value} */ { chance }) => quoted(defused(chance));
    columns.push({ heading: `${heading} by chance`, place, cell });
  }
  return columns;
}

/**
 * @param {LiveTable} live
 * @param {number} place
 */
function isRight(live, place) {
  return live.columns[place].isNumber || hasNumbers(live, place);
}

/** @param {Value} value */
function told({ text, interval, chance }) {
  const more = [interval, chance && `chance ${chance}`].filter((part) => part);
  return `${text || MISSING}${more.length ? ` (${more.join("; ")})` : ""}`;
}

const UNWRITABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/** @param {string} text with what cannot be seen or ends a line written out */
function printable(text) {
  return text.replace(UNWRITABLE, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
}

// As `escape_markdown` of embedbench/utils/text.py.
const MARKDOWN = new RegExp(
  [
    "[\\\\`*|<>&\\[\\]~$]",
    "(?<![\\p{L}\\p{N}])_|_(?![\\p{L}\\p{N}])", // inside a word it has no meaning
    ":(?=//)|(?<=www)\\.|@", // automatic links
    "^[#+=-]|(?<=\\d)[.)](?=\\s)",
  ].join("|"),
  "giu",
);

/** @param {string} text */
function markdown(text) {
  return printable(text).replace(MARKDOWN, (sign) => `\\${sign}`);
}

/** @type {Record<string, string>} */
const LATEX = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "\u2212": "-",
};

/** @param {string} text of a cell: a bracket or star at its start would belong to the line before */
function latex(text) {
  const escaped = printable(text).replace(/[&%$#_{}]|[\\~^<>|\u2212]/g, (sign) => LATEX[sign] ?? `\\${sign}`);
  return /^[[*]/.test(escaped) ? `{}${escaped}` : escaped;
}

// The same as `defused` of embedbench/io/safe_csv.py.
const FORMULA = /^'*(?:[\t\r\n]|[\s\x00-\x20\x85\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])/; // eslint-disable-line no-control-regex

/** @param {string} text that a spreadsheet must not read as a formula */
function defused(text) {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** @param {string} text */
function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
