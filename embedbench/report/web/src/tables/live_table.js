import { drawBars } from "./bars.js";
import { valueOf } from "./cells.js";
import { ordered } from "./order.js";

/** @typedef {import("./cells.js").Value} Value */
/** @typedef {{heading: string, cell: HTMLTableCellElement, name: string, isNumber: boolean, shown: boolean}} Column */
/** @typedef {{line: HTMLTableRowElement, cells: HTMLTableCellElement[], starts: boolean, values: Value[]}} Row */
/** @typedef {{column: number, direction: "ascending" | "descending"} | null} Sorting */

/** A table whose rows can be chosen and sorted, and whose columns can be chosen. */
export class LiveTable {
  /** @param {HTMLTableElement} table with one row of headings */
  constructor(table) {
    this.table = table;
    this.body = table.tBodies[0];
    /** @type {Column[]} */
    this.columns = [...(table.tHead?.rows[0].cells ?? [])].map((cell) => ({
      heading: cell.textContent?.trim() ?? "",
      cell,
      name: cell.dataset.name ?? "",
      isNumber: cell.classList.contains("number"),
      shown: true,
    }));
    /** @type {Row[]} */
    this.rows = [...this.body.rows].map((line) => ({
      line,
      cells: [...line.cells],
      starts: line.classList.contains("starts"),
      values: [],
    }));
    /** @type {Row[]} in the order in which they are shown */
    this.shown = this.rows;
    /** @type {(row: Row) => boolean} */
    this.keep = () => true;
    /** @type {Sorting} */
    this.sorting = null;
    /** The ways of choosing k that give each encoder its own: their rows do not compare. */
    this.ownK = new Set((table.dataset.ownK ?? "").split(" "));
    /** @type {(() => void)[]} */
    this.listeners = [];
  }

  /**
   * @param {Row} row
   * @param {number} column
   */
  value(row, column) {
    return (row.values[column] ??= valueOf(row.cells[column]));
  }

  /** @param {string} name of a column */
  place(name) {
    return this.columns.findIndex((column) => column.name === name);
  }

  get shownColumns() {
    return this.columns.flatMap((column, place) => (column.shown ? [place] : []));
  }

  /** @param {(column: Column) => boolean} shown */
  showColumns(shown) {
    this.columns.forEach((column, place) => {
      column.shown = shown(column);
      column.cell.hidden = !column.shown;
      for (const row of this.rows) row.cells[place].hidden = !column.shown;
    });
    this.update();
  }

  /** @param {Sorting} sorting null for the original order */
  sort(sorting) {
    this.sorting = sorting;
    this.update();
  }

  /** Shows the rows that are kept, in their order. */
  update() {
    this.shown = ordered(this, this.rows.filter(this.keep));
    const shown = new Set(this.shown);
    for (const row of this.rows) row.line.hidden = !shown.has(row);
    this.shown.forEach((row, place) => {
      row.line.classList.toggle("starts", !this.sorting && place > 0 && this.starts(place));
      drawBars(this, row);
    });
    this.body.append(...this.shown.map((row) => row.line));
    for (const listener of this.listeners) listener();
  }

  /** @param {number} place of a shown row; a group of rows that compare starts there */
  starts(place) {
    const { group } = this.table.dataset;
    if (group === undefined) return this.shown[place].starts;
    const [above, here] = [this.shown[place - 1], this.shown[place]];
    return ["space", "k_from", group].some((name) => {
      const [one, other] = [above, here].map((row) => this.value(row, this.place(name)).text);
      return one !== other && (name !== "k_from" || this.ownK.has(one) || this.ownK.has(other));
    });
  }
}
