import { NONE } from "../state.js";

const STILL = 4;
const WHEEL = 0.0016;

/** @typedef {import("./map_view.js").MapView} MapView */

/**
 * Lets pointers move, zoom and select: a drag moves, with Shift it selects; two fingers zoom.
 *
 * The wheel zooms once the map has been clicked, or with Ctrl; else it scrolls the page.
 *
 * @param {MapView} view
 */
export function listenToPointers(view) {
  const { field, camera, maps } = view;
  const { state } = maps;
  /** @type {Map<number, number[]>} */
  const down = new Map();
  let [moved, selects] = [0, false];

  field.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    field.focus({ preventScroll: true });
    field.setPointerCapture(event.pointerId);
    const [x, y] = placeOf(view, event);
    down.set(event.pointerId, [x, y]);
    [moved, selects] = [0, event.shiftKey || state.selecting];
    view.line = selects && down.size === 1 ? [[camera.toMapX(x), camera.toMapY(y)]] : [];
  });
  field.addEventListener("pointermove", (event) => {
    const here = placeOf(view, event);
    const before = down.get(event.pointerId);
    if (!before) return state.hover(view.pictureAt(here[0], here[1]));
    moved += Math.hypot(here[0] - before[0], here[1] - before[1]);
    if (down.size === 2) pinch(view, down, event.pointerId, here);
    else if (selects) view.line.push([camera.toMapX(here[0]), camera.toMapY(here[1])]);
    else if (moved > STILL) camera.pan(here[0] - before[0], here[1] - before[1]);
    down.set(event.pointerId, here);
    return selects ? view.drawMarks() : view.redraw();
  });
  field.addEventListener("pointerup", (event) => {
    if (!down.delete(event.pointerId)) return;
    const [x, y] = placeOf(view, event);
    if (moved > STILL) {
      if (selects && !down.size) view.selectInside(event.ctrlKey || event.metaKey);
      return;
    }
    view.line = [];
    const picture = view.pictureAt(x, y);
    if (selects && picture !== NONE) toggle(state, picture);
    else if (!selects) state.choose(picture === state.chosen ? NONE : picture);
  });
  field.addEventListener("pointercancel", (event) => {
    down.delete(event.pointerId);
    view.line = [];
    view.drawMarks();
  });
  field.addEventListener("pointerleave", () => state.hover(NONE));
  field.addEventListener("wheel", (event) => zoomByWheel(view, event), { passive: false });
}

/** @param {MapView} view @param {WheelEvent} event */
function zoomByWheel(view, event) {
  if (document.activeElement !== view.field && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const [x, y] = placeOf(view, event);
  view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 20 : 1) * WHEEL), x, y);
}

/** @param {MapView} view @param {MouseEvent} event */
function placeOf(view, event) {
  const box = view.field.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/**
 * @param {MapView} view
 * @param {Map<number, number[]>} down
 * @param {number} moving
 * @param {number[]} here where the moving finger is now
 */
function pinch(view, down, moving, here) {
  const before = down.get(moving) ?? here;
  const other = [...down].find(([finger]) => finger !== moving)?.[1] ?? here;
  const apart = Math.hypot(before[0] - other[0], before[1] - other[1]) || 1;
  const now = Math.hypot(here[0] - other[0], here[1] - other[1]) || 1;
  view.camera.pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
  view.zoom(now / apart, (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
}

/** @param {import("../state.js").State} state @param {number} picture */
function toggle(state, picture) {
  const selected = new Set(state.selected);
  if (!selected.delete(picture)) selected.add(picture);
  state.select(selected);
}

/**
 * Lets keys do all that pointers do.
 *
 * @param {MapView} view
 */
export function listenToKeys(view) {
  const { state } = view.maps;
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowLeft: () => view.step(-1, 0),
    ArrowRight: () => view.step(1, 0),
    ArrowUp: () => view.step(0, 1),
    ArrowDown: () => view.step(0, -1),
    "+": () => view.zoom(1.5),
    "=": () => view.zoom(1.5),
    "-": () => view.zoom(1 / 1.5),
    0: () => view.reset(),
    Enter: () => state.choose(state.hovered),
    " ": () => state.hovered !== NONE && toggle(state, state.hovered),
    Escape: () => {
      state.choose(NONE);
      state.select(new Set());
      state.emphasise(null);
    },
  };
  view.field.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}
