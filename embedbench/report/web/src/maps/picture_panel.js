import { button, dot, element } from "../dom.js";
import { NONE } from "../state.js";
import { clusterName } from "./colouring.js";

/**
 * Returns the panel of the opened picture: its name, label, and cluster by each encoder.
 *
 * @param {import("./maps.js").Maps} maps
 */
export function picturePanel(maps) {
  const { pictures, state } = maps;
  const panel = element("aside", { class: "picture", "aria-label": "The opened picture", hidden: true });
  let shown = NONE;
  state.listen((change) => {
    if (change !== "marks" || shown === state.chosen) return;
    shown = state.chosen;
    panel.hidden = shown === NONE;
    if (shown !== NONE) panel.replaceChildren(...content(maps, shown));
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") state.choose(NONE);
  });
  listenToThumbnails(pictures, state);
  return panel;
}

/**
 * @param {import("./maps.js").Maps} maps
 * @param {number} picture
 * @returns {Node[]}
 */
function content({ encoders, pictures, state }, picture) {
  const facts = [pictures.label(picture), pictures.domain(picture)].filter(Boolean);
  const rows = encoders.map((encoder) =>
    element("li", {}, dot(encoder.colour), element("span", {}, encoder.name), element("span", { class: "weak" }, clusterName(encoder, encoder.clusters[picture] ?? -2))),
  );
  return [
    pictures.tile(picture, "large"),
    element(
      "div",
      { class: "about" },
      element("strong", {}, pictures.names[picture]),
      element("p", { class: "note" }, facts.join(" \u00b7 ")),
      element("ul", {}, ...rows),
    ),
    button("\u00d7", () => state.choose(NONE), { "aria-label": "Close the picture", class: "close" }),
  ];
}

/**
 * Lets a click on any thumbnail of the page open its picture.
 *
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../state.js").State} state
 */
function listenToThumbnails(pictures, state) {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof window.HTMLElement) || !event.target.closest("main")) return;
    if (event.target.getAttribute("role") !== "img" || event.target.closest("button, aside")) return;
    const picture = pictures.numbers.get(event.target.title);
    if (picture !== undefined) state.choose(picture);
  });
}
