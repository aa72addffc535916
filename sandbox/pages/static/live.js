/** The control API, and the feed of changes that keeps every part of a page as the sandbox is now. */

/** Call the control API; refusals become notices and null. */
export async function call(method, path, body) {
  try {
    return await ask(method, path, body);
  } catch (error) {
    notify(error.message);
    return null;
  }
}

/** Call the control API; a refusal throws its sentence. */
export async function ask(method, path, body) {
  const options = { method };
  if (body !== undefined) Object.assign(options, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The sandbox does not answer.");
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = { error: text };
  }
  if (!response.ok) throw new Error(answer?.error ?? answer?.message ?? `The sandbox answered ${response.status}.`);
  return answer;
}

/** Show a sentence for a few seconds; the same one is not shown twice at once. */
export function notify(sentence) {
  const box = document.getElementById("notices");
  if ([...box.children].some((note) => note.textContent === sentence)) return;
  const note = document.createElement("p");
  note.textContent = sentence;
  box.append(note);
  setTimeout(() => note.remove(), 6000);
}

const followers = [];
let source = null;

/** Run `onChange(data)` at each change of `topic`, and `onOpen()` whenever the feed (re)opens and what is shown may be stale. */
export function follow(topic, onChange, onOpen = () => {}) {
  followers.push({ topic, onChange, onOpen });
}

/** Open the feed. Call it once everything follows. */
export function connect() {
  source = new EventSource("/events");
  source.addEventListener("open", () => {
    state("open", "Live");
    for (const follower of followers) follower.onOpen();
  });
  source.addEventListener("error", () => state("closed", "Reconnecting…"));
  for (const topic of new Set(followers.map((follower) => follower.topic))) {
    source.addEventListener(topic, (event) => {
      const data = JSON.parse(event.data);
      for (const follower of followers) if (follower.topic === topic) follower.onChange(data);
    });
  }
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function state(name, words) {
  const live = document.getElementById("live");
  live.dataset.state = name;
  live.querySelector("span").textContent = words;
}
