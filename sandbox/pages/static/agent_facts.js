/** What is known of a conversation and its consumer, in words for the agent. */

import { avatar, clock, dayAndClock, el, icon } from "./dom.js";
import { ask } from "./live.js";
import { capital, flattened, humanized, sdeRows } from "./sde_words.js";

const SDE_TITLES = { ctmrinfo: "Customer", personal: "Personal", marketingInfo: "Marketing", lead: "Lead", purchase: "Purchase", error: "Error", service: "Service" };

/** Names for demonstrations; an account that has skills of its own replaces them. */
const SAMPLE_SKILLS = { 1001: "Sales", 1002: "Support", 1003: "Billing" };
const WORKSPACE_AGENT = "agent"; // who this page acts as, at every account
let skills = SAMPLE_SKILLS;
let agents = new Map(); // account id -> its agents

/** Learn the skills and the agents of the accounts. */
export async function loadAccounts() {
  const answer = await ask("GET", "/control/accounts");
  const registered = Object.assign({}, ...answer.apps.map((app) => app.skills ?? {}));
  skills = Object.keys(registered).length ? registered : SAMPLE_SKILLS;
  const ids = [...new Set(answer.apps.map((app) => app.account_id))];
  agents = new Map(await Promise.all(ids.map(async (id) => [id, (await ask("GET", `/control/accounts/${encodeURIComponent(id)}/agents`)).agents])));
}

export function knownSkills() {
  return Object.keys(skills);
}

/** The other agents and bots of the conversation's account. */
export function colleagues({ accountId }) {
  return (agents.get(accountId) ?? []).filter((agent) => agent.username !== WORKSPACE_AGENT);
}

/** Whether another agent or bot than this page has the conversation; its name then. */
export function heldBy(conversation) {
  const other = colleagues(conversation).find((agent) => agent.pid === conversation.agentId);
  return other?.username ?? null;
}

export function agentName(conversation, agentId) {
  if (!agentId) return "";
  return (agents.get(conversation.accountId) ?? []).find((agent) => agent.pid === agentId)?.username ?? agentId;
}

export function skillName(skillId) {
  if (skillId === null || skillId === undefined || skillId === "" || String(skillId) === "-1") return "No skill";
  return skills[skillId] ? `${skills[skillId]} (${skillId})` : `Skill ${skillId}`;
}

export function consumerName({ consumer }) {
  const profile = consumer.profile ?? {};
  const names = [profile.firstName, profile.lastName].filter(Boolean).join(" ");
  if (names) return names;
  for (const sde of consumer.sdes ?? []) {
    const personal = [sde.personal?.firstname, sde.personal?.lastname].filter(Boolean).join(" ");
    if (personal) return personal;
  }
  const socialId = (consumer.sdes ?? []).map((sde) => sde.info?.socialId).find(Boolean);
  return profile.nickName || profile.privateData?.mobileNum || socialId || consumer.extConsumerId || consumer.id || "Consumer";
}

/** Through what the consumer writes, as the connector told LivePerson. */
export function source(conversation) {
  const properties = conversation.clientProperties ?? {};
  return properties.integration || properties.appId || "";
}

/** Whether the agent's part is over: a survey may still be under way. */
export function isClosed(conversation) {
  return conversation.stage === "CLOSE" || conversation.state === "CLOSE";
}

/** Waiting for an agent, being answered, in its survey, or closed. */
export function stateOf(conversation) {
  if (conversation.stage === "CLOSE") return { key: "closed", words: "Closed" };
  if (conversation.state === "CLOSE") return { key: "survey", words: "Survey" };
  if (conversation.agentId) return { key: "active", words: "Active" };
  return conversation.suggestedId ? { key: "waiting", words: "Offered" } : { key: "waiting", words: "Waiting" };
}

/** The conversation that an agent resumed by beginning this one. */
export function resumedFrom({ context }) {
  return context?.originConversationId ?? null;
}

export function unread(conversation) {
  if (isClosed(conversation)) return [];
  return conversation.messages.filter((message) => message.role === "CONSUMER" && !message.status?.read);
}

export function lastAt(conversation) {
  return conversation.messages.at(-1)?.at_ms ?? conversation.updated_ms ?? conversation.started_ms ?? 0;
}

/** What was written or sent, in a few words. */
export function inWords(message) {
  if (message.text) return message.text.split("\n").join(" · ");
  return { file: "File", rich: "Structured content", form: "Secure form" }[message.type] ?? "Message";
}

/** The queue by skill: the open conversations of each, then what is closed. Parts of the kinds `heading` and `conversation`. */
export function queueParts(all) {
  const groups = new Map();
  for (const conversation of all) {
    const name = isClosed(conversation) ? "Closed" : skillName(conversation.skillId);
    groups.set(name, [...(groups.get(name) ?? []), conversation]);
  }
  const last = (name) => (name === "Closed" ? 2 : name === "No skill" ? 1 : 0);
  const names = [...groups.keys()].sort((one, other) => last(one) - last(other) || one.localeCompare(other));
  return names.flatMap((name) => {
    const inside = groups.get(name).sort((one, other) => lastAt(other) - lastAt(one));
    return [{ kind: "heading", name, count: inside.length }, ...inside.map((conversation) => ({ kind: "conversation", conversation }))];
  });
}

export function drawQueueHeading({ name, count }) {
  return el("li", { class: "skill" }, el("h3", {}, name), el("span", {}, String(count)));
}

