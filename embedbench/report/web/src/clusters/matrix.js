import { button, dot, element } from "../dom.js";
import { clusterGroups, diagonalOrder, sharedPictures, wordGroups } from "./counts.js";
import { gallery, onMaps } from "./gallery.js";

/** @typedef {import("./partitions.js").Partition} Partition */

const ARROWS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

/**
 * How the clusters of one partition share their pictures with those of another, with labels, or
 * with an attribute.
 */
export class Matrix {
  /**
   * @param {import("./gallery.js").Shown} shown
   * @param {import("./partitions.js").Partitions} all
   */
  constructor(shown, all) {
    this.shown = shown;
    this.all = all;
    /** @type {ArrayLike<number> | null} */
    this.silhouettes = null;
    this.table = element("table", { class: "matrix" });
    this.opened = element("div", { class: "opened", role: "region", "aria-label": "The pictures of a cell", hidden: true });
    this.root = element("div", {}, element("div", { class: "box" }, this.table), this.opened);
    /** @type {(HTMLButtonElement | null)[][]} The headings of the columns, then row by row. */
    this.buttons = [];
    this.table.addEventListener("keydown", (event) => this.step(event));
  }

  /**
   * @param {Partition} partition whose clusters are the rows
   * @param {Partition | import("./picker.js").Property} other whose are the columns
   */
  show(partition, other) {
    const [own, others] = this.owners(partition, other);
    const isPartition = "encoder" in other;
    this.silhouettes = partition.silhouettes;
    const rows = clusterGroups(partition, own);
    const columns = isPartition ? clusterGroups(other, others) : wordGroups(other.values, other.kind, other.palette);
    const cells = sharedPictures(rows, columns);
    const isOrdered = !isPartition && other.isOrdered;
    const every = isOrdered ? columns.map((_, column) => column) : diagonalOrder(cells, rows, columns);
    const order = every.filter((column) => cells.some((row) => row[column].length));
    const most = largest(cells, rows, columns);
    const heads = order.map((column) => this.button(columns[column].pictures, columns[column].phrase, columns[column]));
    const bodies = rows.map((row, number) => {
      const parts = order.map((column) => {
        const [pictures, to] = [cells[number][column], columns[column].phrase];
        if (!pictures.length) return null;
        const made = this.button(pictures, `${row.phrase} ${isPartition ? "in" : "with"} ${to}`);
        const share = Math.min(1, pictures.length / most);
        made.style.setProperty("--share", share.toFixed(2));
        return made;
      });
      return [this.button(row.pictures, row.phrase, row), ...parts];
    });
    this.buttons = [[null, ...heads], ...bodies];
    const corner = element("td", {}, element("small", {}, `\u2193 ${own}`), element("small", {}, `\u2192 ${others}`));
    this.table.replaceChildren(
      element("thead", {}, element("tr", {}, corner, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element(
        "tbody",
        {},
        ...bodies.map(([head, ...parts]) =>
          element("tr", {}, element("th", { scope: "row" }, head ?? ""), ...parts.map((part) => element("td", {}, part ?? ""))),
        ),
      ),
    );
    this.focusable(bodies[0][0]);
    this.close();
  }

  /**
   * Returns whose the two sides are, as a sentence says it.
   *
   * @param {Partition} partition
   * @param {Partition | import("./picker.js").Property} other
   */
  owners(partition, other) {
    const name = this.all.nameOf(partition);
    if (!("encoder" in other)) return [name, other.title];
    if (other.encoder !== partition.encoder) return [name, this.all.nameOf(other)];
    const spaces = other.clusterer === partition.clusterer;
    return [partition, other].map((one) => `${name} by ${one.clusterer}${spaces ? ` in ${one.space}` : ""}`);
  }

  /**
   * Returns a button that opens pictures: a number, or the heading of a group.
   *
   * @param {number[]} pictures
   * @param {string} phrase
   * @param {import("./counts.js").Group} [group]
   */
  button(pictures, phrase, group) {
    const count = `${pictures.length.toLocaleString("en")} picture${pictures.length === 1 ? "" : "s"}`;
    const named = group?.name ? ` (${group.name})` : "";
    const text = `${count}: ${phrase}${named}`;
    const made = button("", () => this.open(made, pictures, text), {
      tabindex: -1, title: text, "aria-pressed": false, ...(group ? {} : { "aria-label": text }),
    });
    if (!group) made.append(String(pictures.length));
    else {
      made.append(...(group.colour ? [dot(group.colour)] : []), element("span", {}, group.title));
      made.append(element("span", { class: "unseen" }, `: ${text}`));
    }
    return made;
  }

  /**
   * @param {HTMLButtonElement} pressed
   * @param {number[]} pictures
   * @param {string} text
   */
  open(pressed, pictures, text) {
    const isOpen = pressed.getAttribute("aria-pressed") === "true";
    this.close();
    this.focusable(pressed);
    if (isOpen) return;
    pressed.setAttribute("aria-pressed", "true");
    const close = button("Close", () => {
      this.close();
      pressed.focus();
    });
    const buttons = [...onMaps(this.shown, pictures, "these pictures"), close];
    this.opened.replaceChildren(
      element("h4", { role: "status" }, text),
      gallery(this.shown, pictures, this.silhouettes, ...buttons),
    );
    this.opened.hidden = false;
    this.opened.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.opened.hidden = true;
    this.opened.replaceChildren();
    this.table.querySelector("[aria-pressed='true']")?.setAttribute("aria-pressed", "false");
  }

  /** Lets the Tab key come to one button of the matrix alone. @param {HTMLButtonElement | null} made */
  focusable(made) {
    for (const one of this.table.querySelectorAll("button[tabindex='0']")) one.setAttribute("tabindex", "-1");
    made?.setAttribute("tabindex", "0");
  }

  /** Goes with an arrow to the next button in its direction, past empty cells. @param {KeyboardEvent} event */
  step(event) {
    const arrow = ARROWS[/** @type {keyof typeof ARROWS} */ (event.key)];
    const row = this.buttons.findIndex((line) => line.some((one) => one === document.activeElement));
    if (!arrow || row < 0) return;
    event.preventDefault();
    const column = this.buttons[row].findIndex((one) => one === document.activeElement);
    const [down, right] = arrow;
    for (let [y, x] = [row + down, column + right]; x >= 0 && y >= 0; [y, x] = [y + down, x + right]) {
      const line = this.buttons[y];
      if (!line || x >= line.length) return;
      const next = line[x];
      if (!next) continue;
      this.focusable(next);
      return next.focus();
    }
  }
}

/**
 * Returns the largest count of a matrix; noise and the rest would make all others pale.
 *
 * @param {number[][][]} cells
 * @param {import("./counts.js").Group[]} rows
 * @param {import("./counts.js").Group[]} columns
 */
function largest(cells, rows, columns) {
  const counts = cells.flatMap((row, from) =>
    row.map((pictures, to) => (rows[from].isLast || columns[to].isLast ? 0 : pictures.length)),
  );
  return Math.max(1, ...counts);
}
