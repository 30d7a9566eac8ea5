import { choice, element } from "../dom.js";

/** @typedef {import("./live_table.js").LiveTable} LiveTable */
/** @typedef {import("./live_table.js").Row} Row */
/** @typedef {{text: string, keeps: (row: Row) => boolean}} Option */

const SHARED = "the shared k";

/**
 * Returns what chooses the rows and columns of the main comparison.
 *
 * @param {LiveTable} live
 * @param {HTMLElement | null} note on rows that do not compare encoders
 */
export function switches(live, note) {
  const main = new Set((live.table.dataset.live ?? "").split(" "));
  const texts = (/** @type {string} */ name) => {
    const column = live.place(name);
    return [...new Set(live.rows.map((row) => live.value(row, column).text))];
  };
  const [encoder, ways] = [live.place("encoder"), live.place("k_from")];
  const way = (/** @type {Row} */ row) => live.value(row, ways).text;
  const isShared = (/** @type {Row} */ row) => !live.ownK.has(way(row));
  /** @type {Map<string, (row: Row) => boolean>} */
  const keeps = new Map();
  const said = element("span", { role: "status", class: "said" });
  const apply = () => {
    live.keep = (row) => [...keeps.values()].every((keep) => keep(row));
    live.update();
    said.textContent = `${live.shown.length} of ${live.rows.length} rows`;
    if (note) note.hidden = live.shown.every(isShared);
  };
  /**
   * @param {string} text
   * @param {Option[]} options
   * @param {number} first
   */
  const rowSwitch = (text, options, first) => {
    if (options.length < 3) return []; // "all" and one more: there is nothing to choose
    keeps.set(text, options[first].keeps);
    const made = choice(text, options.map((option) => option.text), (index) => {
      keeps.set(text, options[index].keeps);
      apply();
    });
    const select = made.querySelector("select");
    if (select) select.selectedIndex = first;
    return [made];
  };
  const all = { text: "all", keeps: () => true };
  const byValue = (/** @type {string} */ name) => [
    all,
    ...texts(name).map((text) => ({
      text,
      keeps: (/** @type {Row} */ row) => live.value(row, live.place(name)).text === text,
    })),
  ];
  const byWay = [...live.ownK].filter((name) => texts("k_from").includes(name));
  const filter = element("input", { type: "search", "aria-label": "Encoder" });
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    keeps.set("Encoder", (row) => live.value(row, encoder).text.toLowerCase().includes(wanted));
    apply();
  });
  const columns = choice("Columns", ["main columns", "every number"], (index) =>
    live.showColumns(({ name }) => index === 1 || main.has(name)),
  );
  const made = element(
    "div",
    { class: "table-tools", role: "group", "aria-label": "What the table shows" },
    ...rowSwitch("Clusterer", byValue("clusterer"), 0),
    ...rowSwitch("Space", byValue("space"), 1),
    ...rowSwitch(
      "Choice of k",
      [
        all,
        { text: SHARED, keeps: isShared },
        ...byWay.map((name) => ({
          text: `${name}: each encoder with its own k`,
          keeps: (/** @type {Row} */ row) => way(row) === name,
        })),
      ],
      1,
    ),
    element("label", { class: "choice" }, "Encoder ", filter),
    columns,
    said,
  );
  live.showColumns(({ name }) => main.has(name));
  apply();
  return made;
}
