import { button } from "../dom.js";
import { hasNumbers } from "./order.js";

/**
 * Makes a button of each heading: it sorts, then the other way, then as it was.
 *
 * @param {import("./live_table.js").LiveTable} live
 */
export function startHeadings(live) {
  live.columns.forEach(({ cell, heading }, column) => {
    cell.replaceChildren(button(heading, () => live.sort(next(live, column)), { class: "sort" }));
  });
  live.listeners.push(() => {
    live.columns.forEach(({ cell }, column) => {
      const isSorted = live.sorting?.column === column;
      if (isSorted && live.sorting) cell.setAttribute("aria-sort", live.sorting.direction);
      else cell.removeAttribute("aria-sort");
    });
  });
}

/**
 * Returns how the table is sorted after one more click: numbers from the highest, words from A.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {number} column
 * @returns {import("./live_table.js").Sorting}
 */
function next(live, column) {
  const first = hasNumbers(live, column) ? "descending" : "ascending";
  if (live.sorting?.column !== column) return { column, direction: first };
  if (live.sorting.direction !== first) return null;
  return { column, direction: first === "ascending" ? "descending" : "ascending" };
}
