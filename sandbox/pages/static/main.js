/** Draws the page that the shell asks for. */

import { mountAgent } from "./agent.js";
import { el, icon } from "./dom.js";
import { call, connect } from "./live.js";
import { mountPhone } from "./phone.js";

const { view, provider, baseUrl, platformUrl } = document.body.dataset;
const main = document.getElementById("main");

for (const anchor of document.querySelectorAll("[data-platform]")) {
  anchor.href = platformUrl + anchor.dataset.platform;
  anchor.target = "_blank";
  anchor.rel = "noopener";
}
document.querySelector(`[data-page="${view}"]`)?.setAttribute("aria-current", "page");

const part = (className, label) => main.appendChild(el("section", { class: className, "aria-label": label }));

function tile(href, iconName, title, words) {
  return el("a", { class: "tile", href }, icon(iconName), el("strong", {}, title), el("span", {}, words));
}

/** A tile for each kind of phone that the sandbox has. */
async function phoneTiles() {
  const answer = await call("GET", "/control/providers");
  return (answer?.providers ?? []).map(({ provider: slug, title, look }) =>
    tile(`/phone/${encodeURIComponent(slug)}`, "phone", `${title} phone`, look === "sms" ? "A consumer who texts a number." : `A consumer who writes through ${title}.`),
  );
}

const views = {
  index() {
    const agent = tile("/agent", "join", "Agent workspace", "The queue, the conversation, and what is known of the consumer.");
    part("index", "Pages").append(
      el("h1", {}, "Both ends of the conversation"),
      el("p", { class: "lead" }, "The sandbox plays the messaging platforms and LivePerson, so that you can watch a message travel through the platform and back."),
      el(
        "div",
        { class: "tiles" },
        tile("/demo", "chat", "Demo", "The consumer's phone and the agent workspace, side by side."),
        agent,
      ),
    );
    phoneTiles().then((tiles) => agent.before(...tiles));
  },
  demo() {
    const phone = part("phone-part", "The consumer's phone"), agent = part("agent-part", "Agent workspace");
    mountPhone(phone, { baseUrl, platformUrl, withAgents: true });
    mountAgent(agent);
  },
  phone() {
    mountPhone(part("phone-part", "The consumer's phone"), { provider, baseUrl, platformUrl });
  },
  agent() {
    mountAgent(part("agent-part", "Agent workspace"));
  },
};

main.className = `view-${view}`;
views[view]();
connect();
