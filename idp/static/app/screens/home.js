// The first screen: what waits, the accounts of this phone, and the ways to go on.

import { nameOf } from "../devices.js";
import { announce, button, el, show } from "../page.js";
import { enable, mayAsk } from "../push.js";
import { at, go } from "../route.js";
import { accounts } from "../store.js";
import { choose, LANGUAGES, t } from "../words.js";
import { newsPlace } from "./news.js";

export const home = async () => {
  const all = await accounts();
  if (!at("home")) return;
  if (!all.length) welcome();
  else overview(all);
};

const overview = (all) =>
  show(t("home.title"), [
    newsPlace(),
    el("ul", { class: "m__list plain", "aria-label": t("home.accounts") }, all.map(entry)),
    notifications(all),
    el("div", { class: "m__end flow" },
      button(t("home.scan"), () => go("scan"), "m__btn--go"),
      button(t("home.add"), () => go("scan")),
      languages()),
  ]);

const welcome = () =>
  show(t("welcome.title"), [
    el("p", {}, t("welcome.what")),
    el("p", {}, t("welcome.how")),
    el("p", { class: "soft" }, t("welcome.install")),
    el("div", { class: "m__end flow" }, button(t("home.add"), () => go("scan"), "m__btn--go"), languages()),
  ]);

const entry = (account) =>
  el("li", {},
    el("button", { type: "button", class: "m__row", onclick: () => go("account", account.id) },
      el("span", {}, el("b", {}, nameOf(account)), el("small", {}, new URL(account.issuer).host)),
      state(account)));

const state = (account) => {
  if (account.status === "active" && account.digits > account.pinDigits) return el("span", { class: "m__st" }, t("state.pin"));
  return account.status === "active" ? null : el("span", { class: "m__st" }, t(`state.${account.status}`));
};

const notifications = (all) => {
  if (!mayAsk(all)) return null;
  const ask = async () => {
    const works = await enable(all);
    box.replaceChildren(el("p", {}, t(works ? "push.on" : "push.off")));
    announce(t(works ? "push.on" : "push.off"));
  };
  const box = el("div", { class: "m__box flow" }, el("p", {}, t("push.ask")), button(t("push.enable"), ask));
  return box;
};

const languages = () =>
  el("ul", { class: "m__langs plain", "aria-label": t("language.label") },
    Object.entries(LANGUAGES).map(([code, name]) => el("li", {}, language(code, name))));

const language = (code, name) => {
  const current = document.documentElement.lang === code;
  const take = async () => {
    await choose(code);
    await home();
  };
  return el("button", { type: "button", lang: code, "aria-pressed": String(current), onclick: take }, name);
};
