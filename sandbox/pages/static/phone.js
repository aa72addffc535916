/** The consumer's phone: who writes, to which line, the transcript, and what this platform's phone can do. */

import { Arrivals } from "./arrivals.js";
import { avatar, composer, drawOnce, el, icon, iconButton, keyed, stickToEnd } from "./dom.js";
import { call, follow, notify } from "./live.js";
import { drawMessage, signature } from "./phone_messages.js";
import { Sheet } from "./phone_sheet.js";

const PLACE = { latitude: 52.3791, longitude: 4.9003, title: "Amsterdam Centraal" };
const TYPING_IDLE_MS = 4000;
const RECHECK_MS = 300;

/** What stands below the brand's name while nobody types. */
const UNDER_NAME = { messenger: "Typically replies instantly", instagram: "Business chat", telegram: "bot", whatsapp: "Business account", rcs: "Verified business · RCS", viber: "Business messages" };

/** Draw a phone into `root`. With `provider` only that provider's lines are offered; `withAgents`: say when a message did not get to them. */
export function mountPhone(root, { provider = "", baseUrl, platformUrl, withAgents = false }) {
  const phone = new Phone(root, provider, baseUrl, platformUrl);
  if (withAgents) phone.arrivals = new Arrivals(() => phone.showMissing());
  follow("line", () => phone.loadLines(), () => phone.loadLines());
  follow("phone", (data) => phone.received(data), () => phone.refresh());
  follow("reset", () => phone.forget());
}

class Phone {
  constructor(root, provider, baseUrl, platformUrl) {
    this.provider = provider;
    this.baseUrl = baseUrl;
    this.platformUrl = platformUrl;
    this.kinds = new Map(); // provider slug -> what its phones can do
    this.lines = [];
    this.line = null;
    this.shown = null; // the transcript as last received
    this.changes = 0; // of what is shown; an answer that was overtaken by one is stale
    this.typing = null; // the timer that ends the consumer's typing
    this.arrivals = null; // what the agents have, where the page shows them
    this.missing = null; // the timer that looks again whether the newest message got there
    this.draw(root);
  }

  // ---- frame ---------------------------------------------------------------------------------------------------------------

