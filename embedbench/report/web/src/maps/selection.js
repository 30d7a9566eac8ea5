import { button, element } from "../dom.js";

const MOST_TILES = 240;
const MOST_LABELS = 6;

/**
 * Returns the panel of the selected pictures: thumbnails, and their names to copy.
 *
 * @param {import("./maps.js").Maps} maps
 */
export function selectionPanel({ pictures, state }) {
  const title = element("h3");
  const labels = element("p", { class: "note" });
  const tiles = element("div", { class: "tiles" });
  const list = element("textarea", { readonly: true, rows: 6, "aria-label": "Names of the selected pictures" });
  const said = element("span", { class: "note", role: "status" });
  const copy = button("Copy the names", async () => {
    said.textContent = (await copied(list)) ? "copied" : "select the names and copy them by hand";
  });
  const clear = button("Clear", () => state.select(new Set()));
  const panel = element(
    "div",
    { class: "selection", hidden: true },
    title, labels, tiles,
    element("details", {}, element("summary", {}, "Names"), list),
    element("p", { class: "row" }, copy, clear, said),
  );
  let shown = state.selected;
  state.listen((change) => {
    if (change !== "marks" || shown === state.selected) return;
    shown = state.selected;
    const chosen = [...shown].sort((one, other) => one - other);
    panel.hidden = !chosen.length;
    said.textContent = "";
    const more = chosen.length > MOST_TILES ? `, the first ${MOST_TILES} are shown` : "";
    title.textContent = `${chosen.length} selected${more}`;
    labels.textContent = commonest(chosen.map((picture) => pictures.label(picture)).filter(Boolean));
    tiles.replaceChildren(...chosen.slice(0, MOST_TILES).map((picture) => opener(pictures, state, picture, chosen)));
    list.value = chosen.map((picture) => pictures.names[picture]).join("\n");
  });
  return panel;
}

/**
 * Returns a thumbnail that opens its picture.
 *
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../state.js").State} state
 * @param {number} picture
 * @param {number[]} among the pictures that it stands among
 */
export function opener(pictures, state, picture, among) {
  const made = button("", () => state.choose(picture, among), { class: "opener" });
  made.append(pictures.tile(picture));
  made.addEventListener("pointerenter", () => state.hover(picture));
  made.addEventListener("pointerleave", () => state.hover(-1));
  return made;
}

/** @param {string[]} labels */
function commonest(labels) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const sorted = [...counts].sort((one, other) => other[1] - one[1]);
  const texts = sorted.slice(0, MOST_LABELS).map(([label, count]) => `${label} ${count}`);
  if (sorted.length > MOST_LABELS) texts.push(`and ${sorted.length - MOST_LABELS} more labels`);
  return texts.join(" \u00b7 ");
}

/** @param {HTMLTextAreaElement} list */
async function copied(list) {
  try {
    await navigator.clipboard.writeText(list.value);
    return true;
  } catch {
    list.closest("details")?.setAttribute("open", "");
    list.select();
    return document.execCommand("copy");
  }
}
