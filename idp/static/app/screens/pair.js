// Adding an account: which server, then the PIN, then the yes in the browser.

import { begin, finish, refresh, remove } from "../devices.js";
import { Refused } from "../issuer.js";
import { announce, button, el, facts, show } from "../page.js";
import { go } from "../route.js";
import { subscribe } from "../push.js";
import { accounts } from "../store.js";
import { t } from "../words.js";
import { pinForm } from "./pin.js";
import { sentence } from "./sentences.js";

const PAUSE_MS = 3000;

// A link may come from anywhere: say which server it leads to before anything is sent there.
export const pair = (link) => {
  const status = el("p", { class: "m__err", role: "alert" });
  const next = button(t("pair.go"), async () => {
    next.disabled = true;
    status.textContent = "";
    try {
      choosePin(await begin(link));
    } catch (error) {
      next.disabled = false;
      status.textContent = sentence(error);
    }
  }, "m__btn--go");
  show(t("pair.title"), [
    el("p", {}, t("pair.where")),
    el("div", { class: "m__box" }, facts([[t("fact.server"), el("b", {}, new URL(link.issuer).host)]])),
    el("p", { class: "soft" }, t("pair.only_yours")),
    status,
    el("div", { class: "m__end flow" }, button(t("cancel"), () => go("home")), next),
  ]);
};

const choosePin = (pairing) => {
  const { account } = pairing;
  const done = async (pin) => confirm(await finish(pairing, pin));
  show(t("pin.title"), [
    el("p", {}, t("pin.why", { n: account.digits })),
    el("div", { class: "m__box" }, facts([[t("fact.account"), account.person.name], [t("fact.device"), account.deviceName]])),
    pinForm(account.digits, done),
  ]);
};

// Nobody but the person in the browser can make the device count.
const confirm = (account) => {
  let timer;
  const ask = async () => {
    const [now, over] = await status(account);
    if (now === "active") return added(account);
    if (over) return lost(account);
    timer = setTimeout(ask, PAUSE_MS);
    return undefined;
  };
  show(t("confirm.title"), [
    el("p", {}, t("confirm.how", { device: account.deviceName })),
    el("p", { class: "soft", role: "status" }, t("confirm.waiting")),
    el("div", { class: "m__end flow" }, button(t("confirm.later"), () => go("home"))),
  ], () => clearTimeout(timer));
  ask();
};

const status = async (account) => {
  try {
    return [(await refresh(account)).status, false];
  } catch (error) {
    return [null, error instanceof Refused && error.key === "device_unknown"];
  }
};

const added = async (account) => {
  navigator.storage?.persist?.(); // browsers clear what nobody asked them to keep
  subscribe(await accounts());
  show(t("added.title"), [
    el("p", {}, t("added.what", { name: account.person.name })),
    el("div", { class: "m__end flow" }, button(t("done"), () => go("home"), "m__btn--go")),
  ]);
  announce(t("added.title"));
};

const lost = async (account) => {
  await remove(account);
  show(t("lost.title"), [
    el("p", {}, t("lost.what")),
    el("div", { class: "m__end flow" }, button(t("done"), () => go("home"), "m__btn--go")),
  ]);
};
