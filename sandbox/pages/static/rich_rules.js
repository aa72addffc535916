/** What LivePerson demands of structured content, so that an agent who writes it by hand sees what is wrong.
 *
 * Source: https://developers.liveperson.com/getting-started-with-rich-messaging-introduction.html
 */

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** What a text holds: {body, errors}. `body` is what the agent's action takes: `content` or `text`, with `quickReplies` and `metadata`. */
export function parsed(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { body: null, errors: [`This is not JSON: ${error.message}`] };
  }
  if (!isObject(data)) return { body: null, errors: ["This must be an object: an element with a type, or content with quickReplies"] };
  const body = typeof data.type === "string" && data.type !== "quickReplies" ? { content: data } : data.type === "quickReplies" ? { quickReplies: data } : data;
  const unknown = Object.keys(body).filter((name) => !["content", "text", "quickReplies", "metadata"].includes(name));
  const errors = unknown.map((name) => `${name} is not known; an object without a type may have content, text, quickReplies, metadata`);
  if ((body.content === undefined) === (body.text === undefined)) errors.push("Either content or text is needed");
  if (body.content !== undefined) errors.push(...root(body.content));
  if (body.text !== undefined) errors.push(...words(body.text, "text", 5000));
  if (body.quickReplies !== undefined) errors.push(...quickReplies(body.quickReplies, "quickReplies"));
  if (body.metadata !== undefined) errors.push(...metadata(body.metadata, "metadata"));
  return { body, errors };
}

function words(value, path, most) {
  if (typeof value !== "string" || !value) return [`${path} must be a text`];
  return value.length > most ? [`${path} has ${value.length} characters, more than ${most}`] : [];
}

function address(value, path) {
  const wrong = words(value, path, 2048);
  const isOwn = value?.startsWith?.(`${document.body.dataset.baseUrl}/`); // the sandbox's own pictures, which have no TLS
  return wrong.length || isOwn || /^https:\/\//i.test(value) ? wrong : [`${path} must begin with https://`];
}

function number(value, path, most) {
  return typeof value === "number" && Math.abs(value) <= most ? [] : [`${path} must be a number from -${most} to ${most}`];
}

function some(value, path, least, most, each) {
  if (!Array.isArray(value)) return [`${path} must be an array`];
  const count = value.length < least || value.length > most ? [`${path} has ${value.length} items, not ${least === most ? least : `${least} to ${most}`}`] : [];
  return [...count, ...value.flatMap((item, index) => each(item, `${path}[${index}]`))];
}

const optional = (value, check) => (value === undefined ? [] : check());
const metadata = (value, path) => some(value, path, 0, 100, (item, at) => (isObject(item) && typeof item.type === "string" ? [] : [`${at} must be an object with a type`]));

const ACTIONS = {
  publishText: (action, path) => words(action.text, `${path}.text`, 5000),
  link: (action, path) => words(action.uri ?? action.web?.uri ?? action.ios?.uri ?? action.android?.uri, `${path}.uri`, 2048),
  navigate: (action, path) => [...number(action.lo, `${path}.lo`, 180), ...number(action.la, `${path}.la`, 90)],
};
const OTHER_ACTIONS = ["addToCart", "custom", "datePicker", "scheduleSlotList", "checked", "submitAsText"];

function click(value, path) {
  if (!isObject(value)) return [`${path} must be an object with actions`];
  const actions = some(value.actions ?? [], `${path}.actions`, 0, 4, (action, at) => {
    if (Object.hasOwn(ACTIONS, action?.type)) return ACTIONS[action.type](action, at);
    return OTHER_ACTIONS.includes(action?.type) ? [] : [`${at}.type must be one of ${[...Object.keys(ACTIONS), ...OTHER_ACTIONS].join(", ")}`];
  });
  return [...actions, ...optional(value.metadata, () => metadata(value.metadata, `${path}.metadata`))];
}

const ROOTS = ["vertical", "horizontal", "carousel", "carouselSelect", "accordionSelect", "list", "tabs"];

function root(node) {
  return ROOTS.includes(node?.type) ? element(node, "content") : [`content.type must be one of ${ROOTS.join(", ")}`];
}

const within = (least, most) => (node, path) => some(node.elements, `${path}.elements`, least, most, element);
const titled = (node, path) => words(node.title, `${path}.title`, 128);

const TYPES = {
  text: (node, path) => words(node.text, `${path}.text`, 5000),
  image: (node, path) => [...address(node.url, `${path}.url`), ...optional(node.caption, () => words(node.caption, `${path}.caption`, 128))],
  button: titled,
  submitButton: titled,
  map: (node, path) => [...number(node.lo, `${path}.lo`, 180), ...number(node.la, `${path}.la`, 90)],
  linkPreview: (node, path) => address(node.url, `${path}.url`),
  template: (node, path) => [...words(node.title, `${path}.title`, 5000), ...some(node.resp, `${path}.resp`, 1, 32, (item, at) => words(item, at, 128))],
  keyValuePairList: (node, path) => some(node.elements, `${path}.elements`, 1, 50, (item, at) => words(item?.key, `${at}.key`, 128)),
  vertical: within(1, 256),
  horizontal: within(1, 256),
  carousel: within(2, 10),
  carouselSelect: within(1, 20),
  accordionSelect: within(1, 20),
  tabs: within(1, 10),
  list: within(3, 3),
  sectionList: within(1, 256),
  section: within(1, 256),
  checklist: within(2, 256),
  checkbox: (node, path) => words(node.text, `${path}.text`, 5000),
  buttonList: within(1, 2),
};

function element(node, path) {
  if (!isObject(node)) return [`${path} must be an object`];
  if (!Object.hasOwn(TYPES, node.type)) return [`${path}.type must be one of ${Object.keys(TYPES).join(", ")}`];
  return [...TYPES[node.type](node, path), ...optional(node.click, () => click(node.click, `${path}.click`))];
}

function quickReplies(value, path) {
  if (!isObject(value)) return [`${path} must be an object with replies`];
  const rows = optional(value.itemsPerRow, () => (Number.isInteger(value.itemsPerRow) && value.itemsPerRow >= 1 && value.itemsPerRow <= 8 ? [] : [`${path}.itemsPerRow must be from 1 to 8`]));
  const each = (reply, at) => (reply?.type === "button" ? element(reply, at) : [`${at}.type must be button`]);
  return [...rows, ...(value.type === "quickReplies" ? [] : [`${path}.type must be quickReplies`]), ...some(value.replies, `${path}.replies`, 1, 24, each)];
}
