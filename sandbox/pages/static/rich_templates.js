/** Structured content to begin with. */

const says = (title, id, text = title) => ({
  type: "button",
  title,
  tooltip: title,
  click: { metadata: [{ type: "ExternalId", id }], actions: [{ type: "publishText", text }] },
});
const opens = (title, uri) => ({ type: "button", title, tooltip: title, click: { actions: [{ type: "link", name: title, uri }] } });
const words = (text, style) => ({ type: "text", text, tooltip: text, ...(style && { style }) });
const STRONG = { bold: true, size: "large" };

/** Each template: a name, what it is, and a function of a picture's address that makes it. */
export const TEMPLATES = [
  {
    name: "Card",
    hint: "a picture, texts, buttons",
    testid: "agent-card",
    make: (pictureUrl) => ({
      type: "vertical",
      tag: "generic",
      elements: [
        { type: "image", url: pictureUrl, tooltip: "Trail shoe" },
        { ...words("Trail shoe Nova", STRONG), tag: "title" },
        { ...words("Blue, size 42. In stock, delivered tomorrow."), tag: "subtitle" },
        says("Reserve it", "reserve-nova", "Please reserve it"),
        opens("See the shop", "https://www.example.com/shoes"),
      ],
    }),
  },
  {
    name: "Carousel",
    hint: "cards to leaf through",
    testid: "agent-carousel",
    make: (pictureUrl) => ({
      type: "carousel",
      padding: 10,
      elements: ["Nova", "Terra", "Luna"].map((name) => ({
        type: "vertical",
        elements: [{ type: "image", url: pictureUrl, tooltip: name }, words(`Trail shoe ${name}`, STRONG), says(`Choose ${name}`, `choose-${name.toLowerCase()}`)],
      })),
    }),
  },
  {
    name: "Quick replies",
    hint: "a question with answers to tap",
    testid: "agent-replies",
    make: () => ({
      text: "When shall we deliver?",
      quickReplies: { type: "quickReplies", itemsPerRow: 8, replies: [says("Morning", "slot-1"), says("Afternoon", "slot-2"), says("Evening", "slot-3")] },
    }),
  },
  {
    name: "List",
    hint: "things to check, and a button",
    testid: "agent-list",
    make: () => ({
      type: "list",
      elements: [
        words("What is wrong with it?", STRONG),
        { type: "sectionList", elements: [{ type: "section", sectionID: "faults", elements: [{ type: "checklist", elements: ["Too small", "Too large", "Damaged"].map((text, index) => ({ type: "checkbox", text, borderLine: true, click: { actions: [{ type: "checked", publishText: text }], metadata: [{ type: "ExternalId", id: `fault-${index + 1}` }] } })) }] }] },
        { type: "buttonList", elements: [{ type: "submitButton", title: "Send", click: { actions: [{ type: "submitAsText", submit: true }] } }] },
      ],
    }),
  },
  { name: "JSON of your own", hint: "an element, checked as you write", testid: "agent-own", make: () => ({ type: "vertical", elements: [words("Hello")] }) },
];
