/** @typedef {{type: "uint16" | "uint32" | "int16" | "float32", data: string}} Packed */

const ARRAYS = { uint16: Uint16Array, uint32: Uint32Array, int16: Int16Array, float32: Float32Array };

/**
 * Returns the record that the page holds for a section; null where it has none.
 *
 * @param {string} section
 * @returns {any}
 */
export function recordOf(section) {
  const holder = document.querySelector(`script[data-for="${section}"]`);
  return holder ? JSON.parse(holder.textContent ?? "null") : null;
}

/**
 * Returns the numbers of a packed array.
 *
 * @param {Packed} packed
 * @returns {Uint16Array | Uint32Array | Int16Array | Float32Array}
 */
export function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed.data), (sign) => sign.charCodeAt(0));
  return new ARRAYS[packed.type](bytes.buffer);
}
