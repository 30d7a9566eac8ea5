import { seen } from "../theme.js";

const DIM = 0.13;
const MOST_THUMBNAILS = 70;
const THUMBNAIL = 40;

/**
 * Returns the radius of a point in pixels: small where there are many, larger when zoomed in.
 *
 * @param {number} count
 * @param {import("./camera.js").Camera} camera
 */
export function radiusOf(count, camera) {
  const room = Math.sqrt((camera.width * camera.height) / Math.max(count, 1));
  return Math.min(Math.max(room * 0.2, 1.6), 5) * Math.min(camera.zoom ** 0.35, 2.4);
}

/**
 * @typedef {object} Scene what a map shows
 * @property {Float32Array} plane
 * @property {import("./colouring.js").Paint} paint
 * @property {import("./camera.js").Camera} camera
 * @property {(picture: number) => boolean} stands
 */

/**
 * Draws the points of a map, those that stand out above the others.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export function drawPoints(context, { plane, paint, camera, stands }) {
  const ratio = devicePixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  const radius = radiusOf(plane.length / 2, camera) * ratio;
  const stamps = paint.styles.map((style) => stamp(style.shape, seen(style.colour), radius));
  const half = stamps.length ? stamps[0].width / 2 : 0;
  const [width, height] = [context.canvas.width + half, context.canvas.height + half];
  const draw = (/** @type {boolean} */ standing) => {
    for (let picture = 0; picture < plane.length / 2; picture += 1) {
      if (stands(picture) !== standing) continue;
      const x = camera.toScreenX(plane[2 * picture]) * ratio;
      const y = camera.toScreenY(plane[2 * picture + 1]) * ratio;
      if (x < -half || y < -half || x > width || y > height) continue;
      context.drawImage(stamps[paint.codes[picture]], Math.round(x - half), Math.round(y - half));
    }
  };
  context.globalAlpha = DIM;
  draw(false);
  context.globalAlpha = 0.85;
  draw(true);
  context.globalAlpha = 1;
}

/**
 * Draws the pictures themselves where few are in sight, each framed in its colour.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {import("../sheets.js").Sheets} sheets
 * @returns {number} how many
 */
export function drawThumbnails(context, { plane, paint, camera, stands }, sheets) {
  const inSight = [];
  for (let picture = 0; picture < plane.length / 2; picture += 1) {
    const x = camera.toScreenX(plane[2 * picture]);
    const y = camera.toScreenY(plane[2 * picture + 1]);
    const isOutside = x < 0 || y < 0 || x > camera.width || y > camera.height;
    if (!isOutside) inSight.push({ picture, x, y });
    if (inSight.length > MOST_THUMBNAILS) return 0;
  }
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  let drawn = 0;
  for (const { picture, x, y } of inSight) {
    const tile = sheets.tile(picture);
    if (!tile) continue;
    const [left, top] = [x - THUMBNAIL / 2, y - THUMBNAIL / 2];
    context.globalAlpha = stands(picture) ? 1 : 2 * DIM;
    context.fillStyle = seen(paint.styles[paint.codes[picture]].colour);
    context.fillRect(left - 2, top - 2, THUMBNAIL + 4, THUMBNAIL + 4);
    context.drawImage(tile.image, tile.x, tile.y, tile.size, tile.size, left, top, THUMBNAIL, THUMBNAIL);
    drawn += 1;
  }
  context.globalAlpha = 1;
  return drawn;
}

/**
 * Returns one point as a small picture: it is drawn once, and copied for each picture.
 *
 * @param {string} shape
 * @param {string} colour
 * @param {number} radius
 */
function stamp(shape, colour, radius) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(2 * radius) + 4;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const middle = canvas.width / 2;
  context.translate(middle, middle);
  context.fillStyle = colour;
  context.beginPath();
  if (shape === "circle") context.arc(0, 0, radius, 0, 2 * Math.PI);
  else for (const [x, y] of corners(shape)) context.lineTo(x * radius, y * radius);
  context.fill();
  return canvas;
}

/**
 * Returns the corners of a shape around 0, about as large as a circle of radius 1.
 *
 * @param {string} shape
 */
function corners(shape) {
  if (shape === "square") return [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]];
  if (shape === "diamond") return [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]];
  return [[0, -1.25], [1.15, 0.8], [-1.15, 0.8]];
}

/**
 * Draws rings around pictures, and the line of a selection.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} plane
 * @param {import("./camera.js").Camera} camera
 * @param {{picture: number, colour: string, width: number}[]} spots
 * @param {{line: number[][], colour: string}} around
 */
export function drawMarks(context, plane, camera, spots, { line, colour }) {
  const ratio = devicePixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const radius = radiusOf(plane.length / 2, camera);
  for (const spot of spots) {
    const x = camera.toScreenX(plane[2 * spot.picture]);
    const y = camera.toScreenY(plane[2 * spot.picture + 1]);
    context.lineWidth = spot.width;
    context.strokeStyle = spot.colour;
    context.beginPath();
    context.arc(x, y, radius + 1 + spot.width, 0, 2 * Math.PI);
    context.stroke();
  }
  if (line.length < 2) return;
  context.beginPath();
  for (const [x, y] of line) context.lineTo(camera.toScreenX(x), camera.toScreenY(y));
  context.closePath();
  context.lineWidth = 1.5;
  context.strokeStyle = context.fillStyle = colour;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 0.1;
  context.fill();
  context.globalAlpha = 1;
}
