// Choosing a PIN, typed twice.

import { complain, el, errorPlace } from "../page.js";
import { pad, digitField } from "../pad.js";
import { fault } from "../pins.js";
import { t } from "../words.js";

// A form that calls `done(pin, old)` with a PIN that will do; `old` only if the present one is asked too.
export const pinForm = (digits, done, { oldDigits, label } = {}) => {
  const old = oldDigits ? digitField("old_pin", t("pin.old"), oldDigits, true) : null;
  const first = digitField("pin", t(oldDigits ? "pin.new" : "pin.label"), digits, true);
  const second = digitField("confirm_pin", t("pin.again"), digits, true);
  const form = el("form", { class: "flow", novalidate: true },
    errorPlace("pin-error"), old, el("div", { class: "m__two" }, first, second),
    pad(...[old, first, second].filter(Boolean)),
    el("button", { type: "submit", class: "m__btn m__btn--go" }, label ?? t("pin.save")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [oldPin, pin, again] = [old, first, second].map((box) => box?.querySelector("input"));
    const wrong = judged(oldPin, pin, again, { digits, oldDigits });
    if (wrong) return refuse(form, wrong, [pin, again]);
    form.querySelector("[type=submit]").disabled = true;
    return done(pin.value, oldPin?.value);
  });
  return form;
};

const judged = (old, pin, again, { digits, oldDigits }) => {
  if (old && old.value.length !== oldDigits) return [t("pin.length", { n: oldDigits }), old];
  const why = fault(pin.value, digits);
  if (why) return [t(`pin.${why}`, { n: digits }), pin];
  return pin.value === again.value ? null : [t("pin.differ"), pin];
};

const refuse = (form, [words, field], typed) => {
  for (const input of typed) input.value = "";
  complain(form, words, field);
};
