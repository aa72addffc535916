/** What is known of a conversation and its consumer, in words for the agent. */

import { avatar, clock, dayAndClock, el, icon } from "./dom.js";
import { ask } from "./live.js";

/** Names for demonstrations; an account that has skills of its own replaces them. */
const SAMPLE_SKILLS = { 1001: "Sales", 1002: "Support", 1003: "Billing" };
let skills = SAMPLE_SKILLS;
const SDE_TITLES = { ctmrinfo: "Customer", personal: "Personal", marketingInfo: "Marketing", lead: "Lead", purchase: "Purchase", error: "Error", service: "Service" };

/** Learn the accounts' skills. */
export async function loadSkills() {
  const answer = await ask("GET", "/control/accounts");
  const registered = Object.assign({}, ...answer.apps.map((app) => app.skills ?? {}));
  skills = Object.keys(registered).length ? registered : SAMPLE_SKILLS;
}

export function knownSkills() {
  return Object.keys(skills);
}

export function skillName(skillId) {
  if (skillId === null || skillId === undefined || skillId === "") return "No skill";
  if (String(skillId) === "-1") return "No skill";
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

export function isClosed(conversation) {
  return conversation.stage === "CLOSE" || conversation.state === "CLOSE";
}

/** Waiting for an agent, being answered, or closed. */
export function stateOf(conversation) {
  if (isClosed(conversation)) return { key: "closed", words: "Closed" };
  return conversation.agentId ? { key: "active", words: "Active" } : { key: "waiting", words: "Waiting" };
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

/** One row of the queue. */
export function drawQueueItem(conversation, selected, select) {
  const name = consumerName(conversation), state = stateOf(conversation), count = unread(conversation).length, from = source(conversation);
  const last = conversation.messages.at(-1);
  const preview = conversation.consumerTyping ? "is typing…" : last ? (last.type === "text" ? last.text : last.text || (last.type === "file" ? "File" : "Card")) : resumedFrom(conversation) ? "Resumed" : "No messages yet";
  return el(
    "li",
    { dataset: { conversationId: conversation.conversationId, state: state.key }, class: selected ? "selected" : "" },
    el(
      "button",
      { type: "button", "aria-current": selected ? "true" : null, on: { click: select } },
      avatar(name),
      el("span", { class: "who" }, el("strong", {}, name), el("time", {}, lastAt(conversation) ? clock(lastAt(conversation)) : "")),
      el("span", { class: "preview" }, preview),
      el(
        "span",
        { class: "badges" },
        el("span", { class: `pill ${state.key}` }, state.words),
        from && el("span", { class: "pill" }, from),
        conversation.skillId && conversation.skillId !== "-1" && el("span", { class: "pill" }, skills[conversation.skillId] ?? skillName(conversation.skillId)),
      ),
      count > 0 && el("span", { class: "count", "aria-label": `${count} unread` }, String(count)),
    ),
  );
}

export function queueSignature(conversation, selected) {
  const last = conversation.messages.at(-1);
  return JSON.stringify([selected, consumerName(conversation), stateOf(conversation), unread(conversation).length, source(conversation), conversation.skillId, conversation.consumerTyping, last?.dialogId, last?.sequence]);
}

/** The panel beside the conversation: the consumer, the SDEs, the conversation itself. */
export function drawInfo(conversation) {
  const name = consumerName(conversation), profile = conversation.consumer.profile ?? {};
  const hidden = ["firstName", "lastName", "avatarUrl", "role", "backgndImgUri", "privateData", "userId"];
  const about = Object.fromEntries(Object.entries(profile).filter(([key]) => !hidden.includes(key)));
  const campaign = conversation.campaignInfo ?? {};
  return [
    el("div", { class: "info-head" }, avatar(name, true), el("div", {}, el("strong", {}, name), source(conversation) && el("span", {}, `writes through ${source(conversation)}`))),
    group("Profile", { ...about, ...profile.privateData, "External id": conversation.consumer.extConsumerId, "LivePerson id": conversation.consumer.id }),
    ...sdeGroups(conversation.consumer.sdes ?? []),
    group("Conversation", {
      Account: conversation.accountId,
      Skill: skillName(conversation.skillId),
      Agent: conversation.agentId,
      Campaign: campaign.campaignId,
      Engagement: campaign.engagementId,
      Began: conversation.started_ms ? dayAndClock(conversation.started_ms) : "",
      "Close reason": conversation.closeReason,
      Id: conversation.conversationId,
    }),
    group("Client properties", conversation.clientProperties ?? {}),
  ];
}

function sdeGroups(sdes) {
  return sdes.map((sde) => {
    const { type, ...rest } = sde;
    const facts = rest.info ?? rest[type] ?? rest;
    return group(SDE_TITLES[type] ?? humanized(type ?? "SDE"), facts, type);
  });
}

function group(title, facts, type = "") {
  const rows = flattened(facts).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  if (!rows.length) return null;
  return el(
    "section",
    { class: "facts", "aria-label": title },
    el("h3", {}, title, type && el("span", { class: "kind" }, type)),
    el("dl", {}, rows.map(([label, value]) => el("div", {}, el("dt", {}, label), drawValue(String(value))))),
  );
}

/** A value; a long id takes one line, and shows itself when pointed at. */
function drawValue(value) {
  return /^\S{20,}$/.test(value) && !value.includes("@") ? el("dd", { class: "id", title: value }, value) : el("dd", {}, value);
}

/** Rows of a nested object: "contacts.0.email" becomes "Email", numbered where there are several. */
function flattened(value, label = "") {
  if (Array.isArray(value)) return value.flatMap((item, index) => flattened(item, value.length > 1 ? `${label} ${index + 1}`.trim() : label));
  if (value === null || typeof value !== "object") return [[label, typeof value === "boolean" ? (value ? "Yes" : "No") : value]];
  return Object.entries(value).filter(([key]) => key !== "type").flatMap(([key, inner]) => {
    const own = humanized(key), nested = inner !== null && typeof inner === "object";
    return flattened(inner, nested && !Array.isArray(inner) && /\d$/.test(label) ? label : /\d$/.test(label) ? `${own} ${label.match(/\d+$/)[0]}` : own);
  });
}

const WORDS = { cstatus: "Status", ctype: "Type", firstname: "First name", lastname: "Last name", imei: "IMEI", os: "OS" };

/** "companyBranch" and "company_branch" read "Company branch". */
function humanized(key) {
  if (WORDS[key] || /\s|[A-Z]{2}/.test(key)) return WORDS[key] ?? key;
  const words = key.replace(/[_-]+/g, " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function lockNote() {
  return el("span", { class: "note-label" }, icon("lock"), "Private note");
}