/** One row of the queue. */
export function drawQueueItem(conversation, selected, select) {
  const name = consumerName(conversation), state = stateOf(conversation), count = unread(conversation).length, from = source(conversation);
  const last = conversation.messages.at(-1), holder = heldBy(conversation);
  const preview = conversation.consumerTyping ? "is typing…" : last ? inWords(last) : resumedFrom(conversation) ? "Resumed" : "No messages yet";
  return el(
    "li",
    { dataset: { conversationId: conversation.conversationId, state: state.key }, class: selected ? "selected" : "" },
    el(
      "button",
      { type: "button", "aria-current": selected ? "true" : null, tabindex: selected ? "0" : "-1", on: { click: select } },
      avatar(name),
      el("span", { class: "who" }, el("strong", {}, name), el("time", {}, lastAt(conversation) ? clock(lastAt(conversation)) : "")),
      el("span", { class: "preview" }, preview),
      el(
        "span",
        { class: "badges" },
        el("span", { class: `pill ${state.key}` }, state.words),
        holder && el("span", { class: "pill" }, holder),
        from && el("span", { class: "pill" }, from),
        isClosed(conversation) && conversation.skillId !== "-1" && el("span", { class: "pill" }, skills[conversation.skillId] ?? skillName(conversation.skillId)),
      ),
      count > 0 && el("span", { class: "count", "aria-label": `${count} unread` }, String(count)),
    ),
  );
}

export function queueSignature(conversation, selected) {
  const last = conversation.messages.at(-1);
  return JSON.stringify([selected, consumerName(conversation), stateOf(conversation), unread(conversation).length, source(conversation), heldBy(conversation), conversation.skillId, conversation.consumerTyping, last?.dialogId, last?.sequence]);
}

/** The panel beside the conversation: the consumer, the SDEs, the campaign, the conversation itself. */
export function drawInfo(conversation) {
  const name = consumerName(conversation), profile = conversation.consumer.profile ?? {};
  const hidden = ["firstName", "lastName", "avatarUrl", "backgndImgUri", "privateData"];
  const about = Object.fromEntries(Object.entries(profile).filter(([key]) => !hidden.includes(key)));
  const { mobileNum, mail, ...restOfPrivate } = profile.privateData ?? {};
  const campaign = conversation.campaignInfo ?? {}, context = conversation.context ?? {};
  const { type: contextType, originConversationId, ...told } = context;
  const { features, type: ignored, ...client } = conversation.clientProperties ?? {};
  return [
    el("div", { class: "info-head" }, avatar(name, true), el("div", {}, el("strong", {}, name), source(conversation) && el("span", {}, `writes through ${source(conversation)}`))),
    satisfaction(conversation),
    group("Profile", [["Mobile number", mobileNum], ["Email", mail], ...flattened(about), ...flattened(restOfPrivate), ["External id", conversation.consumer.extConsumerId], ["LivePerson id", conversation.consumer.id]]),
    ...(conversation.consumer.sdes ?? []).map((sde) => group(SDE_TITLES[sde.type] ?? humanized(sde.type ?? "SDE"), sdeRows(sde), sde.type)),
    group("Campaign", [["Campaign", campaign.campaignId], ["Engagement", campaign.engagementId], ["Context", contextType], ...flattened(told)]),
    group("Conversation", [
      ["Account", conversation.accountId],
      ["Skill", skillName(conversation.skillId)],
      ["Agent", agentName(conversation, conversation.agentId)],
      ["Offered to", agentName(conversation, conversation.suggestedId)],
      ["Answer within", `${capital(conversation.ttr.ttrType)} (${Math.round(conversation.ttr.value / 60)} min)`],
      ["Answer due", conversation.effectiveTTR > 0 ? dayAndClock(conversation.effectiveTTR) : "Nothing waits"],
      ["Began", conversation.started_ms ? dayAndClock(conversation.started_ms) : ""],
      ["Closed by", capital(conversation.closeReason)],
      ["Resumes", originConversationId],
      ["Id", conversation.conversationId],
    ]),
    group("Client", [["Features", (features ?? []).map((feature) => capital(feature.replaceAll("_", " "))).join(", ")], ...flattened(client)]),
  ];
}

/** What the consumer thought of it: CSAT and FCR, and the survey's answers. */
export function satisfaction({ csat, surveyAnswers = [] }) {
  const stars = (rate) => el("span", { class: "stars", role: "img", "aria-label": `${rate} of 5` }, [1, 2, 3, 4, 5].map((number) => el("i", { class: number <= rate ? "on" : "" }, icon("star"))), el("b", {}, `${rate} of 5`));
  const rows = csat ? [["CSAT", stars(csat.csatRate)], ["Solved (FCR)", csat.csatResolutionConfirmation ? "Yes" : "No"], ["Survey", capital(csat.status.replaceAll("_", " "))]] : [];
  const answers = surveyAnswers.map(({ question, type, answer }) => [question, type === "csat" && Number(answer) ? stars(Number(answer)) : answer]);
  return group("Satisfaction", [...rows, ...answers], "", "agent-satisfaction");
}

function group(title, rows, type = "", testid = null) {
  const told = rows.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  if (!told.length) return null;
  return el(
    "section",
    { class: "facts", "aria-label": title, "data-testid": testid },
    el("h3", {}, title, type && el("span", { class: "kind" }, type)),
    el("dl", {}, told.map(([label, value]) => el("div", {}, el("dt", {}, label), value instanceof Node ? el("dd", {}, value) : drawValue(String(value))))),
  );
}

/** A value; a long id takes one line, and shows itself when pointed at. */
function drawValue(value) {
  return /^\S{20,}$/.test(value) && !value.includes("@") ? el("dd", { class: "id", title: value }, value) : el("dd", {}, value);
}

export function lockNote() {
  return el("span", { class: "note-label" }, icon("lock"), "Private note");
}
