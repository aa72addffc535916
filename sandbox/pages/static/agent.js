/** The agent's workspace: the queue, one conversation, what is known of its consumer, and what the agent can do. */

import { consumerName, drawInfo, drawQueueItem, isClosed, knownSkills, lastAt, loadSkills, queueSignature, resumedFrom, skillName, source, stateOf, unread } from "./agent_facts.js";
import { drawDivider, drawMessage, signature } from "./agent_messages.js";
import { avatar, composer, dayAndClock, drawOnce, el, icon, iconButton, keyed, stickToEnd } from "./dom.js";
import { call, follow, notify } from "./live.js";

const TYPING_IDLE_MS = 4000;
const RECHECK_MS = 300;

/** Draw the workspace into `root`. `?account=` in the page's address shows that account only. */
export function mountAgent(root) {
  const agent = new Agent(root);
  follow("conversation", (conversation) => agent.received(conversation), () => agent.load());
}

function sampleCard(pictureUrl) {
  return {
    type: "vertical",
    elements: [
      { type: "image", url: pictureUrl, tooltip: "Trail shoe" },
      { type: "text", text: "Trail shoe Nova", tooltip: "Trail shoe Nova", style: { bold: true, size: "large" } },
      { type: "text", text: "Blue, size 42. In stock, delivered tomorrow.", tooltip: "Description" },
      { type: "button", title: "Reserve it", tooltip: "Reserve it", click: { actions: [{ type: "publishText", text: "Please reserve it" }] } },
      { type: "button", title: "See the shop", tooltip: "See the shop", click: { actions: [{ type: "link", uri: "https://www.example.com/shoes" }] } },
    ],
  };
}

class Agent {
  constructor(root) {
    this.account = new URLSearchParams(location.search).get("account") ?? "";
    this.conversations = new Map();
    this.selected = null; // conversation id
    this.isNote = false;
    this.typing = null; // the timer that ends the agent's typing
    this.fresh = new Set(); // ids of what changed since the last load began
    this.chosen = false; // somebody picked a conversation by hand
    this.reading = false;
    this.draw(root);
    this.show();
  }

  // ---- frame ---------------------------------------------------------------------------------------------------------------

  draw(root) {
    this.queue = el("ul", { class: "queue", "data-testid": "agent-queue", "aria-label": "Conversations" });
    this.queueCount = el("span", { class: "count-all" });
    this.queueEmpty = el("div", { class: "empty small" }, el("strong", {}, "The queue is empty"), el("p", {}, "A conversation appears here as soon as a consumer writes."));
    const queue = el("nav", { class: "queue-part", "aria-label": "Queue" }, el("h2", {}, "Queue", this.queueCount), this.queue, this.queueEmpty);

    this.head = el("div", { class: "talk-who" });
    this.joinButton = el("button", { type: "button", class: "primary", "data-testid": "agent-join", on: { click: () => this.act("join") } }, icon("join"), "Join");
    this.transfer = el("select", { "aria-label": "Transfer to a skill", class: "quiet", "data-testid": "agent-transfer", on: { change: () => this.moveTo(this.transfer.value) } });
    this.closeButton = el("button", { type: "button", class: "quiet", "data-testid": "agent-close", on: { click: () => this.act("close") } }, "Close");
    this.resumeButton = el("button", { type: "button", class: "primary", "data-testid": "agent-resume", on: { click: () => this.resume() } }, icon("reply"), "Resume");
    const head = el("header", { class: "talk-head" }, this.head, el("div", { class: "actions" }, this.joinButton, this.transfer, this.closeButton, this.resumeButton));

    this.earlier = el("ol", { class: "talk earlier", "data-testid": "agent-earlier", "aria-label": "Earlier conversation" });
    this.messages = el("ol", { class: "talk", "data-testid": "agent-messages", "aria-label": "Messages", role: "log" });
    this.typingLine = el("p", { class: "typing", "data-testid": "agent-typing", role: "status", hidden: true }, el("i"), el("i"), el("i"), el("span"));
    this.scroller = el("div", { class: "scroller", tabindex: "0", "aria-label": "Conversation" }, this.earlier, this.messages, this.typingLine);
    this.goToEnd = stickToEnd(this.scroller, this.earlier, this.messages, this.typingLine);

    this.input = el("textarea", { rows: "1", "data-testid": "agent-input", "aria-label": "Answer", on: { input: () => this.types() } });
    this.clearInput = composer(this.input, () => this.send());
    this.noteButton = el("button", { type: "button", class: "tool", title: "A private note, which the consumer does not get", "data-testid": "agent-note", "aria-pressed": "false", on: { click: () => this.setNote(!this.isNote) } }, icon("lock"), "Note");
    this.cardButton = el("button", { type: "button", class: "tool", title: "Send a sample card with buttons", "data-testid": "agent-card", on: { click: () => this.sendCard() } }, icon("card"), "Card");
    this.pictureButton = el("button", { type: "button", class: "tool", title: "Send a sample picture", "data-testid": "agent-picture", on: { click: () => this.sendPicture() } }, icon("image"), "Picture");
    this.sendButton = el("button", { type: "submit", class: "primary", "data-testid": "agent-send" }, "Send");
    this.form = el(
      "form",
      { class: "talk-foot", on: { submit: (event) => (event.preventDefault(), this.send()) } },
      this.input,
      el("div", { class: "tools" }, this.noteButton, this.cardButton, this.pictureButton, this.sendButton),
    );
    this.closedLine = el("p", { class: "closed-line" });
    this.talk = el("section", { class: "talk-part", "aria-label": "Conversation" }, head, this.scroller, this.closedLine, this.form);
    this.nothing = el("section", { class: "talk-part nothing" }, el("div", { class: "empty" }, icon("chat"), el("strong", {}, "No conversation selected"), el("p", {}, "Choose one from the queue, or write as a consumer to begin one.")));
    this.info = el("aside", { class: "info", "data-testid": "agent-info", "aria-label": "About the consumer" });
    this.infoButton = iconButton("person", "About the consumer", () => this.workspace.classList.toggle("with-info"), { class: "icon-button info-button" });
    head.querySelector(".actions").append(this.infoButton);
    this.workspace = el("div", { class: "workspace" }, queue, this.talk, this.nothing, this.info);
    root.append(this.workspace);
    document.addEventListener("visibilitychange", () => this.readIfSeen());
  }

