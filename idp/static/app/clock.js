// Time that runs out, shown as words and as a bar; only what is seen changes each second, nothing is read out.

import { el } from "./page.js";
import { t, tn } from "./words.js";

const secondsLeft = (ends) => Math.max(0, Math.ceil(ends - Date.now() / 1000));

const spoken = (seconds) => {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  const parts = [minutes && tn("time.minutes", minutes), (rest || !minutes) && tn("time.seconds", rest)];
  return parts.filter(Boolean).join(" ");
};

// A box that counts down to `ends` (seconds since 1970) and calls `over` once; returns [element, how to stop].
export const countdown = (ends, total, over) => {
  const label = el("label", { class: "small", for: "left" });
  const bar = el("progress", { class: "bar", id: "left", max: total });
  const tick = () => {
    const left = secondsLeft(ends);
    label.textContent = t("time.valid", { time: spoken(left) });
    bar.value = Math.min(left, total);
    if (left > 0) return;
    clearInterval(timer);
    over();
  };
  const timer = setInterval(tick, 1000);
  tick();
  return [el("div", {}, label, bar), () => clearInterval(timer)];
};
