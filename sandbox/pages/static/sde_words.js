/** What the engagement attributes (SDEs) of a consumer say, in words.
 *
 * Source: https://developers.liveperson.com/engagement-attributes-types-of-engagement-attributes.html
 */

const LANGUAGES = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });
const REGIONS = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

const LABELS = {
  ctype: "Customer type",
  cstatus: "Status",
  customerId: "Customer id",
  socialId: "Social id",
  imei: "IMEI",
  userName: "User name",
  companySize: "Company size",
  companyBranch: "Company branch",
  accountName: "Account name",
  lastPaymentDate: "Last payment",
  registrationDate: "Registered",
  loginStatus: "Login status",
  storeZipCode: "Store postcode",
  storeNumber: "Store number",
  firstname: "First name",
  lang: "Language",
  lastname: "Last name",
  os: "Operating system",
  appId: "App id",
  ipAddress: "IP address",
};

/** "URGENT" reads "Urgent". */
export function capital(word) {
  return word ? word.charAt(0).toUpperCase() + word.slice(1).toLowerCase() : "";
}

/** "companyBranch" and "company_branch" read "Company branch". */
export function humanized(key) {
  if (Object.hasOwn(LABELS, key) || /\s|[A-Z]{2}/.test(key)) return LABELS[key] ?? key;
  const words = key.replace(/[_-]+/g, " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The rows of one SDE, each a label and a value. */
export function sdeRows({ type, ...rest }) {
  const facts = { ...(rest.info ?? rest[type] ?? rest) };
  const rows = [];
  const take = (name, label, value) => {
    if (facts[name] === undefined || facts[name] === null) return;
    rows.push([label, value(facts[name])]);
    delete facts[name];
  };
  if (facts.balance !== undefined) {
    rows.push(["Balance", [facts.balance, facts.currency].filter((part) => part !== undefined && part !== null).join(" ")]);
    delete facts.balance;
    delete facts.currency;
  }
  take("gender", "Gender", (gender) => (typeof gender === "string" ? capital(gender) : gender));
  take("language", "Language", language);
  take("lastPaymentDate", "Last payment", day);
  take("registrationDate", "Registered", day);
  if (typeof facts.age === "object" && facts.age !== null) {
    rows.push(["Age", facts.age.age], ["Born", day(facts.age)]);
    delete facts.age;
  }
  const contacts = Array.isArray(facts.contacts) ? facts.contacts.filter((contact) => contact && typeof contact === "object") : [];
  delete facts.contacts;
  const numbered = (label, index) => (contacts.length > 1 ? `${label} ${index + 1}` : label);
  const ways = contacts.flatMap(({ email, phone, phoneType, address, ...more }, index) => [
    [numbered("Email", index), email],
    [numbered("Phone", index), phone && [phone, phoneType && `(${capital(phoneType.replaceAll("_", " "))})`].filter(Boolean).join(" ")],
    [numbered("Address", index), address && [address.region, region(address.country)].filter(Boolean).join(", ")],
    ...flattened(more).map(([label, value]) => [numbered(label, index), value]),
  ]);
  const names = flattened(facts);
  return [...names, ...rows, ...ways];
}

/** Rows of a nested object: {contact: {email}} becomes "Email", numbered where there are several. */
export function flattened(value, label = "") {
  if (Array.isArray(value)) return value.flatMap((item, index) => flattened(item, value.length > 1 ? `${label} ${index + 1}`.trim() : label));
  if (value === null || typeof value !== "object") return [[label, typeof value === "boolean" ? (value ? "Yes" : "No") : value]];
  return Object.entries(value).flatMap(([key, inner]) => flattened(inner, humanized(key)));
}

function day(date) {
  if (typeof date !== "object") return date;
  const { day: number, month, year } = date;
  if (!number || !month || !year) return [number, month, year].filter(Boolean).join(" ");
  return new Date(Date.UTC(year, month - 1, number)).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

function language(tag) {
  try {
    return LANGUAGES.of(String(tag)) ?? tag;
  } catch {
    return tag;
  }
}

function region(code) {
  try {
    return REGIONS.of(String(code)) ?? code;
  } catch {
    return code;
  }
}