  draw(root) {
    const asked = new URLSearchParams(location.search);
    this.channel = el("select", { id: "phone-channel", "data-testid": "phone-channel", on: { change: () => this.choose(this.channel.value) } });
    this.consumer = el("input", { id: "phone-consumer", "data-testid": "phone-consumer", autocomplete: "off", spellcheck: "false", value: asked.get("consumer") ?? "", on: { change: () => this.refresh() } });
    this.name = el("input", { id: "phone-name", autocomplete: "off", value: asked.get("name") ?? "Ana de Vries", on: { change: () => this.saveName() } });
    this.nameField = el("label", { class: "field", for: "phone-name" }, el("span", {}, "Name"), this.name);
    this.newButton = el("button", { type: "button", class: "quiet", "data-testid": "phone-new-consumer", on: { click: () => this.newConsumer() } }, "New consumer");
    const setup = el(
      "div",
      { class: "setup" },
      el("label", { class: "field channel", for: "phone-channel" }, el("span", {}, "Channel"), this.channel),
      this.newButton,
      el("label", { class: "field", for: "phone-consumer" }, el("span", {}, "Consumer"), this.consumer),
      this.nameField,
    );

    this.head = el("header", { class: "device-head" });
    this.messages = el("ol", { class: "bubbles", "data-testid": "phone-messages", "aria-label": "Messages", role: "log" });
    this.typingDots = el("div", { class: "dots", "data-testid": "phone-typing", role: "status", hidden: true }, el("span", { class: "hidden" }, "The brand is typing"), el("i"), el("i"), el("i"));
    this.empty = el("div", { class: "empty" });
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "Quick replies" });
    this.scroller = el("div", { class: "scroller", tabindex: "0", "aria-label": "Conversation" }, this.empty, this.messages, this.typingDots, this.chips);
    this.goToEnd = stickToEnd(this.scroller, this.messages, this.typingDots, this.chips);

    this.input = el("textarea", { rows: "1", "data-testid": "phone-input", "aria-label": "Message to the brand", placeholder: "Message", on: { input: () => this.types() } });
    this.clearInput = composer(this.input, () => this.send());
    this.imageButton = iconButton("image", "Send a picture", () => this.sendPicture());
    this.placeButton = iconButton("pin", "Share location", () => this.act("location", PLACE));
    this.sendButton = el("button", { type: "submit", class: "send", "data-testid": "phone-send", "aria-label": "Send", title: "Send" }, icon("send"));
    this.form = el("form", { class: "device-foot", on: { submit: (event) => (event.preventDefault(), this.send()) } }, this.imageButton, this.placeButton, this.input, this.sendButton);
    this.device = el("div", { class: "device", "data-testid": "phone-device" }, this.head, this.scroller, this.form);
    this.sheet = new Sheet(this.device, (choice) => this.tap(choice));

    this.autoRead = el("input", { type: "checkbox", id: "phone-auto-read", checked: true, on: { change: () => this.readIfSeen() } });
    this.autoReadField = el("label", { class: "switch", for: "phone-auto-read" }, this.autoRead, el("i"), el("span", {}, "Mark as read while this page is visible"));
    const events = el("a", { href: `${this.platformUrl}/admin/webhooks_app/event/`, target: "_blank", rel: "noopener" }, "Admin → Events");
    this.missingLine = el("p", { class: "missing", "data-testid": "phone-missing", role: "status", hidden: true }, "Not at the agents yet — see ", events);
    root.append(setup, this.device, this.missingLine, el("div", { class: "device-options" }, this.autoReadField));
    document.addEventListener("visibilitychange", () => this.readIfSeen());
  }

  // ---- which line, which consumer ------------------------------------------------------------------------------------------

  async loadLines() {
    const [kinds, lines] = await Promise.all([call("GET", "/control/providers"), call("GET", "/control/lines")]);
    if (!kinds || !lines) return;
    this.kinds = new Map(kinds.providers.map((kind) => [kind.provider, kind]));
    this.lines = lines.lines.filter((line) => !this.provider || line.provider === this.provider);
    const values = this.lines.map((line) => `${line.provider}/${line.address}`);
    this.channel.replaceChildren(...this.lines.map((line, index) => el("option", { value: values[index] }, `${this.kinds.get(line.provider).title} · ${line.name}`)));
    this.channel.disabled = values.length === 0;
    if (!values.length) this.channel.append(el("option", { value: "" }, "No channel yet"));
    const current = this.line && `${this.line.provider}/${this.line.address}`;
    const asked = new URLSearchParams(location.search).get("to");
    this.choose(values.find((value) => value === current) ?? values.find((value) => value === asked) ?? values[0] ?? "");
  }

  choose(value) {
    const before = this.line;
    this.line = this.lines.find((line) => `${line.provider}/${line.address}` === value) ?? null;
    this.channel.value = value;
    const kind = this.kind;
    this.device.dataset.look = (kind ?? this.kinds.get(this.provider))?.look ?? "messenger";
    this.input.disabled = this.sendButton.disabled = this.consumer.disabled = this.newButton.disabled = !kind;
    this.imageButton.hidden = !kind?.capabilities.images;
    this.placeButton.hidden = !kind?.capabilities.location;
    this.autoReadField.hidden = !kind?.capabilities.read_receipts;
    this.nameField.hidden = !kind?.capabilities.profile;
    if (kind && (!this.consumer.value || (before && before.provider !== this.line.provider))) this.consumer.value = kind.consumer_example;
    this.drawHead();
    this.refresh();
  }

  /** What the phone can do and looks like: as the platform says, and the line where it differs (one platform may have SMS and an app). */
  get kind() {
    if (!this.line) return null;
    const kind = this.kinds.get(this.line.provider);
    return { ...kind, look: this.line.look ?? kind.look, capabilities: { ...kind.capabilities, ...this.line.capabilities } };
  }

  get path() {
    return `/control/phones/${this.line.provider}/${encodeURIComponent(this.consumer.value.trim())}`;
  }

  newConsumer() {
    if (!this.kind) return;
    const keep = this.kind.consumer_example.slice(0, 4);
    const digits = crypto.getRandomValues(new Uint8Array(this.kind.consumer_example.length - keep.length));
    this.consumer.value = keep + [...digits].map((byte) => byte % 10).join("");
    const names = ["Noor Jansen", "Luca Rossi", "Maya Patel", "Tom Becker", "Inès Martin", "Kofi Mensah", "Yuki Sato", "Sara Lind"];
    this.name.value = names[digits[0] % names.length];
    this.refresh();
    this.input.focus();
  }

  async saveName() {
    if (!this.kind?.capabilities.profile || !this.consumer.value.trim()) return;
    const [first, ...rest] = this.name.value.trim().split(/\s+/);
    await call("PUT", `${this.path}/profile`, { first_name: first ?? "", last_name: rest.join(" "), to: this.line.address });
  }

  // ---- what is shown -------------------------------------------------------------------------------------------------------

  async refresh() {
    if (!this.line || !this.consumer.value.trim()) return this.show(null);
    const before = ++this.changes;
    const data = await call("GET", `${this.path}?to=${encodeURIComponent(this.line.address)}`);
    if (data && before === this.changes) this.show(data);
  }

  /** The sandbox was reset: the lines stay, what was said is gone. */
  forget() {
    clearTimeout(this.typing);
    this.typing = null;
    this.show(null);
    this.loadLines();
  }

  received(data) {
    if (!this.line || data.provider !== this.line.provider || data.address !== this.line.address) return;
    const mine = this.shown ? this.shown.consumer_id : this.consumer.value.trim();
    if (data.consumer_id !== mine) return;
    this.changes += 1;
    this.show(data);
  }

  show(data) {
    const fresh = !this.shown || !data || this.shown.consumer_id !== data.consumer_id || this.shown.address !== data.address;
    this.shown = data;
    const messages = data?.messages ?? [];
    const full = [data?.profile.first_name, data?.profile.last_name].filter(Boolean).join(" ");
    if (full && document.activeElement !== this.name) this.name.value = full;
    if (fresh) this.messages.replaceChildren(), this.sheet.close();
    const hands = { tap: (choice) => this.tap(choice), open: (card, opener) => this.sheet.open(card, opener) };
    const draw = (_, index) => drawMessage(messages, index, this.kind?.look, hands);
    keyed(this.messages, messages, (message) => message.id + message.direction, (_, index) => signature(messages, index), draw);
    this.typingDots.hidden = !data?.typing;
    this.drawHead();
    this.drawChips(messages.at(-1)?.options ?? []);
    this.drawEmpty(messages.length === 0);
    if (fresh) this.goToEnd();
    this.showMissing();
    this.readIfSeen();
  }

  /** Say so where the consumer's newest message is missed at the agents, now or as soon as it is. */
  showMissing() {
    if (!this.arrivals) return;
    clearTimeout(this.missing);
    const newest = this.shown?.messages.findLast((message) => message.direction === "out");
    const inMs = newest ? this.arrivals.missedIn(newest) : null;
    this.missingLine.hidden = inMs !== 0;
    if (inMs) this.missing = setTimeout(() => this.showMissing(), inMs + 50);
  }

  drawHead() {
    const kind = this.kind ?? this.kinds.get(this.provider);
    const name = this.line?.name ?? kind?.title ?? "Phone";
    const quiet = kind?.look === "sms" ? `Text message · ${this.line?.address}` : (UNDER_NAME[kind?.look] ?? kind?.title);
    const under = !this.line ? "Not connected" : this.shown?.typing ? "typing…" : quiet;
    drawOnce(this.head, [name, under], () => [avatar(name), el("div", {}, el("strong", {}, name), el("span", {}, under))]);
  }

  drawChips(options) {
    const chip = (option) => el("button", { type: "button", class: "chip", on: { click: () => this.tap(option) } }, option.image_url && el("img", { src: option.image_url, alt: "" }), option.title);
    drawOnce(this.chips, options, () => options.map(chip));
  }

  drawEmpty(isEmpty) {
    this.empty.hidden = !isEmpty;
    if (isEmpty) drawOnce(this.empty, Boolean(this.line), () => (this.line ? this.drawHello() : this.drawNoLine()));
  }

  drawHello() {
    return [icon("chat"), el("strong", {}, "Say hello"), el("p", {}, "Write a message below. It travels through the platform to the agent workspace.")];
  }

  drawNoLine() {
    const admin = el("a", { href: `${this.platformUrl}/admin/`, target: "_blank", rel: "noopener" }, "platform's admin");
    return [
      icon("phone"),
      el("strong", {}, "No channel is connected"),
      el("p", {}, "Add a channel in the ", admin, ", then register its line here:"),
      el("code", {}, `PUT /control/lines/${this.provider || "messenger"}/<address>`),
    ];
  }

  // ---- what the consumer does ----------------------------------------------------------------------------------------------

  async act(action, body) {
    if (!this.line) return null;
    if (!this.consumer.value.trim()) return notify("Give the consumer an id first.");
    if (!this.shown?.profile.first_name && !this.shown?.profile.last_name) await this.saveName();
    return call("POST", `${this.path}/${action}`, { ...body, to: this.line.address });
  }

  async send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.clearInput();
    this.endTyping();
    if (!(await this.act("text", { text }))) this.input.value ||= text;
    this.goToEnd();
    this.input.focus();
  }

  sendPicture() {
    return this.act("file", { url: `${this.baseUrl}/static/sample.jpg`, media_type: "image" });
  }

  tap(choice) {
    return this.act("select", { title: choice.title, payload: choice.payload });
  }

  types() {
    if (!this.kind?.capabilities.typing || !this.input.value) return this.endTyping();
    if (this.typing === null) this.act("typing", { on: true });
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.endTyping(), TYPING_IDLE_MS);
  }

  endTyping() {
    if (this.typing === null) return;
    clearTimeout(this.typing);
    this.typing = null;
    this.act("typing", { on: false });
  }

  /** Report what came as read, while somebody can see it. */
  readIfSeen() {
    if (!this.autoRead.checked || !this.kind?.capabilities.read_receipts || document.visibilityState !== "visible") return;
    const unread = this.shown?.messages.some((message) => message.direction === "in" && ["sent", "delivered"].includes(message.status));
    if (!unread || this.reading) return;
    this.reading = true;
    call("POST", `${this.path}/read`, { to: this.line.address }).then((done) => {
      this.reading = false;
      if (done) setTimeout(() => this.readIfSeen(), RECHECK_MS); // something may have come meanwhile
    });
  }
}
