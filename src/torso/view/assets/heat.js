// A matrix as a picture of coloured cells: one stop of the keyboard, arrows move, each value is read aloud.
import { announce, h, visible } from "./dom.js";

const LABEL = 88; // px for the name of a row
const LEAST = 9; // px of a cell from which on names are drawn

/** Three numbers of a CSS colour as computed. */
function channels(text) {
  return (text.match(/[\d.]+/g) ?? ["0", "0", "0"]).slice(0, 3).map(Number);
}

/**
 * Draws shares of 0 to 1, or of -1 to 1, into pixels of a canvas: one for each cell.
 * @param {HTMLCanvasElement} canvas in the document, whose colours say what 0 and 1 look like
 */
export function paint(canvas, rows, columns, share, colours) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const [low, high, other] = colours;
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 4) {
      const value = share(row, column);
      const end = value < 0 ? other : high;
      const part = Math.min(1, Math.abs(value));
      for (let channel = 0; channel < 3; channel += 1) image.data[at + channel] = low[channel] + (end[channel] - low[channel]) * part;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

/** What 0, 1 and -1 look like now: of the element's background, colour and outline. */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  return [style.backgroundColor, style.color, style.outlineColor].map(channels);
}

/**
 * @typedef {object} Matrix
 * @property {string} label what it shows
 * @property {string[]} rowNames
 * @property {string[]} columnNames
 * @property {(row: number, column: number) => number} share 0 to 1 for the colour; negative in a difference
 * @property {(row: number, column: number) => string} describe a cell in words
 * @property {(row: number, column: number) => void} [move] called when the chosen cell changes
 */

/** An element that shows a matrix. @param {Matrix} matrix */
export function heat(matrix) {
  const rows = matrix.rowNames.length, columns = matrix.columnNames.length;
  const canvas = h("canvas", { "aria-hidden": "true" });
  const output = h("output.readout", {});
  const ink = h("i.ink", { "aria-hidden": "true" });
  const box = h("div.heat-box", {
    tabindex: "0", role: "application", "aria-label": matrix.label, "aria-roledescription": "heat map",
  }, canvas);
  const whole = h("div.heat", {}, ink, box, output);
  const cells = document.createElement("canvas");
  const place = { row: 0, column: 0, shown: false };
  let shape = { left: 0, top: 0, cell: 1 };

  function draw() {
    const room = Math.max(box.clientWidth - 2, 60);
    const named = Math.min(LABEL, room / 3);
    let cell = Math.min(26, Math.floor((room - named) / columns));
    const names = cell >= LEAST;
    if (!names) cell = Math.max(1, Math.min(26, Math.floor(room / columns)) || room / columns);
    const wide = names && matrix.columnNames.some((name) => visible(name, 8).length > 2);
    shape = { left: names ? named : 0, top: names ? (wide ? 58 : 20) : 0, cell };
    const width = shape.left + cell * columns + (wide ? 32 : 0), height = shape.top + cell * rows;
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.ceil(width * density);
    canvas.height = Math.ceil(height * density);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    paint(cells, rows, columns, matrix.share, coloursOf(ink));
    const context = canvas.getContext("2d");
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, shape.left, shape.top, cell * columns, cell * rows);
    if (names) drawNames(context, wide);
    if (place.shown) {
      const style = getComputedStyle(box);
      context.strokeStyle = style.accentColor === "auto" ? style.color : style.accentColor;
      context.lineWidth = 2;
      context.strokeRect(shape.left + place.column * cell, shape.top + place.row * cell, cell, cell);
    }
  }

  function drawNames(context, wide) {
    const style = getComputedStyle(box);
    context.fillStyle = style.color;
    context.font = `${Math.min(13, Math.max(9, shape.cell - 3))}px ${style.fontFamily}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    matrix.rowNames.forEach((name, row) =>
      context.fillText(visible(name, 9), shape.left - 5, shape.top + (row + 0.5) * shape.cell, shape.left - 6));
    matrix.columnNames.forEach((name, column) => {
      context.save();
      context.translate(shape.left + (column + 0.5) * shape.cell, shape.top - 5);
      if (wide) { context.rotate(-Math.PI / 3); context.textAlign = "left"; } else context.textAlign = "center";
      context.textBaseline = wide ? "middle" : "alphabetic";
      context.fillText(visible(name, 8), 0, 0, 60);
      context.restore();
    });
  }

  function go(row, column, aloud) {
    place.row = Math.max(0, Math.min(rows - 1, row));
    place.column = Math.max(0, Math.min(columns - 1, column));
    place.shown = true;
    output.textContent = matrix.describe(place.row, place.column);
    if (aloud) announce(output.textContent);
    matrix.move?.(place.row, place.column);
    draw();
  }

  function under(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - shape.left) / shape.cell);
    const row = Math.floor((event.clientY - box.top - shape.top) / shape.cell);
    if (row >= 0 && row < rows && column >= 0 && column < columns && (row !== place.row || column !== place.column || !place.shown)) go(row, column, false);
  }

  canvas.addEventListener("pointermove", under);
  canvas.addEventListener("pointerdown", under);
  box.addEventListener("focus", () => { if (!place.shown) go(0, 0, true); });
  box.addEventListener("keydown", (event) => {
    const { row, column } = place;
    const steps = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, columns - 1], PageUp: [row - 10, column], PageDown: [row + 10, column],
    };
    if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(...steps[event.key], true);
  });
  let seen = 0;
  new ResizeObserver(() => {
    if (box.clientWidth && Math.abs(box.clientWidth - seen) > 1) { seen = box.clientWidth; draw(); }
  }).observe(box);
  const again = () => { if (whole.isConnected) draw(); };
  document.addEventListener("torso-scheme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  if (rows && columns) output.textContent = "\u00a0";
  return whole;
}
