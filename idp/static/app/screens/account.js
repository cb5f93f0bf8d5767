// One account of this phone: what it is, another name, another PIN, and away with it.

import { changePin, nameOf, remove, rename } from "../devices.js";
import { announce, button, el, facts, show } from "../page.js";
import { at, go } from "../route.js";
import { accounts } from "../store.js";
import { day, t } from "../words.js";
import { pinForm } from "./pin.js";

const found = async (id) => (await accounts()).find((account) => account.id === id);

export const account = async (id) => {
  const one = await found(id);
  if (!at("account")) return;
  const longer = one.digits > one.pinDigits;
  show(nameOf(one), [
    one.status === "active" ? null : el("p", { class: "m__box" }, t(`status.${one.status}`)),
    longer ? el("p", { class: "m__box" }, t("status.pin", { n: one.digits })) : null,
    el("div", { class: "m__box" }, facts([
      [t("fact.name"), one.person.name],
      [t("fact.identifier"), el("span", { class: "mono" }, one.person.uid)],
      [t("fact.server"), new URL(one.issuer).host],
      [t("fact.device"), one.deviceName],
      [t("fact.since"), day(one.since)],
    ])),
    el("div", { class: "m__end flow" },
      button(t("account.rename"), () => go("rename", one)),
      button(t("account.pin"), () => go("change", one)),
      button(t("account.remove"), () => go("unlink", one), "m__btn--no"),
      button(t("back"), () => go("home"))),
  ]);
};

export const renaming = (one) => {
  const input = el("input", {
    id: "label", name: "label", class: "m__text", maxlength: "40", autocomplete: "off", value: nameOf(one),
  });
  const form = el("form", { class: "flow" },
    el("label", { for: "label" }, t("rename.label")), input,
    el("button", { type: "submit", class: "m__btn m__btn--go" }, t("rename.save")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await rename(one, input.value);
    await go("account", one.id);
    announce(t("rename.done"));
  });
  show(t("account.rename"), [
    el("p", { class: "soft" }, t("rename.what")), form, button(t("cancel"), () => go("account", one.id)),
  ]);
};

// Nothing on this phone knows the present PIN: people have to be told what a slip costs.
export const changing = (one) => {
  const done = async (pin, old) => {
    await changePin(one, old, pin);
    await go("account", one.id);
    announce(t("change.done"));
  };
  show(t("account.pin"), [
    el("p", { class: "m__box" }, t("change.warning")),
    pinForm(one.digits, done, { oldDigits: one.pinDigits, label: t("change.save") }),
    button(t("cancel"), () => go("account", one.id)),
  ]);
};

export const unlinking = (one) => {
  const away = async () => {
    const told = await remove(one);
    go("home");
    announce(t(told ? "unlink.done" : "unlink.untold"));
  };
  show(t("unlink.title"), [
    el("p", {}, t("unlink.what", { name: nameOf(one) })),
    el("p", {}, t("unlink.server")),
    el("p", {}, el("a", { href: `${one.issuer}/account/devices` }, t("unlink.manage"))),
    el("div", { class: "m__end flow" },
      button(t("cancel"), () => go("account", one.id)), button(t("account.remove"), away, "m__btn--no")),
  ]);
};
