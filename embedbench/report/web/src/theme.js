/** Colours as they are seen: on a dark ground what is dark becomes brighter. */

const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * Calls when the ground turns dark or light.
 *
 * @param {() => void} change
 */
export function onThemeChange(change) {
  dark.addEventListener("change", change);
}

/**
 * Returns a colour as it is drawn.
 *
 * @param {string} colour `#rrggbb`
 */
export function seen(colour) {
  if (!dark.matches) return colour;
  const [red, green, blue] = channels(colour);
  const light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  const white = Math.max(0, 0.5 - light);
  return asColour([red, green, blue].map((value) => value + (255 - value) * white));
}

/** @param {string} colour `#rrggbb` */
export function channels(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

/** @param {number[]} values red, green and blue, 0 to 255 */
export function asColour(values) {
  return `#${values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}
