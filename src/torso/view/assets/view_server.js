// The server around the page: queue, rates, memory.
import { getJson } from "./api.js";
import { failure, h, table, foreign } from "./dom.js";
import { t } from "./words.js";

/** @param {boolean} served */
export async function serverView(served) {
  if (!served) return h("p", {}, t("server.none", { command: "torso serve MODEL" }));
  const place = h("div", {});
  const step = async () => {
    try {
      const { rows } = await getJson("/server");
      const focused = place.contains(document.activeElement);
      if (!focused) place.replaceChildren(table(t("server.table"), [t("server.name"), t("model.value")],
        rows.map((row) => [foreign(row.name, 80), `${row.value} ${row.unit ?? ""}`]), { right: [1], head: 0 }));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
    if (place.isConnected) setTimeout(step, 2000);
  };
  await step();
  return place;
}
