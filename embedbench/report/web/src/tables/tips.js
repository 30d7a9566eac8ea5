import { element } from "../dom.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Tells a number with its interval, where it is pointed at or has the focus. */
export class Tip {
  constructor() {
    this.box = element("div", { class: "tip", role: "tooltip", id: "number-tip", hidden: true });
    document.body.append(this.box);
    /** @type {HTMLElement | null} */
    this.cell = null;
    window.addEventListener("scroll", () => this.place(), { capture: true, passive: true });
    window.addEventListener("resize", () => this.hide());
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.hide());
  }

  /**
   * @param {HTMLElement} cell
   * @param {string} text
   */
  show(cell, text) {
    this.hide();
    this.cell = cell;
    cell.setAttribute("aria-describedby", this.box.id);
    this.box.textContent = text;
    this.box.hidden = false;
    this.place();
  }

  hide() {
    this.cell?.removeAttribute("aria-describedby");
    this.cell = null;
    this.box.hidden = true;
  }

  place() {
    if (!this.cell) return;
    const [cell, box] = [this.cell.getBoundingClientRect(), this.box.getBoundingClientRect()];
    const [width, height] = [document.documentElement.clientWidth, window.innerHeight];
    const left = Math.min(Math.max(cell.left + cell.width / 2 - box.width / 2, 6), width - box.width - 6);
    const below = cell.bottom + 4;
    this.box.style.left = `${left}px`;
    this.box.style.top = `${below + box.height < height ? below : cell.top - box.height - 4}px`;
  }
}

/**
 * Lets a tip tell the numbers of a table, and the arrow keys move among its cells.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {Tip} tip
 */
export function startTips(live, tip) {
  /** @type {HTMLElement | null} the one cell that Tab reaches */
  let reached = null;
  const reach = (/** @type {HTMLElement | undefined} */ cell) => {
    if (!cell || cell === reached) return;
    reached?.removeAttribute("tabindex");
    cell.setAttribute("tabindex", "0");
    reached = cell;
  };
  const tell = (/** @type {Event} */ event) => {
    const found = cellOf(live, event.target);
    const text = found && sentence(live, found.row, found.column);
    if (found && text) tip.show(found.cell, text);
    else tip.hide();
  };
  const { body } = live;
  body.addEventListener("pointerover", tell);
  body.addEventListener("pointerleave", () => tip.hide());
  body.addEventListener("focusin", tell);
  body.addEventListener("focusout", () => tip.hide());
  body.addEventListener("click", ({ target }) => {
    const cell = cellOf(live, target)?.cell;
    reach(cell);
    cell?.focus({ preventScroll: true });
  });
  body.addEventListener("keydown", (event) => {
    const found = cellOf(live, event.target);
    const cell = found && neighbour(live, found, event.key);
    if (!cell) return;
    event.preventDefault();
    reach(cell);
    cell.focus();
  });
  live.listeners.push(() => {
    tip.hide();
    const row = live.shown.find(({ line }) => line === reached?.parentElement) ?? live.shown[0];
    if (!reached?.offsetParent) reach(row?.cells[live.shownColumns[0]]);
  });
}

/** @typedef {{cell: HTMLElement, row: import("./live_table.js").Row, place: number, column: number}} Found */

/**
 * @param {import("./live_table.js").LiveTable} live
 * @param {EventTarget | null} target
 * @returns {Found | null}
 */
function cellOf(live, target) {
  const cell = target instanceof window.Element ? target.closest("td") : null;
  const place = live.shown.findIndex(({ line }) => line === cell?.parentElement);
  if (!cell || place < 0) return null;
  return { cell, row: live.shown[place], place, column: live.shown[place].cells.indexOf(cell) };
}

/**
 * Returns the cell that a key leads to; null where it leads nowhere.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {Found} found
 * @param {string} key
 */
function neighbour(live, { row, place, column }, key) {
  const columns = live.shownColumns;
  if (key === "Home") return row.cells[columns[0]];
  if (key === "End") return row.cells[columns[columns.length - 1]];
  if (!(key in MOVES)) return null;
  const [down, right] = MOVES[/** @type {keyof typeof MOVES} */ (key)];
  return live.shown[place + down]?.cells[columns[columns.indexOf(column) + right]] ?? null;
}

/**
 * Returns a number with its interval in words; "" where it has none.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {import("./live_table.js").Row} row
 * @param {number} column
 */
function sentence(live, row, column) {
  const { text, interval, chance } = live.value(row, column);
  if (!interval && !chance) return "";
  const parts = [text, interval && `95 % interval ${interval}`, chance && `by chance ${chance}`];
  return `${live.columns[column].heading}: ${parts.filter((part) => part).join(", ")}`;
}
