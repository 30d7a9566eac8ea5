import { button, dot, element } from "../dom.js";
import { NONE } from "../state.js";
import { Camera } from "./camera.js";
import { clusterName } from "./colouring.js";
import { drawMarks, drawPoints, drawThumbnails, radiusOf } from "./drawing.js";
import { listenToKeys, listenToPointers } from "./gestures.js";
import { Grid, isInside, nextInDirection } from "./grid.js";
import { legendEntries, press } from "./toolbar.js";

const REACH = 14;
const STEP = 1.5;
const MOST_RINGS = 30;

/** The map of one encoder: a canvas of points, and one above it for what is pointed at. */
export class MapView {
  /**
   * @param {import("./maps.js").Maps} maps
   * @param {number} map its number
   */
  constructor(maps, map) {
    this.maps = maps;
    this.map = map;
    this.encoder = maps.encoders[map];
    this.camera = new Camera();
    /** @type {Map<Float32Array, Grid>} */
    this.grids = new Map();
    /** @type {number[][]} The line of a selection, in places of the map. */
    this.line = [];
    this.waits = false;
    this.points = element("canvas", { "aria-hidden": true });
    this.marks = element("canvas", { "aria-hidden": true });
    this.field = element(
      "div",
      {
        class: "field", tabindex: 0, role: "application", "aria-roledescription": "map",
        "aria-label": `Map of ${this.encoder.name}: arrows go from picture to picture, Enter opens, Space selects, + and - zoom, 0 shows all`,
      },
      this.points,
      this.marks,
    );
    this.key = element("div", { class: "legend" });
    this.root = element("figure", { class: "map", "data-encoder": this.encoder.name }, this.head(), this.field, this.key);
    new ResizeObserver(() => this.fit()).observe(this.field);
    maps.state.listen((change) => this.hear(change));
    listenToPointers(this);
    listenToKeys(this);
    this.fillKey();
  }

  head() {
    const name = this.encoder.name;
    return element(
      "figcaption",
      {},
      element("span", { class: "who" }, dot(this.encoder.colour), element("span", {}, name)),
      element(
        "span",
        { class: "zoom" },
        button("+", () => this.zoom(STEP), { "aria-label": `Zoom into the map of ${name}` }),
        button("\u2212", () => this.zoom(1 / STEP), { "aria-label": `Zoom out of the map of ${name}` }),
        button("\u2922", () => this.reset(), { "aria-label": `Show all of the map of ${name}` }),
      ),
    );
  }

  get plane() {
    return this.maps.projections[this.maps.state.projection].planes[this.map];
  }

  get paint() {
    return this.maps.colourings[this.maps.state.colouring].paint(this.map);
  }

  /** @param {import("../state.js").Change} change */
  hear(change) {
    if (change === "look") this.fillKey();
    if (change === "marks") press(this.key, this.maps.state);
    if (change === "hover") this.drawMarks();
    else this.redraw();
  }

