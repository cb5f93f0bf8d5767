// A sign-in that asks: who, where, when; the number of the other screen and the PIN, or "It was not me".

import { countdown } from "../clock.js";
import { nameOf } from "../devices.js";
import { Refused } from "../issuer.js";
import { button, complain, el, errorPlace, facts, show } from "../page.js";
import { digitField, pad } from "../pad.js";
import { approve, deny } from "../requests.js";
import { go } from "../route.js";
import { t, time } from "../words.js";
import { answered, stillOpen } from "./news.js";
import { sentence } from "./sentences.js";

const SECONDS = 120;
const NUMBER_DIGITS = 2;
const LOOK_MS = 1000;
const FINAL = ["request_over", "device_suspended", "device_unknown"];

const place = ({ country, source }) => {
  const named = country && new Intl.DisplayNames(document.documentElement.lang, { type: "region" }).of(country);
  return [named, source].filter(Boolean).join(", ") || t("unknown");
};

export const request = (asked) => {
  const number = digitField("number", t("request.number"), NUMBER_DIGITS);
  const pin = digitField("pin", t("request.pin"), asked.account.pinDigits, true);
  const go_on = el("button", { type: "submit", class: "m__btn m__btn--go" }, t("request.confirm"));
  const form = el("form", { class: "flow", novalidate: true },
    errorPlace("request-error"), el("div", { class: "m__two" }, number, pin), pad(number, pin),
    el("div", { class: "m__two" }, button(t("request.not_me"), () => go("deny", asked), "m__btn--no"), go_on));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(asked, form, go_on);
  });
  const [left, stop] = countdown(asked.ends, SECONDS, () => over(asked));
  const watching = setInterval(() => !go_on.disabled && !stillOpen(asked.id) && over(asked), LOOK_MS);
  show(t("request.title"), [
    el("div", { class: "m__box flow" }, facts([
      [t("fact.application"), el("b", {}, asked.application)],
      [t("fact.place"), place(asked)],
      [t("fact.browser"), asked.browser || t("unknown")],
      [t("fact.time"), time(asked.asked_at * 1000)],
      [t("fact.account"), nameOf(asked.account)],
    ]), left),
    form, button(t("request.later"), () => go("home")),
  ], () => {
    stop();
    clearInterval(watching);
  });
};

const answer = async (asked, form, go_on) => {
  const { number, pin } = form.elements;
  if (number.value.length !== NUMBER_DIGITS) return complain(form, t("request.number_missing"), number);
  if (pin.value.length !== pin.maxLength) return complain(form, t("pin.length", { n: pin.maxLength }), pin);
  go_on.disabled = true;
  try {
    await approve(asked, number.value, pin.value);
    answered(asked.id);
    return ended(t("approved.title"), t("approved.what"));
  } catch (error) {
    if (isFinal(error)) return ended(t("over.title"), sentence(error));
    go_on.disabled = false;
    pin.value = "";
    if (error.key === "number_wrong") number.value = "";
    return complain(form, sentence(error), error.key === "number_wrong" ? number : pin);
  }
};

// Whether nothing that is typed now can change the answer.
const isFinal = (error) => {
  if (!(error instanceof Refused)) return false;
  const { tries_left: tries, device_tries_left: deviceTries } = error.details;
  return FINAL.includes(error.key) || tries === 0 || deviceTries === 0;
};

const over = () => ended(t("over.title"), t("error.request_over"));

const ended = (title, words) =>
  show(title, [
    el("p", {}, words),
    el("div", { class: "m__end flow" }, button(t("done"), () => go("home"), "m__btn--go")),
  ]);

// Its own question: a slip of the finger must not stop a sign-in, and nobody may be talked into the other way.
export const denial = (asked) => {
  const status = el("p", { class: "m__err", role: "alert" });
  const stop = async () => {
    try {
      await deny(asked);
      answered(asked.id);
      stopped(asked);
    } catch (error) {
      status.textContent = sentence(error);
    }
  };
  show(t("deny.title"), [
    el("p", {}, t("deny.what", asked)),
    el("p", {}, t("deny.then")),
    status,
    el("div", { class: "m__end flow" },
      button(t("back"), () => go("request", asked)),
      button(t("deny.stop"), stop, "m__btn--no")),
  ]);
};

const stopped = ({ account }) =>
  show(t("stopped.title"), [
    el("p", {}, t("stopped.what")),
    el("p", {}, el("a", { href: `${account.issuer}/account` }, t("stopped.password"))),
    el("div", { class: "m__end flow" }, button(t("done"), () => go("home"), "m__btn--go")),
  ]);