  get conversation() {
    return this.conversations.get(this.selected) ?? null;
  }

  // ---- what is shown -------------------------------------------------------------------------------------------------------

  async load() {
    this.fresh.clear();
    await loadSkills().catch((error) => notify(error.message));
    const answer = await call("GET", `/control/conversations${this.account ? `?account=${encodeURIComponent(this.account)}` : ""}`);
    if (!answer) return;
    const kept = [...this.fresh].map((id) => [id, this.conversations.get(id)]); // they changed meanwhile: the answer may be older
    this.conversations = new Map([...answer.conversations.map((conversation) => [conversation.conversationId, conversation]), ...kept]);
    this.show();
  }

  received(conversation) {
    if (this.account && conversation.accountId !== this.account) return;
    this.fresh.add(conversation.conversationId);
    this.conversations.set(conversation.conversationId, conversation);
    this.show();
  }

  select(conversationId) {
    if (this.selected === conversationId) return;
    this.endTyping();
    this.setNote(false);
    this.clearInput();
    this.selected = conversationId;
    this.show();
  }

  show() {
    const all = [...this.conversations.values()].sort((one, other) => isClosed(one) - isClosed(other) || lastAt(other) - lastAt(one));
    // A new conversation is shown by itself where nothing else is being answered.
    if (!this.conversation || (isClosed(this.conversation) && !this.chosen)) {
      this.selected = all.find((conversation) => !isClosed(conversation))?.conversationId ?? this.selected ?? all[0]?.conversationId ?? null;
    }
    const chosenBy = (conversation) => () => {
      this.chosen = true;
      this.select(conversation.conversationId);
    };
    keyed(
      this.queue,
      all,
      (conversation) => conversation.conversationId,
      (conversation) => queueSignature(conversation, conversation.conversationId === this.selected),
      (conversation) => drawQueueItem(conversation, conversation.conversationId === this.selected, chosenBy(conversation)),
    );
    this.queueEmpty.hidden = all.length > 0;
    this.queueCount.textContent = all.length ? String(all.filter((conversation) => !isClosed(conversation)).length) : "";
    this.showConversation();
    this.readIfSeen();
  }

  showConversation() {
    const conversation = this.conversation;
    this.talk.hidden = this.info.hidden = !conversation;
    this.nothing.hidden = Boolean(conversation);
    if (!conversation) return;
    const name = consumerName(conversation), state = stateOf(conversation), closed = state.key === "closed";
    const resumed = Boolean(resumedFrom(conversation));
    drawOnce(this.head, [name, state, resumed, source(conversation), conversation.skillId], () => [
      avatar(name),
      el("div", {}, el("h2", {}, name), el("span", {}, el("span", { class: `pill ${state.key}` }, state.words), resumed && el("span", { class: "pill" }, "Resumed"), [source(conversation), skillName(conversation.skillId)].filter(Boolean).join(" · "))),
    ]);
    drawOnce(this.info, { ...conversation, messages: null, consumerTyping: null, updated_ms: null, dialogs: null }, () => drawInfo(conversation).filter(Boolean));
    this.joinButton.hidden = closed || Boolean(conversation.agentId);
    this.transfer.hidden = this.closeButton.hidden = this.form.hidden = closed;
    this.resumeButton.hidden = this.closedLine.hidden = !closed;
    this.closedLine.textContent = conversation.closeReason ? `Closed by ${conversation.closeReason.toLowerCase()}` : "This conversation is closed";
    this.drawTransfer(conversation);
    this.input.placeholder = this.isNote ? "A note that only colleagues see" : `Answer ${name}`;
    const fresh = this.messages.dataset.conversation !== conversation.conversationId;
    if (fresh) this.messages.replaceChildren();
    this.messages.dataset.conversation = conversation.conversationId;
    this.showEarlier(conversation);
    const { messages } = conversation;
    const key = (message) => `${message.dialogId}/${message.sequence}`;
    keyed(this.messages, messages, key, (_, index) => signature(messages, index, conversation), (_, index) => drawMessage(messages, index, conversation));
    this.typingLine.hidden = !conversation.consumerTyping;
    this.typingLine.lastElementChild.textContent = `${name} is typing`;
    if (fresh) this.goToEnd();
  }

