/** Where a map is looked at: places on it run from -1 to 1 both ways, upwards and to the right. */

const MOST_ZOOM = 60;
const MARGIN = 0.94;

export class Camera {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.reset();
  }

  reset() {
    this.x = 0;
    this.y = 0;
    this.zoom = 1;
  }

  /** Pixels for a length of 1. */
  get scale() {
    return (Math.min(this.width, this.height) / 2) * MARGIN * this.zoom;
  }

  /** @param {number} x */
  toScreenX(x) {
    return (x - this.x) * this.scale + this.width / 2;
  }

  /** @param {number} y */
  toScreenY(y) {
    return this.height / 2 - (y - this.y) * this.scale;
  }

  /** @param {number} x */
  toMapX(x) {
    return (x - this.width / 2) / this.scale + this.x;
  }

  /** @param {number} y */
  toMapY(y) {
    return (this.height / 2 - y) / this.scale + this.y;
  }

  /**
   * Moves the map by pixels.
   *
   * @param {number} right
   * @param {number} down
   */
  pan(right, down) {
    this.x -= right / this.scale;
    this.y += down / this.scale;
    this.keepInside();
  }

  /**
   * Zooms; what is at a pixel stays there.
   *
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  zoomAt(factor, x = this.width / 2, y = this.height / 2) {
    const [mapX, mapY] = [this.toMapX(x), this.toMapY(y)];
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    this.x += mapX - this.toMapX(x);
    this.y += mapY - this.toMapY(y);
    this.keepInside();
  }

  keepInside() {
    const reach = 1 - 1 / this.zoom;
    this.x = Math.min(Math.max(this.x, -reach), reach);
    this.y = Math.min(Math.max(this.y, -reach), reach);
  }
}
