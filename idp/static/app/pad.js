// Fields for digits with a pad below them. The fields are real inputs, so keyboards, switches and readers work too.

import { el, icon } from "./page.js";
import { t } from "./words.js";

// A labelled field for digits; a secret one shows dots.
export const digitField = (id, label, digits, secret = false) => {
  const input = el("input", {
    id, name: id, type: secret ? "password" : "text", inputmode: "none", autocomplete: "off", maxlength: String(digits),
    "aria-describedby": "pad-hint",
  });
  return el("div", {}, el("label", { for: id }, label), input);
};

// The pad writes into the field that has the turn: the one last in focus, then the first that is not full.
export const pad = (...boxes) => {
  const inputs = boxes.map((box) => box.querySelector("input"));
  let turn = inputs[0];
  const give = (input) => {
    turn = input;
    for (const each of inputs) each.classList.toggle("m__turn", each === turn);
  };
  for (const input of inputs) {
    input.addEventListener("focus", () => give(input));
    input.addEventListener("input", () => (input.value = input.value.replace(/\D/g, "")));
  }
  const press = (change) => () => {
    turn.value = change(turn.value).slice(0, turn.maxLength);
    turn.dispatchEvent(new Event("input"));
    const next = inputs[inputs.indexOf(turn) + 1];
    if (next && turn.value.length === turn.maxLength && !next.value) give(next);
  };
  const key = (label, change) => el("button", { type: "button", onclick: press(change) }, label);
  const digit = (sign) => key(sign, (value) => value + sign);
  const named = (name, words, change) => {
    const made = key(el("span", { class: "sr" }, words), change);
    made.prepend(icon(name));
    return made;
  };
  give(turn);
  return el("div", { class: "pad", role: "group", "aria-label": t("pad.label") },
    [..."123456789"].map(digit),
    named("back", t("pad.back"), (value) => value.slice(0, -1)),
    digit("0"),
    named("trash", t("pad.clear"), () => ""),
    el("span", { class: "sr", id: "pad-hint" }, t("pad.hint")));
};
