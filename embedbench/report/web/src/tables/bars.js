import { element } from "../dom.js";

/**
 * Draws the bars of a row that has none yet: from 0 to 1, the interval and the number in it.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {import("./live_table.js").Row} row
 */
export function drawBars(live, row) {
  live.columns.forEach((column, place) => {
    if (!column.shown || column.cell.dataset.bar === undefined) return;
    const cell = row.cells[place];
    const { number, ends } = live.value(row, place);
    if (number === null || cell.querySelector(".span")) return;
    const [low, high] = ends ? ends.map(Number) : [number, number];
    const bar = element("span", { class: "span" }, element("i"), element("b"));
    const [range, mark] = bar.querySelectorAll("*");
    if (range instanceof window.HTMLElement && mark instanceof window.HTMLElement) {
      range.style.left = percent(low);
      range.style.width = percent(inside(high) - inside(low));
      mark.style.left = percent(number);
    }
    cell.insertBefore(bar, cell.querySelector("small"));
  });
}

/** @param {number} value */
function inside(value) {
  return Math.min(Math.max(value, 0), 1);
}

/** @param {number} value */
function percent(value) {
  return `${(100 * inside(value)).toFixed(1)}%`;
}
