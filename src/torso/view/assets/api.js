// Requests to the server that the page came from, and to no other.
import { languageNow } from "./state.js";

let token = null;

/** The token of this start of the server: from the address, from before a reload, or from the page. */
export function takeToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const meta = document.querySelector('meta[name="torso-token"]');
  token = fragment.get("token") || (meta && meta.content) || sessionStorage.getItem("torso-token") || "";
  if (fragment.has("token")) {
    fragment.delete("token");
    history.replaceState(null, "", "#" + fragment);
  }
  sessionStorage.setItem("torso-token", token);
}

async function request(method, path, body, signal) {
  const address = new URL("view/api" + path, document.baseURI);
  const language = languageNow();
  if (language) address.searchParams.set("lang", language);
  const headers = { "x-torso-token": token };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(address, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.ok) return answer;
  const failed = new Error(`${answer.status}`);
  try {
    failed.parts = (await answer.json()).error;
    failed.message = failed.parts.what;
  } catch {
    failed.message = answer.status === 403 ? "403: reload the page, or open it with the address that torso view or torso serve printed" : `HTTP ${answer.status}`;
  }
  throw failed;
}

export const getJson = async (path, signal) => (await request("GET", path, undefined, signal)).json();
export const postJson = async (path, body, signal) => (await request("POST", path, body, signal)).json();
export const deleteJson = async (path) => (await request("DELETE", path)).json();
export const getBytes = async (path) => (await request("GET", path)).arrayBuffer();

async function eachLine(answer, take) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    rest += value;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) take(line);
  }
}

/** Calls `take` with each line of JSON of a streamed answer. */
export async function postLines(path, body, take, signal) {
  await eachLine(await request("POST", path, body, signal), (line) => take(JSON.parse(line)));
}

/** Calls `take` with each of a stream of server-sent events; EventSource could not carry the token. */
export async function getEvents(path, take, signal) {
  await eachLine(await request("GET", path, undefined, signal), (line) => { if (line.startsWith("data: ")) take(JSON.parse(line.slice(6))); });
}
