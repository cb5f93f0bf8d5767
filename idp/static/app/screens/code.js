// The code of a sign-in page was scanned: who asks, the PIN, and the eight digits. Nothing here needs a network.

import { countdown } from "../clock.js";
import { nameOf } from "../devices.js";
import { CodeRefused, codeFor, endOf, judge } from "../offline.js";
import { announce, button, complain, el, errorPlace, facts, show } from "../page.js";
import { digitField, pad } from "../pad.js";
import { CODE_SECONDS } from "../protocol.js";
import { at, go } from "../route.js";
import { accounts } from "../store.js";
import { t, time } from "../words.js";

const COPIED_MS = 3000;

export const login = async (link) => {
  try {
    const account = await judge(link, await accounts());
    if (at("login")) ask(account, link);
  } catch (error) {
    if (!(error instanceof CodeRefused)) throw error;
    refused(error.message);
  }
};

const refused = (why) =>
  show(t("refused.title"), [
    el("p", {}, t(`refused.${why}`)),
    el("div", { class: "m__end flow" },
      button(t("home.scan"), () => go("scan")), button(t("done"), () => go("home"), "m__btn--go")),
  ]);

const asking = (account, link) => [
  [t("fact.application"), [el("b", {}, link.application), t("code.checked")]],
  [t("fact.browser"), link.browser || t("unknown")],
  [t("fact.time"), time(link.time * 1000)],
  [t("fact.account"), nameOf(account)],
];

const ask = (account, link) => {
  const pin = digitField("pin", t("request.pin"), account.pinDigits, true);
  const form = el("form", { class: "flow", novalidate: true }, errorPlace("code-error"), pin, pad(pin),
    el("button", { type: "submit", class: "m__btn m__btn--go" }, t("code.show")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = form.elements.pin;
    if (field.value.length !== account.pinDigits) {
      return complain(form, t("pin.length", { n: account.pinDigits }), field);
    }
    form.querySelector("[type=submit]").disabled = true;
    return shown(account, link, await codeFor(account, link, field.value));
  });
  show(t("request.title"), [
    el("div", { class: "m__box" }, facts(asking(account, link))), form, button(t("cancel"), () => go("home")),
  ]);
};

const shown = (account, link, digits) => {
  const groups = [digits.slice(0, 4), digits.slice(4)];
  const spoken = groups.map((group) => [...group].join(" ")).join(", ");
  const [left, stop] = countdown(endOf(link), CODE_SECONDS, () => refused("too_old"));
  show(t("code.title", link), [
    el("div", { class: "m__box flow" },
      el("p", {}, t("code.type")),
      el("p", { class: "m__code", role: "img", "aria-label": spoken }, groups.join(" ")),
      copying(digits), left),
    el("div", { class: "m__box" }, facts(asking(account, link))),
    el("p", { class: "soft" }, t("code.pin")),
    el("p", { class: "soft" }, t("code.once")),
    el("div", { class: "m__end flow" },
      button(t("code.again"), () => go("scan")), button(t("done"), () => go("home"), "m__btn--go")),
  ], stop);
};

const copying = (digits) => {
  const copied = () => {
    copy.textContent = t("code.copied");
    announce(t("code.copied"));
    setTimeout(() => (copy.textContent = t("code.copy")), COPIED_MS);
  };
  const impossible = () => (copy.hidden = true); // some browsers do not let it; the digits can be read all the same
  const copy = button(t("code.copy"), () => navigator.clipboard.writeText(digits).then(copied, impossible));
  return copy;
};