  fillKey() {
    const colouring = this.maps.colourings[this.maps.state.colouring];
    const entries = colouring.isShared ? [] : legendEntries(this.maps, this.map);
    this.key.replaceChildren(...entries);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.field;
    if (!width || !height) return;
    [this.camera.width, this.camera.height] = [width, height];
    for (const canvas of [this.points, this.marks]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    this.draw();
  }

  reset() {
    this.camera.reset();
    this.redraw();
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x, y) {
    this.camera.zoomAt(factor, x, y);
    this.redraw();
  }

  /** Draws before the next picture of the screen, once, however often it is asked to. */
  redraw() {
    this.field.classList.toggle("zoomed", this.camera.zoom > 1);
    this.field.classList.toggle("selecting", this.maps.state.selecting);
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      this.draw();
    });
  }

  draw() {
    if (!this.root.isConnected) return;
    const { state } = this.maps;
    const context = this.points.getContext("2d");
    if (!context) return;
    const scene = {
      plane: this.plane ?? new Float32Array(0),
      paint: this.paint,
      camera: this.camera,
      stands: (/** @type {number} */ picture) => state.stands(picture),
    };
    drawPoints(context, scene);
    const isZoomed = this.camera.zoom > 1;
    const thumbnails = isZoomed ? drawThumbnails(context, scene, this.maps.sheets) : 0;
    this.field.dataset.thumbnails = String(thumbnails);
    this.field.dataset.drawn = String((this.plane?.length ?? 0) / 2);
    this.drawMarks();
  }

  drawMarks() {
    const context = this.marks.getContext("2d");
    if (!context || !this.root.isConnected || !this.plane) return;
    const { state } = this.maps;
    const [ink, accent] = this.inks();
    const count = this.plane.length / 2;
    // Many rings would hide what they mark; all others are dimmed anyway.
    const ringed = state.selected.size > MOST_RINGS ? [] : [...state.selected];
    const spots = ringed.map((picture) => ({ picture, colour: ink, width: 1.2 }));
    if (state.chosen !== NONE) spots.push({ picture: state.chosen, colour: accent, width: 4 });
    if (state.hovered !== NONE) spots.push({ picture: state.hovered, colour: ink, width: 2.5 });
    const drawn = spots.filter(({ picture }) => picture < count);
    drawMarks(context, this.plane, this.camera, drawn, { line: this.line, colour: accent });
    const marked = [state.chosen, state.hovered].filter((picture) => picture >= 0 && picture < count);
    this.field.dataset.marked = marked.map((picture) => this.maps.pictures.names[picture]).join("\n");
  }

  inks() {
    const style = getComputedStyle(this.field);
    return [style.getPropertyValue("--ink").trim(), style.getPropertyValue("--accent").trim()];
  }

  /**
   * Returns the picture at a pixel; NONE without one.
   *
   * @param {number} x
   * @param {number} y
   */
  pictureAt(x, y) {
    const plane = this.plane;
    if (!plane) return NONE;
    let grid = this.grids.get(plane);
    if (!grid) this.grids.set(plane, (grid = new Grid(plane)));
    const reach = Math.max(REACH, radiusOf(plane.length / 2, this.camera)) / this.camera.scale;
    return grid.nearest(this.camera.toMapX(x), this.camera.toMapY(y), reach);
  }

  /**
   * Returns the pixel of a picture in the window.
   *
   * @param {number} picture
   */
  pixelOf(picture) {
    const box = this.field.getBoundingClientRect();
    const plane = this.plane ?? new Float32Array(0);
    return [
      box.left + this.camera.toScreenX(plane[2 * picture]),
      box.top + this.camera.toScreenY(plane[2 * picture + 1]),
    ];
  }

  /** Selects what the line goes around; with `adds`, beside what is selected. @param {boolean} adds */
  selectInside(adds) {
    const plane = this.plane ?? new Float32Array(0);
    const inside = new Set(adds ? this.maps.state.selected : []);
    for (let picture = 0; picture < plane.length / 2; picture += 1) {
      if (isInside(this.line, plane[2 * picture], plane[2 * picture + 1])) inside.add(picture);
    }
    this.line = [];
    this.maps.state.select(inside);
  }

  /** Points at the next picture in a direction. @param {number} right @param {number} up */
  step(right, up) {
    const { state } = this.maps;
    const plane = this.plane;
    if (!plane) return;
    const from = state.hovered !== NONE ? state.hovered : state.chosen;
    const near = new Grid(plane).nearest(this.camera.x, this.camera.y, 2);
    state.hover(from >= 0 && from < plane.length / 2 ? nextInDirection(plane, from, right, up) : near);
    this.keepInSight(state.hovered);
  }

  /** @param {number} picture */
  keepInSight(picture) {
    const plane = this.plane;
    if (!plane || picture < 0) return;
    const x = this.camera.toScreenX(plane[2 * picture]);
    const y = this.camera.toScreenY(plane[2 * picture + 1]);
    const { width, height } = this.camera;
    if (x < 0 || y < 0 || x > width || y > height) {
      this.camera.pan(width / 2 - x, height / 2 - y);
      this.redraw();
    }
  }

  /** What is said of a picture on this map. @param {number} picture */
  facts(picture) {
    const facts = [clusterName(this.encoder, this.encoder.clusters[picture])];
    const silhouette = this.encoder.silhouettes?.[picture] ?? NaN;
    if (!Number.isNaN(silhouette)) facts.push(`silhouette ${silhouette.toFixed(2)}`);
    return facts;
  }
}
