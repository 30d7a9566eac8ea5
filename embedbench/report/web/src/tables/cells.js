/**
 * @typedef {object} Value what a cell tells
 * @property {string} text
 * @property {number | null} number
 * @property {string} written the number as programs write it; "" where there is none
 * @property {string} interval as text; "" where it is not known
 * @property {[string, string] | null} ends of the interval, as programs write them
 * @property {string} chance what chance gives, as text; or ""
 */

const NOTHING = "–";
const NUMBER = /^(?:> )?([-+]?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?: %| M)?$/;
const INTERVAL = /^(\S+) to (\S+)$/;

/**
 * Returns what a cell tells. Foreign text in it is text.
 *
 * @param {HTMLTableCellElement} cell
 * @returns {Value}
 */
export function valueOf(cell) {
  const [interval, chance] = [partOf(cell, "small:not(.chance)"), partOf(cell, "small.chance")];
  const text = textOf(cell);
  const number = numberOf(text);
  const exact = cell.dataset.v;
  const ends = INTERVAL.exec(interval);
  return {
    text: text === NOTHING ? "" : text,
    number: exact === undefined ? number : Number(exact),
    written: number === null || !/^[-+\u2212\d]/.test(text) || /[%M]$/.test(text) ? "" : plain(text),
    interval,
    ends: ends ? [plain(ends[1]), plain(ends[2])] : null,
    chance: chance.replace(/^\(|\)$|^chance /g, ""),
  };
}

/** @param {HTMLTableCellElement} cell without the parts that stand beneath its text */
function textOf(cell) {
  const parts = [...cell.childNodes].filter(
    (node) => !(node instanceof window.Element && node.matches("small, .span")),
  );
  return parts.map((node) => node.textContent).join("").trim();
}

/**
 * @param {HTMLTableCellElement} cell
 * @param {string} selector
 */
function partOf(cell, selector) {
  return cell.querySelector(`:scope > ${selector}`)?.textContent ?? "";
}

/** @param {string} text */
function numberOf(text) {
  const found = NUMBER.exec(text.replaceAll("\u2212", "-"));
  return found ? Number(found[1].replaceAll(",", "")) : null;
}

/** @param {string} text a number with separators and signs for people */
function plain(text) {
  return text.replaceAll("\u2212", "-").replaceAll(",", "").replace(/^\+/, "");
}
