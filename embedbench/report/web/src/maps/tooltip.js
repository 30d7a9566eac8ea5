import { element } from "../dom.js";
import { NONE } from "../state.js";

const GAP = 16;

/**
 * Returns what stands beside the picture that is pointed at.
 *
 * @param {import("./maps.js").Maps} maps
 * @param {import("./map_view.js").MapView[]} views
 */
export function tooltip({ pictures, state }, views) {
  const box = element("div", { class: "tooltip", "aria-hidden": true, hidden: true });
  const pointed = () => views.find(({ field }) => field.matches(":hover")) ?? views.find(({ field }) => field === document.activeElement);
  state.listen((change) => {
    const view = pointed();
    box.hidden = state.hovered === NONE || state.hovered === state.chosen || !view;
    if (change !== "hover") return;
    if (box.hidden || !view) return;
    const lines = [pictures.label(state.hovered), pictures.domain(state.hovered), ...view.facts(state.hovered)];
    box.replaceChildren(
      pictures.tile(state.hovered),
      element("strong", {}, pictures.names[state.hovered]),
      ...lines.filter(Boolean).map((line) => element("span", {}, line)),
    );
    const [x, y] = view.pixelOf(state.hovered);
    const left = x + GAP + box.offsetWidth > window.innerWidth ? x - GAP - box.offsetWidth : x + GAP;
    box.style.left = `${Math.max(4, left)}px`;
    box.style.top = `${Math.max(4, Math.min(y, window.innerHeight - box.offsetHeight - 8))}px`;
  });
  return box;
}
