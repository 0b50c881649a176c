// The server around the page: queue, rates, memory.
import { getJson } from "./api.js";
import { bytes, failure, foreign, h, table } from "./dom.js";
import { t } from "./words.js";

/** @param {boolean} served */
export async function serverView(served) {
  if (!served) return h("p", {}, t("server.none", { command: "torso serve MODEL" }));
  const place = h("div", {});
  const step = async () => {
    try {
      const { rows } = await getJson("/server");
      const focused = place.contains(document.activeElement);
      if (!focused) place.replaceChildren(table(t("server.table"), [t("server.name"), t("model.value"), t("server.limit")],
        rows.map((row) => [[t("row." + row.name), row.model && h("span.quiet", {}, " ", foreign(row.model, 80))], shown(row, row.value), row.of === null ? "" : shown(row, row.of)]), { right: [1, 2], head: 0, class: "state" }));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
    if (place.isConnected) setTimeout(step, 2000);
  };
  await step();
  return place;
}

function shown(row, value) {
  if (row.unit === "bytes") return bytes(value);
  if (row.name === "state") return t("serving." + value);
  return `${value.toLocaleString()} ${row.unit && t("unit." + row.unit)}`;
}
