// Where the model looked, drawn over the photo: a coarse grid of values, smoothed, in the place that the model saw.

const LONG_SIDE = 384; // pixels of the drawing; the browser stretches it with the photo

// value in [0, 1] -> red, green, blue, opacity; straight lines between
const RAMP = [
  [0.0, 250, 226, 150, 0.0],
  [0.35, 250, 206, 96, 0.42],
  [0.65, 242, 132, 36, 0.68],
  [1.0, 206, 38, 12, 0.82],
];

/** The colour of a value: red, green and blue in [0, 255], opacity in [0, 1]. */
export function colour(value) {
  const v = Math.min(Math.max(value, 0), 1);
  const at = Math.max(RAMP.findIndex(([from]) => v <= from), 1);
  const [low, high] = [RAMP[at - 1], RAMP[at]];
  const t = (v - low[0]) / (high[0] - low[0]);
  return low.slice(1).map((c, i) => c + t * (high[i + 1] - c));
}

/** Draw `heat` ({rows, columns, values, box}) for a photo of `width` by `height` pixels into `canvas`. */
export function drawHeat(canvas, heat, width, height) {
  const scale = LONG_SIDE / Math.max(width, height);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const [left, top, right, bottom] = heat.box;
  const [x, y] = [left * canvas.width, top * canvas.height];
  const [w, h] = [(right - left) * canvas.width, (bottom - top) * canvas.height];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(grid(heat), x, y, w, h);
}

function grid({ rows, columns, values }) {
  const small = document.createElement("canvas");
  small.width = columns;
  small.height = rows;
  const pixels = new ImageData(columns, rows);
  values.forEach((value, i) => {
    const [r, g, b, a] = colour(value);
    pixels.data.set([r, g, b, 255 * a], 4 * i);
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  return small;
}
