// The app's texts: one table per language (words/<code>.json), each with the same keys.

export const LANGUAGES = { en: "English", fr: "Français" };
const DEFAULT = "en";
// The service worker reads the choice too, for notifications: it has caches but no localStorage.
const CHOICES = "ern-login-choices";
const CHOICE = "/app/language";

let table = {};
let plural;

// The language that people chose here, or the first of the browser's that there is.
const chosen = async () => {
  const cache = await caches.open(CHOICES);
  const choice = await (await cache.match(CHOICE))?.text();
  const wishes = [choice, ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  return wishes.find((code) => code in LANGUAGES) ?? DEFAULT;
};

export const choose = async (code) => {
  const cache = await caches.open(CHOICES);
  await cache.put(CHOICE, new Response(code));
  await load();
};

export const load = async () => {
  const code = await chosen();
  table = await (await fetch(new URL(`words/${code}.json`, import.meta.url))).json();
  plural = new Intl.PluralRules(code);
  document.documentElement.lang = code;
};

// The text of a key, with {name} replaced by values.
export const t = (key, values = {}) => table[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

// The text of a key for a number: `key.one` or `key.other`.
export const tn = (key, n, values = {}) => t(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, { n, ...values });

// Times as people write them where they live: a British phone shows 14:05 where an American one shows 2:05 PM.
const place = () => {
  const code = document.documentElement.lang;
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(code)) ?? code;
};

export const time = (date) => new Intl.DateTimeFormat(place(), { hour: "2-digit", minute: "2-digit" }).format(date);

export const day = (date) => new Intl.DateTimeFormat(place(), { dateStyle: "medium" }).format(date);
