import { button, choice, dot, element } from "../dom.js";
import { seen } from "../theme.js";

const MOST_FOUND = 8;
const LEAST_MAPS = 2;

/** @typedef {import("./maps.js").Maps} Maps */

/**
 * Returns what chooses the maps, their projection and colours, and searches.
 *
 * @param {Maps} maps
 * @param {{shown: boolean[], most: number, layOut: () => void, reset: () => void}} layout
 */
export function toolbar(maps, layout) {
  const { state } = maps;
  const mode = button("Select", () => {
    state.selecting = !state.selecting;
    mode.setAttribute("aria-pressed", String(state.selecting));
    state.tell("look");
  }, { "aria-pressed": false, title: "Draw around pictures to select them (or hold Shift)" });
  const row = element("div", { class: "row" });
  if (maps.projections.length > 1) {
    row.append(choice("Map", maps.projections.map(({ title }) => title), (index) => {
      state.projection = index;
      state.tell("look");
    }));
  }
  row.append(
    choice("Colour", maps.colourings.map(({ title }) => title), (index) => {
      [state.colouring, state.group] = [index, null];
      state.tell("look");
    }),
    mode,
    button("Show all", layout.reset, { title: "Undo all zooming" }),
    ...search(maps),
  );
  const tools = element("div", { class: "tools" }, row);
  if (maps.encoders.length > LEAST_MAPS) tools.prepend(encoderChoice(maps, layout));
  return tools;
}

/**
 * @param {Maps} maps
 * @param {{shown: boolean[], most: number, layOut: () => void}} layout
 */
function encoderChoice(maps, { shown, most, layOut }) {
  const boxes = maps.encoders.map((encoder, map) => {
    const box = element("input", { type: "checkbox" });
    box.checked = shown[map];
    box.addEventListener("change", () => {
      shown[map] = box.checked;
      check();
      layOut();
    });
    return { box, label: element("label", { class: "chip" }, box, dot(encoder.colour), encoder.name) };
  });
  const check = () => {
    const count = shown.filter(Boolean).length;
    boxes.forEach(({ box }) => {
      box.disabled = box.checked ? count <= LEAST_MAPS : count >= most;
    });
  };
  check();
  const name = `Encoders, ${LEAST_MAPS} to ${Math.min(most, maps.encoders.length)}`;
  return element("fieldset", {}, element("legend", {}, name), ...boxes.map(({ label }) => label));
}

/** @param {Maps} maps */
function search({ pictures, state }) {
  const input = element("input", { type: "search", placeholder: "part of a file name" });
  const answer = element("span", { class: "found", role: "status" });
  const found = () => state.found ?? new Set();
  input.addEventListener("input", () => {
    const text = input.value.trim().toLowerCase();
    const numbers = pictures.names.flatMap((name, number) => (name.toLowerCase().includes(text) ? [number] : []));
    const exact = pictures.numbers.get(input.value.trim());
    if (exact !== undefined) numbers.unshift(exact); // a set keeps the first place of each
    state.find(text ? new Set(numbers) : null);
    answer.replaceChildren(...(text ? answers() : []));
  });
  input.addEventListener("keydown", (event) => {
    const [first] = found();
    if (event.key === "Enter" && first !== undefined) state.choose(first, [...found()]);
  });
  const answers = () => [
    `${found().size} found `,
    ...[...found()].slice(0, MOST_FOUND).map((number) =>
      button(pictures.names[number], () => state.choose(number, [...found()]), { class: "link" }),
    ),
    ...(found().size ? [button("Select them", () => state.select(new Set(found())))] : []),
  ];
  return [element("label", { class: "choice" }, "Search ", input), answer];
}

/**
 * Returns the legend of what is the same on all maps; where it is not, each map has its own.
 *
 * @param {Maps} maps
 */
export function legend(maps) {
  const place = element("div", { class: "legend" });
  const fill = () => {
    const { isShared } = maps.colourings[maps.state.colouring];
    place.replaceChildren(...(isShared ? legendEntries(maps, 0) : []));
  };
  maps.state.listen((change) => {
    if (change === "look") fill();
    if (change === "marks") press(place, maps.state);
  });
  fill();
  return place;
}

/**
 * Returns the entries of a map's legend; each is a button that lets its pictures stand out.
 *
 * @param {Maps} maps
 * @param {number} map
 * @returns {Node[]}
 */
export function legendEntries(maps, map) {
  const { state } = maps;
  const paint = maps.colourings[state.colouring].paint(map);
  if (paint.scale) {
    const bar = element("span", { class: "scale" });
    bar.style.background = `linear-gradient(to right, ${paint.scale.colours.join(", ")})`;
    return [element("span", { class: "ends" }, paint.scale.low, bar, paint.scale.high)];
  }
  return paint.entries.map(({ text, style, code }) => {
    const key = `${state.colouring} ${map} ${code}`;
    const entry = button("", () => state.emphasise({ key, text, members: membersOf(paint, code) }), {
      "aria-pressed": state.group?.key === key, "data-key": key,
    });
    entry.append(dot(seen(style.colour), style.shape), text);
    return entry;
  });
}

/**
 * Shows which entry of a legend is pressed.
 *
 * @param {HTMLElement} legend
 * @param {import("../state.js").State} state
 */
export function press(legend, state) {
  for (const entry of legend.querySelectorAll("[data-key]")) {
    const pressed = entry.getAttribute("data-key") === state.group?.key;
    entry.setAttribute("aria-pressed", String(pressed));
  }
}

/**
 * @param {import("./colouring.js").Paint} paint
 * @param {number} code
 */
function membersOf(paint, code) {
  /** @type {Set<number>} */
  const members = new Set();
  for (let picture = 0; picture < paint.codes.length; picture += 1) {
    if (paint.codes[picture] === code) members.add(picture);
  }
  return members;
}
