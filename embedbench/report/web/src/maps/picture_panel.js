import { button, dot, element } from "../dom.js";
import { Lightbox } from "../lightbox.js";
import { Neighbours } from "../neighbours.js";
import { NONE } from "../state.js";
import { clusterName } from "./colouring.js";
import { opener } from "./selection.js";

/** @typedef {Pick<import("./maps.js").Maps, "encoders" | "pictures" | "state">} Known */

/**
 * Returns the panel of the opened picture: its name and label; by each encoder its cluster, and the
 * pictures nearest to it, with how many encoders have each of them in their row.
 *
 * @param {Known} maps
 */
export function picturePanel(maps) {
  const { pictures, state } = maps;
  const neighbours = Neighbours.ofPage();
  const lightbox = new Lightbox(pictures, state);
  document.body.append(lightbox.dialog);
  const panel = element("aside", { class: "picture", "aria-label": "The opened picture", hidden: true, tabindex: -1 });
  let shown = NONE;
  /** @type {Element | null} What had the focus before the panel opened. */
  let before = null;
  state.listen((change) => {
    if (change !== "marks" || shown === state.chosen) return;
    const [active, isInside] = [document.activeElement, panel.contains(document.activeElement)];
    if (!isInside && shown === NONE) before = active;
    shown = state.chosen;
    panel.hidden = shown === NONE;
    if (shown !== NONE) panel.replaceChildren(...content(maps, neighbours, lightbox, shown));
    panel.scrollTop = 0;
    if (!isInside) return uncover(active, panel);
    if (shown !== NONE) panel.focus({ preventScroll: true });
    else if (before instanceof window.HTMLElement) before.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") state.choose(NONE);
  });
  listenToThumbnails(pictures, state);
  return panel;
}

/**
 * Scrolls what has the focus, such as the search field, out from behind the panel.
 *
 * @param {Element | null} active
 * @param {HTMLElement} panel
 */
function uncover(active, panel) {
  if (!active || panel.hidden || active === document.body) return;
  const [own, other] = [active.getBoundingClientRect(), panel.getBoundingClientRect()];
  const isBeside = own.right <= other.left || own.left >= other.right;
  if (!isBeside && own.bottom > other.top) active.scrollIntoView({ block: "nearest" });
}

/**
 * @param {Known} maps
 * @param {Neighbours} neighbours
 * @param {Lightbox} lightbox
 * @param {number} picture
 * @returns {Node[]}
 */
function content(maps, neighbours, lightbox, picture) {
  const { encoders, pictures, state } = maps;
  const facts = [pictures.label(picture), pictures.domain(picture)].filter(Boolean);
  const counts = neighbours.counts(picture);
  const known = counts.size
    ? `Nearest by cosine, copies left out. A number: how many encoders have it in their row.`
    : "";
  return [
    element(
      "div",
      { class: "head" },
      enlarger(pictures, lightbox, picture),
      element(
        "div",
        { class: "about" },
        element("strong", {}, pictures.names[picture]),
        element("p", { class: "note" }, facts.join(" \u00b7 ")),
        element("p", { class: "note" }, known),
      ),
      button("\u00d7", () => state.choose(NONE), { "aria-label": "Close the picture", class: "close" }),
    ),
    ...encoders.map((encoder) =>
      element(
        "section",
        { class: "by", "aria-label": encoder.name },
        element(
          "p",
          {},
          dot(encoder.colour),
          encoder.name,
          element("span", { class: "weak" }, ` ${clusterName(encoder, encoder.clusters[picture] ?? -2)}`),
        ),
        row(maps, neighbours.of(encoder.name, picture), counts),
      ),
    ),
  ];
}

/**
 * @param {import("../pictures.js").Pictures} pictures
 * @param {Lightbox} lightbox
 * @param {number} picture
 */
function enlarger(pictures, lightbox, picture) {
  const made = button("", () => lightbox.open(picture), {
    class: "enlarge",
    "aria-label": `Enlarge ${pictures.names[picture]}`,
  });
  made.append(pictures.tile(picture, "large"));
  return made;
}

/**
 * @param {Known} maps
 * @param {number[]} nearest
 * @param {Map<number, number>} counts
 */
function row({ pictures, state }, nearest, counts) {
  const tiles = nearest.map((neighbour) => {
    const tile = opener(pictures, state, neighbour, nearest);
    const count = counts.get(neighbour) ?? 0;
    if (count > 1) tile.append(element("small", {}, String(count)));
    return tile;
  });
  return element("div", { class: "tiles" }, ...tiles);
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
    const strip = [...(event.target.closest(".strip")?.querySelectorAll("[role=img]") ?? [])];
    const among = strip.flatMap((one) => pictures.numbers.get(one.getAttribute("title") ?? "") ?? []);
    if (picture !== undefined) state.choose(picture, [...new Set(among)]);
  });
}