  /** Above a resumed conversation, the ones that it goes on with, oldest first. */
  showEarlier(conversation) {
    const chain = [];
    let id = resumedFrom(conversation);
    while (this.conversations.has(id) && !chain.includes(this.conversations.get(id))) {
      chain.unshift(this.conversations.get(id));
      id = resumedFrom(chain[0]);
    }
    const divider = (key, words) => ({ key, signature: words, draw: () => drawDivider(words) });
    const said = chain.flatMap((earlier) => {
      const { messages, conversationId } = earlier;
      const each = messages.map((message, index) => ({
        key: `${conversationId}/${message.dialogId}/${message.sequence}`,
        signature: signature(messages, index, earlier),
        draw: () => drawMessage(messages, index, earlier),
      }));
      return [divider(`${conversationId}/begin`, "Earlier conversation"), ...each];
    });
    const parts = resumedFrom(conversation) ? [...said, divider(`${conversation.conversationId}/resumed`, `Resumed ${dayAndClock(conversation.started_ms)}`)] : [];
    keyed(this.earlier, parts, (part) => part.key, (part) => part.signature, (part) => part.draw());
    this.earlier.hidden = !parts.length;
  }

  drawTransfer(conversation) {
    const seen = [...this.conversations.values()].map((other) => String(other.skillId ?? "")).filter((skill) => skill && skill !== "-1");
    const skills = [...new Set([...knownSkills(), ...seen])].filter((skill) => skill !== String(conversation.skillId)).sort();
    drawOnce(this.transfer, skills, () => [el("option", { value: "" }, "Transfer…"), ...skills.map((skill) => el("option", { value: skill }, skillName(skill)))]);
    this.transfer.value = "";
  }

  // ---- what the agent does -------------------------------------------------------------------------------------------------

  act(action, body = {}, conversationId = this.selected) {
    return call("POST", `/control/conversations/${encodeURIComponent(conversationId)}/agent/${action}`, body);
  }

  async send() {
    const text = this.input.value.trim();
    if (!text || !this.conversation) return;
    this.clearInput();
    this.endTyping();
    if (!(await this.act(this.isNote ? "private" : "text", { text }))) this.input.value ||= text;
    else this.setNote(false);
    this.goToEnd();
    this.input.focus();
  }

  sendCard() {
    return this.act("rich", { content: sampleCard(`${document.body.dataset.baseUrl}/static/sample.jpg`) });
  }

  async sendPicture() {
    const blob = await (await fetch("/static/sample.jpg")).blob();
    const url = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => resolve(reader.result));
      reader.readAsDataURL(blob);
    });
    await this.act("file", { data_base64: url.split(",")[1], fileType: "JPG", caption: "" });
  }

  async moveTo(skillId) {
    if (skillId) await this.act("transfer", { skillId });
    this.transfer.value = "";
  }

  async resume() {
    const answer = await this.act("resume");
    const next = answer?.conversation;
    if (!next) return;
    this.conversations.set(next.conversationId, next);
    this.select(next.conversationId);
    this.input.focus();
  }

  setNote(on) {
    this.isNote = on;
    this.form.classList.toggle("is-note", on);
    this.noteButton.setAttribute("aria-pressed", String(on));
    this.sendButton.textContent = on ? "Save note" : "Send";
    if (this.conversation) this.input.placeholder = on ? "A note that only colleagues see" : `Answer ${consumerName(this.conversation)}`;
    if (on) {
      this.endTyping();
      this.input.focus();
    }
  }

  /** Tell the consumer that the agent types, until the agent pauses; a note is typed unseen, and so is anything before the agent joined. */
  types() {
    if (this.isNote || !this.input.value.trim() || !this.conversation?.agentId) return this.endTyping();
    const conversationId = this.selected;
    if (!this.typing) this.act("typing", { on: true }, conversationId);
    clearTimeout(this.typing?.timer);
    this.typing = { conversationId, timer: setTimeout(() => this.endTyping(), TYPING_IDLE_MS) };
  }

  endTyping() {
    if (!this.typing) return;
    const { conversationId, timer } = this.typing;
    clearTimeout(timer);
    this.typing = null;
    const conversation = this.conversations.get(conversationId);
    if (conversation && !isClosed(conversation)) this.act("typing", { on: false }, conversationId);
  }

  /** Report the consumer's messages as read, while the agent who joined can see them. */
  async readIfSeen() {
    const conversation = this.conversation;
    if (!conversation?.agentId || this.reading || document.visibilityState !== "visible" || !unread(conversation).length) return;
    this.reading = true;
    const done = await this.act("read");
    this.reading = false;
    if (done) setTimeout(() => this.readIfSeen(), RECHECK_MS); // something may have come meanwhile
  }
}
