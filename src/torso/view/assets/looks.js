// Looks: a text in a model. Each of its numbers is asked for once, when something first shows it.
import { getBytes, getJson, postJson } from "./api.js";

const kept = new Map();

/** A look; what it holds is asked for by `source`, a function of a path that gives JSON or bytes. */
export class Look {
  constructor(summary, source, milliseconds) {
    this.summary = summary;
    this.source = source;
    this.milliseconds = milliseconds;
    this.parts = summary.parts;
    this.held = new Map();
  }

  ask(path, binary = false) {
    if (!this.held.has(path)) this.held.set(path, this.source(path, binary).catch((error) => {
      this.held.delete(path);
      throw error;
    }));
    return this.held.get(path);
  }

  part(name) {
    return this.parts.find((each) => each.name === name) ?? this.parts[0];
  }

  /** The tokens of the rows and of the columns. */
  axes(name) {
    const { tokens, target_tokens: target } = this.summary;
    if (name === "decoder") return [target, target];
    return name === "cross" ? [target, tokens] : [tokens, tokens];
  }

  /** Weights of a layer: shares of each row's largest as bytes, and those. */
  async attention(layer, name) {
    const buffer = await this.ask(`attention/${layer}?part=${name}`, true);
    const [rows, columns] = this.axes(name).map((tokens) => tokens.length);
    const heads = this.part(name).heads;
    const size = heads * rows * columns;
    return { heads, rows, columns, shares: new Uint8Array(buffer, 0, size), largest: new Float32Array(buffer.slice(size)) };
  }
}

/** Runs a text, or gives the look that is there. */
export function lookAt(model, text, pair, changes = {}) {
  const key = JSON.stringify([model, text, pair, changes]);
  if (!kept.has(key)) {
    const made = postJson("/look", { model, text, pair: pair || null, changes }).then((summary) =>
      new Look(summary, async (path, binary) => {
        try {
          return await (binary ? getBytes : getJson)(`/look/${summary.id}/${path}`);
        } catch (error) {
          if (error.parts?.code === "E_LOOK_GONE") kept.delete(key);
          throw error;
        }
      }, summary.milliseconds));
    kept.set(key, made);
    made.catch(() => kept.delete(key));
    if (kept.size > 12) kept.delete(kept.keys().next().value);
  }
  return kept.get(key);
}

/** The weights [rows, columns] of one head, or the mean of all for -1. */
export function headWeights(data, head) {
  const { rows, columns, shares, largest } = data;
  const found = new Float32Array(rows * columns);
  const chosen = head < 0 ? [...Array(data.heads).keys()] : [head];
  for (const each of chosen) {
    for (let row = 0; row < rows; row += 1) {
      const scale = largest[each * rows + row] / 255 / chosen.length;
      const at = (each * rows + row) * columns;
      for (let column = 0; column < columns; column += 1) found[row * columns + column] += shares[at + column] * scale;
    }
  }
  return found;
}
